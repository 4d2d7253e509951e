"""Ticks: round, within the axis, as many as there is room for, and readable."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from workbench.export.scales import Axis, milliseconds
from workbench.export.ticks import ticks_of

# The first examples are slow where other work shares the machine.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _labels(kind: str, low: float, high: float, pixels: float = 800, **spec: object) -> list[str]:
    axis = Axis("xaxis", dict(spec), kind, low=low, high=high)  # type: ignore[arg-type]
    return [tick.text for tick in ticks_of(axis, pixels)]


@PATIENT
@given(
    st.floats(-1e12, 1e12, allow_subnormal=False),
    st.floats(1e-6, 1e12),
    st.floats(40, 2000),
    st.sampled_from(["linear", "date"]),
)
def test_ticks_lie_within_and_apart(low: float, span: float, pixels: float, kind: str) -> None:
    assume(span > abs(low) * 1e-9)  # below that, floats themselves have no room
    high = low + span
    axis = Axis("xaxis", {}, kind, low=low, high=high)  # type: ignore[arg-type]
    ticks = ticks_of(axis, pixels)
    assert len(ticks) <= 26
    for tick in ticks:
        assert low - span * 1e-5 <= tick.unit <= high + span * 1e-5
    gaps = [b.unit - a.unit for a, b in pairwise(ticks)]
    assert all(gap > 0 for gap in gaps)


def test_linear_labels() -> None:
    assert _labels("linear", 0, 100, 300) == ["0", "20", "40", "60", "80", "100"]
    assert _labels("linear", 0, 60_000, 240) == ["0", "20k", "40k", "60k"]
    assert _labels("linear", 0, 1, 200) == ["0", "0.5", "1.0"]
    assert _labels("linear", 0, 0.5, 320, tickformat=".0%")[-1] == "50%"
    assert _labels("linear", 0, 10, 250, ticksuffix=" s")[-1] == "10 s"
    assert _labels("linear", -2, 2, 300)[0] == "−2"


def test_log_labels() -> None:
    assert _labels("log", 0, 4, 800) == ["1", "10", "100", "1,000", "10k"]
    assert _labels("log", 0, 1, 800) == ["1", "2", "5", "10"]
    assert _labels("log", -6, 0, 200) == ["1e−06", "0.0001", "0.01", "1"]


def test_date_labels_name_the_day_once() -> None:
    start = milliseconds("2026-11-12T23:30")
    assert start is not None
    labels = _labels("date", start, start + 3.6e6, 500)
    assert labels[0] == "23:30<br>Nov 12, 2026"
    assert "00:00<br>Nov 13, 2026" in labels
    assert labels[1] == "23:40"


@pytest.mark.parametrize(
    ("span", "first"),
    [
        (10.0, "14:00:00.000<br>Nov 12, 2026"),
        (30_000.0, "14:00:00<br>Nov 12, 2026"),
        (86_400_000.0 * 10, "Nov 13"),
        (86_400_000.0 * 300, "Dec 2026"),
    ],
)
def test_dates_of_every_size(span: float, first: str) -> None:
    start = milliseconds("2026-11-12T14:00")
    assert start is not None
    assert _labels("date", start, start + span)[0].startswith(first[:6])


def test_ticks_that_are_given() -> None:
    assert _labels("linear", 0, 10, tickvals=[1, 5, 50], ticktext=["a", "b", "c"]) == ["a", "b"]
