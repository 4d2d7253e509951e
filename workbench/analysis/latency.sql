-- one row per group, side (window or baseline) and bucket of time, and one per group over all time
--
-- Self time is a span's duration minus the union of its children clipped to it. Children hang
-- below the first span that has the id they name, below its server or consumer span if several
-- share it; a server or consumer span that shares its id with its caller hangs below the caller.
with
both_sides as (
    select
        false as of_baseline,
        span_row,
        trace_id,
        start_ns,
        duration_ns
    from window_spans
    union all
    select
        true as of_baseline,
        span_row,
        trace_id,
        start_ns,
        duration_ns
    from baseline_spans
),

relatives as (
    select
        trace_id,
        span_row,
        span_id,
        parent_span_id,
        kind,
        start_ns,
        duration_ns,
        first_value(span_row) over serving_first as owner_row,
        first_value(span_row) over calling_first as caller_row,
        first_value(kind) over calling_first as caller_kind
    from spans
    where trace_id in (select trace_id from both_sides)
    window
        serving_first as (
            partition by trace_id, span_id
            order by
                case when kind in ('server', 'consumer') then 0 else 1 end,
                start_ns nulls last,
                span_row
        ),
        calling_first as (
            partition by trace_id, span_id
            order by
                case when kind in ('client', 'producer') then 0 else 1 end,
                start_ns nulls last,
                span_row
        )
),

children as (
    select
        caller_row as parent_row,
        start_ns,
        duration_ns
    from relatives
    where kind in ('server', 'consumer') and caller_kind in ('client', 'producer')
    union all
    select
        parent.span_row as parent_row,
        child.start_ns,
        child.duration_ns
    from relatives as child
    inner join relatives as parent
        on
            parent.trace_id = child.trace_id
            and parent.span_id = child.parent_span_id
            and parent.span_row = parent.owner_row
            and parent.span_row <> child.span_row
    where
        not coalesce(
            child.kind in ('server', 'consumer') and child.caller_kind in ('client', 'producer'),
            false
        )
),

clipped as (
    select
        parent.of_baseline,
        parent.span_row,
        greatest(child.start_ns, parent.start_ns) as start_ns,
        least(
            child.start_ns + child.duration_ns, parent.start_ns + parent.duration_ns
        ) as end_ns
    from children as child
    inner join both_sides as parent
        on parent.span_row = child.parent_row
    where child.duration_ns > 0
),

reached as (
    select
        of_baseline,
        span_row,
        start_ns,
        end_ns,
        max(end_ns) over (
            partition by of_baseline, span_row
            order by start_ns, end_ns
            rows between unbounded preceding and 1 preceding
        ) as reached_ns
    from clipped
    where end_ns > start_ns
),

covered as (
    select
        of_baseline,
        span_row,
        sum(greatest(end_ns - greatest(start_ns, coalesce(reached_ns, start_ns)), 0)) as covered_ns
    from reached
    group by of_baseline, span_row
),

measured as (
    select
        of_baseline,
        span_row,
        case when duration_ns >= 0 then cast(duration_ns as double) end as usable_ns,
        case when duration_ns >= 0 then duration_ns - coalesce(covered_ns, 0) end as self_ns,
        start_ns - mod(start_ns, $bucket_ns) as bucket_start_ns
    from both_sides
    left join covered using (of_baseline, span_row)
)

select
    measured.of_baseline,
    {spans.by},
    measured.bucket_start_ns,
    grouping(measured.bucket_start_ns) as over_all_time,
    count(*) as spans,
    count(measured.usable_ns) as timed,
    count(*) filter (where spans.status = 'error') as errors,
    cast(sum(measured.self_ns) as double) / 1e6 as self_ms,
    percentile_cont(0.5) within group (order by measured.usable_ns) / 1e6 as p50_ms,
    percentile_cont(0.9) within group (order by measured.usable_ns) / 1e6 as p90_ms,
    percentile_cont(0.95) within group (order by measured.usable_ns) / 1e6 as p95_ms,
    percentile_cont(0.99) within group (order by measured.usable_ns) / 1e6 as p99_ms
from measured
inner join spans using (span_row)
group by grouping sets (
    (measured.of_baseline, {spans.by}),
    (measured.of_baseline, {spans.by}, measured.bucket_start_ns)
)
