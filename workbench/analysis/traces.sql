-- one row per trace, the first $most of those asked for; a single row without id if there is none
with
per_trace as (
    select
        trace_id,
        count(*) as spans,
        count(*) filter (where status = 'error') as errors,
        min(start_ns) as first_start_ns,
        max(case when duration_ns >= 0 then start_ns + duration_ns else start_ns end) as last_end_ns
    from window_trace_spans
    group by trace_id
),

per_service as (
    select distinct
        trace_id,
        service
    from window_trace_spans
    where service is not null
),

services as (
    select
        trace_id,
        string_agg(service, ', ' order by service) as services
    from per_service
    group by trace_id
),

tops as (
    select
        trace_id,
        parent_span_id,
        service,
        name,
        status,
        start_ns,
        duration_ns,
        row_number() over (
            partition by trace_id
            order by
                case when parent_span_id is null then 0 else 1 end,
                start_ns nulls last,
                span_row
        ) as place
    from window_trace_spans
),

whole as (
    select
        top.trace_id,
        top.service,
        top.name,
        top.status,
        per_trace.spans,
        per_trace.errors,
        services.services,
        top.parent_span_id is not null as rootless,
        coalesce(top.start_ns, per_trace.first_start_ns) as start_ns,
        case
            when top.parent_span_id is not null
                then per_trace.last_end_ns - per_trace.first_start_ns
            when top.duration_ns >= 0 then top.duration_ns
        end as duration_ns
    from tops as top
    inner join per_trace
        on per_trace.trace_id = top.trace_id
    left join services
        on services.trace_id = top.trace_id
    where top.place = 1
),

asked as (
    select *
    from whole
    where
        cast($errors as boolean) is null
        or (errors > 0) = cast($errors as boolean)
),

everything as (
    select
        count(*) as all_traces,
        count(*) filter (where errors > 0) as all_with_errors,
        count(*) filter (where rootless) as all_rootless
    from whole
),

middle as (
    select
        count(*) as asked_traces,
        percentile_cont(0.5) within group (order by cast(duration_ns as double)) as median_ns,
        percentile_cont(0.95) within group (order by cast(duration_ns as double)) as p95_ns
    from asked
),

ranked as (
    select
        asked.*,
        row_number() over (
            order by
                case when $sort = 'duration' then -duration_ns end nulls last,
                case when $sort = 'typical' then abs(duration_ns - median_ns) end nulls last,
                case when $sort = 'errors' then -errors end nulls last,
                start_ns nulls last,
                asked.trace_id
        ) as place
    from asked
    cross join middle
)

select
    ranked.*,
    everything.*,
    middle.*
from everything
cross join middle
left join ranked
    on ranked.place <= $most
order by ranked.place
