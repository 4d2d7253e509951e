-- one row per event of a span, and one per span without events, of the whole trace
with
whole as (
    select
        span_row,
        trace_id,
        span_id,
        parent_span_id,
        service,
        name,
        status,
        status_message,
        start_ns,
        duration_ns,
        {more}
    from window_trace_spans
),

happened as (
    select
        span_row,
        position as event_position,
        time_ns as event_time_ns,
        name as event_name
    from window_trace_events
)

select
    whole.*,
    happened.event_position,
    happened.event_time_ns,
    happened.event_name
from whole
left join happened
    on happened.span_row = whole.span_row
order by whole.start_ns nulls last, whole.span_row, happened.event_position
