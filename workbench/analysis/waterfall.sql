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
        {spans.span_more}
    from window_trace_spans as spans
),

happened as (
    select
        events.span_row as of_row,
        events.position as event_position,
        events.name as event_name,
        {events.event_more}
    from window_trace_events as events
)

select
    whole.*,
    happened.*
from whole
left join happened
    on happened.of_row = whole.span_row
order by whole.start_ns nulls last, whole.span_row, happened.event_position
