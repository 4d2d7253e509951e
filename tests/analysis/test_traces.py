"""Lists of traces against plain Python."""

from __future__ import annotations

import pytest

from tests.analysis import second
from tests.analysis.made import span, window_of, workbench_of
from workbench.analysis.traces import traces
from workbench.errors import InputError, UnknownNameError
from workbench.workbench import Workbench


def test_every_row_equals_the_second_opinion(rough: Workbench) -> None:
    second.check_traces(traces, rough, window_of)


def test_a_trace_without_root_is_as_long_as_its_spans_and_said() -> None:
    inc = workbench_of(
        [
            span(1, 1, 77, 100, name="late", duration_ns=500),
            span(1, 2, 77, 50, name="early", service="a", duration_ns=10),
        ]
    )
    answer = traces(window_of(inc, (0, 1)))
    row = answer.table.to_dicts()[0]
    assert (row["name"], row["service"], row["duration_ms"]) == ("early", "a", 550 / 1e6)
    assert answer.caveats[0].startswith("1 of 1 trace has no root span: named after the earliest")


def test_none_with_errors_is_said() -> None:
    inc = workbench_of([span(1, 1, None, 0)])
    answer = traces(window_of(inc, (0, 1)), errors=True)
    assert answer.table.is_empty()
    assert answer.caveats[-1] == "None of the 1 trace of this window has a span with an error."


def test_an_empty_window_has_its_columns(rough: Workbench) -> None:
    answer = traces(window_of(rough, (500, 600)))
    assert answer.table.shape == (0, 9)
    assert answer.caveats[-1].startswith("Nothing in")


def test_mistakes_are_named(rough: Workbench) -> None:
    window = window_of(rough, (0, 60))
    with pytest.raises(UnknownNameError, match="duration"):
        traces(window, sort="duratoin")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="1 or more"):
        traces(window, limit=0)
