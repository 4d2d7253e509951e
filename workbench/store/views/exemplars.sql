-- one row per exemplar of a metric point
select
    x.point_row,
    x.load_id,
    p.metric,
    p.type,
    p.unit,
    x.position,
    x.time_ns,
    make_timestamp_ns(nullif(x.time_ns, 9223372036854775807)) as time,
    coalesce(x.value, cast(x.value_int as double)) as value,
    x.value_int,
    x.trace_id,
    x.span_id,
    {service} as service,
    {attributes}
from raw.exemplars as x
left join (
    select point_row, metric, type, unit, resource_id from raw.number_points
    union all
    select point_row, metric, type, unit, resource_id from raw.histogram_points
) as p on p.point_row = x.point_row
left join raw.resources as r on r.resource_id = p.resource_id
