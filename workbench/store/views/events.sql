-- one row per event of a span
select
    e.span_row,
    e.load_id,
    s.trace_id,
    s.span_id,
    e.position,
    e.time_ns,
    make_timestamp_ns(nullif(e.time_ns, 9223372036854775807)) as time,
    e.name,
    s.name as span_name,
    {service} as service,
    e.dropped_attributes_count,
    {attributes}
from raw.span_events as e
left join raw.spans as s on s.span_row = e.span_row
left join raw.resources as r on r.resource_id = s.resource_id
