-- one row per metric point, whatever its shape
select
    p.point_row,
    p.load_id,
    p.metric,
    p.type,
    p.unit,
    p.description,
    p.metadata,
    {temporality} as temporality,
    p.is_monotonic,
    p.start_ns,
    p.time_ns,
    make_timestamp_ns(nullif(p.time_ns, 9223372036854775807)) as time,
    p.flags,
    coalesce(p.value, cast(p.value_int as double)) as value,
    p.value_int,
    p.count,
    p.sum,
    p.min,
    p.max,
    p.explicit_bounds,
    p.bucket_counts,
    p.scale,
    p.zero_count,
    p.zero_threshold,
    p.positive_offset,
    p.positive_bucket_counts,
    p.negative_offset,
    p.negative_bucket_counts,
    p.quantiles,
    p.quantile_values,
    {service} as service,
    {attributes}
from (
    select * from raw.number_points
    union all by name
    select * from raw.histogram_points
    union all by name
    select * from raw.summary_points
) as p
left join raw.resources as r on r.resource_id = p.resource_id
left join raw.scopes as c on c.scope_id = p.scope_id
