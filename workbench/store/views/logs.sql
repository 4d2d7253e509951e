-- one row per log record
select
    l.log_row,
    l.load_id,
    l.time_ns,
    l.observed_time_ns,
    make_timestamp_ns(nullif(coalesce(l.time_ns, l.observed_time_ns), 9223372036854775807)) as time,
    l.severity_number,
    l.severity_text,
    {severity} as severity,
    l.body,
    l.body_type,
    l.event_name,
    {service} as service,
    l.trace_id,
    l.span_id,
    l.flags,
    l.dropped_attributes_count,
    {attributes}
from raw.logs as l
left join raw.resources as r on r.resource_id = l.resource_id
left join raw.scopes as c on c.scope_id = l.scope_id
