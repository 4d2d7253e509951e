-- one row per group, side (window or baseline) and bucket of time, and one per group over all time
--
-- Counts what services answer to: server and consumer spans. A service that has none of them is
-- counted by its outermost spans: without a parent, or with a parent in another service.
with
both_sides as (
    select
        false as of_baseline,
        span_row,
        trace_id,
        parent_span_id,
        service,
        kind,
        start_ns,
        duration_ns
    from window_spans
    union all
    select
        true as of_baseline,
        span_row,
        trace_id,
        parent_span_id,
        service,
        kind,
        start_ns,
        duration_ns
    from baseline_spans
),

serving as (
    select distinct service
    from both_sides
    where kind in ('server', 'consumer')
),

outermost as (
    select candidate.span_row
    from both_sides as candidate
    where
        not exists (
            select 1
            from serving
            where serving.service is not distinct from candidate.service
        )
        and not exists (
            select 1
            from spans as parent
            where
                parent.trace_id = candidate.trace_id
                and parent.span_id = candidate.parent_span_id
                and parent.span_row <> candidate.span_row
                and parent.service is not distinct from candidate.service
        )
),

entries as (
    select
        of_baseline,
        span_row,
        case when duration_ns >= 0 then cast(duration_ns as double) end as usable_ns,
        start_ns - mod(start_ns, $bucket_ns) as bucket_start_ns
    from both_sides
    where
        kind in ('server', 'consumer')
        or span_row in (select span_row from outermost)
)

select
    entries.of_baseline,
    {spans.by},
    entries.bucket_start_ns,
    grouping(entries.bucket_start_ns) as over_all_time,
    count(*) as requests,
    count(entries.usable_ns) as timed,
    count(*) filter (where spans.status = 'error') as errors,
    percentile_cont(0.5) within group (order by entries.usable_ns) / 1e6 as p50_ms,
    percentile_cont(0.95) within group (order by entries.usable_ns) / 1e6 as p95_ms,
    percentile_cont(0.99) within group (order by entries.usable_ns) / 1e6 as p99_ms
from entries
inner join spans using (span_row)
group by grouping sets (
    (entries.of_baseline, {spans.by}),
    (entries.of_baseline, {spans.by}, entries.bucket_start_ns)
)
