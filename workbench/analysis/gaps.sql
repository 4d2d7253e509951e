-- one row per side (window or baseline) and instant at which spans start
with
both_sides as (
    select
        false as of_baseline,
        trace_id,
        start_ns
    from window_spans
    union all
    select
        true as of_baseline,
        trace_id,
        start_ns
    from baseline_spans
),

counted as (
    select
        of_baseline,
        count(distinct trace_id) as traces
    from both_sides
    group by of_baseline
),

instants as (
    select distinct
        of_baseline,
        start_ns
    from both_sides
)

select
    instants.of_baseline,
    instants.start_ns,
    counted.traces
from instants
inner join counted
    on counted.of_baseline = instants.of_baseline
order by
    instants.of_baseline,
    instants.start_ns
