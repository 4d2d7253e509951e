-- one row per span
select
    s.span_row,
    s.load_id,
    s.trace_id,
    s.span_id,
    nullif(s.parent_span_id, '0000000000000000') as parent_span_id,
    s.trace_state,
    s.flags,
    s.name,
    {service} as service,
    {kind} as kind,
    {status} as status,
    s.status_message,
    s.start_ns,
    s.end_ns,
    s.end_ns - s.start_ns as duration_ns,
    make_timestamp_ns(nullif(s.start_ns, 9223372036854775807)) as start_time,
    s.dropped_attributes_count,
    s.dropped_events_count,
    s.dropped_links_count,
    {attributes}
from raw.spans as s
left join raw.resources as r on r.resource_id = s.resource_id
left join raw.scopes as c on c.scope_id = s.scope_id
