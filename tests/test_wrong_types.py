"""A value of a wrong type is refused in a line that says what was expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import workbench as wb
from tests.analysis.made import span, window_of, workbench_of
from workbench.errors import InputError, WindowError


@pytest.fixture(scope="module")
def inc() -> Iterator[wb.Workbench]:
    opened = workbench_of([span(1, 1, None, 0)])
    yield opened
    opened.close()


Use = Callable[[Any], object]
WRONG: dict[str, tuple[Use, type[InputError], str]] = {
    "window": (lambda inc: inc.window(0, 1), WindowError, "A time is text .*, not 0"),
    "end": (lambda inc: inc.window("2026-11-12", None), WindowError, "A time is .*, not None"),
    "written": (lambda inc: inc.parse_window(3), WindowError, "START/END"),
    "before": (lambda inc: window_of(inc, (0, 1)).before(5), WindowError, "'90s'.*, not 5"),
    "gap": (lambda inc: window_of(inc, (0, 1)).after("5m", gap=1.5), WindowError, "not 1.5"),
    "days": (lambda inc: window_of(inc, (0, 1)).shift(days="x"), WindowError, "not 'x'"),
    "half a day": (lambda inc: window_of(inc, (0, 1)).shift(days=[0.5]), WindowError, "not 0.5"),
    "no days": (lambda inc: window_of(inc, (0, 1)).shift(days=None), WindowError, "not None"),
    "where": (lambda inc: window_of(inc, (0, 1)).where(3), InputError, "SQL text .*, not 3"),
    "trace": (lambda inc: inc.trace(7), InputError, "32 hexadecimal digits, not 7"),
    "sql": (lambda inc: inc.sql(None), InputError, "SQL text .*, not None"),
    "load": (lambda inc: inc.load(5), InputError, "a file, folder or pattern.*, not 5"),
    "bucket": (lambda inc: wb.latency(inc, bucket=60), InputError, "'1m', not 60"),
    "by": (lambda inc: wb.overview(inc, by=5), InputError, "by is a column .*, not 5"),
    "by several": (lambda inc: wb.latency(inc, by=["service", 5]), InputError, "not 5"),
    "limit": (lambda inc: wb.traces(inc, limit="x"), InputError, "whole number.*, not 'x'"),
    "limit true": (lambda inc: wb.traces(inc, limit=True), InputError, "not True"),
    "errors": (lambda inc: wb.traces(inc, errors="yes"), InputError, "True, False.*, not 'yes'"),
    "sort": (lambda inc: wb.traces(inc, sort=1), InputError, "sort is one of .*, not 1"),
    "save": (lambda inc: wb.traces(inc).save(5), InputError, "a path .*, not 5"),
    "subject": (lambda _: wb.overview(5), InputError, "asks about a window.*, not 5"),
    "baseline": (lambda inc: wb.overview(inc, baseline="5m"), InputError, "not '5m'"),
    "waterfall": (lambda _: wb.waterfall("6af5"), InputError, "not '6af5'"),
    "open": (lambda _: wb.open(5), InputError, "the path of a file .*, not 5"),
    "zone": (lambda _: wb.open(tz=5), InputError, "IANA name .*, not 5"),
}


@pytest.mark.parametrize(("use", "error", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_type_is_refused(
    inc: wb.Workbench, use: Use, error: type[InputError], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        use(inc)
    assert "\n" not in str(caught.value)
