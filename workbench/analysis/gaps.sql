-- one row per stretch without the start of any span, for each side (window or baseline), where it
-- takes $least_share of the side and at least $least_traces would have started in it
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

intervals as (
    select
        false as of_baseline,
        unnest(cast($window_from as bigint [])) as start_ns,
        unnest(cast($window_to as bigint [])) as end_ns
    union all
    select
        true as of_baseline,
        unnest(cast($baseline_from as bigint [])) as start_ns,
        unnest(cast($baseline_to as bigint [])) as end_ns
),

lengths as (
    select
        of_baseline,
        sum(end_ns - start_ns) as whole_ns
    from intervals
    group by of_baseline
),

counted as (
    select
        of_baseline,
        count(distinct trace_id) as traces
    from both_sides
    group by of_baseline
),

-- where an interval ends, what follows is not asked about
instants as (
    select
        of_baseline,
        start_ns,
        true as is_inside
    from both_sides
    union all
    select
        of_baseline,
        start_ns,
        true as is_inside
    from intervals
    union all
    select
        of_baseline,
        end_ns as start_ns,
        false as is_inside
    from intervals
),

stretches as (
    select
        of_baseline,
        start_ns,
        is_inside,
        lead(start_ns) over (partition by of_baseline order by start_ns, is_inside) as end_ns
    from instants
)

select
    stretches.of_baseline,
    stretches.start_ns,
    stretches.end_ns
from stretches
inner join counted
    on counted.of_baseline = stretches.of_baseline
inner join lengths
    on lengths.of_baseline = stretches.of_baseline
where
    stretches.is_inside
    and stretches.end_ns - stretches.start_ns
    >= greatest($least_share, $least_traces / counted.traces) * lengths.whole_ns
order by
    stretches.of_baseline,
    stretches.start_ns
