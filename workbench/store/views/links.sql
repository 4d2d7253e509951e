-- one row per link of a span
select
    l.span_row,
    l.load_id,
    s.trace_id,
    s.span_id,
    l.position,
    l.linked_trace_id,
    l.linked_span_id,
    l.trace_state,
    l.flags,
    s.name as span_name,
    {service} as service,
    l.dropped_attributes_count,
    {attributes}
from raw.span_links as l
left join raw.spans as s on s.span_row = l.span_row
left join raw.resources as r on r.resource_id = s.resource_id
