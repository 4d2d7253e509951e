-- one row per event of a span, and one per span without events, of the whole trace
with
whole as (
    select
        spans.span_row,
        spans.trace_id,
        spans.span_id,
        spans.parent_span_id,
        spans.service,
        spans.name,
        spans.status,
        spans.status_message,
        spans.start_ns,
        spans.duration_ns,
        {spans.more}
    from window_trace_spans as spans
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
