"""The theme: colours that stay apart, text that reads, the same colour for the same service."""

from __future__ import annotations

import random
from itertools import combinations

import plotly.graph_objects as go
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.charts import theme

# The first examples are slow where other work shares the machine.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Machado, Oliveira and Fernandes (2009), severity 1: normal, protan, deutan, tritan.
_SIGHTS = (
    ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
)


def _linear(colour: str) -> tuple[float, ...]:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)


def _luminance(colour: str) -> float:
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), _linear(colour), strict=True))


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _lab(colour: str, sight: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    rgb = _linear(colour)
    seen = [min(1, max(0, sum(w * c for w, c in zip(row, rgb, strict=True)))) for row in sight]
    matrix = ((0.4125, 0.3576, 0.1804), (0.2127, 0.7152, 0.0722), (0.0193, 0.1192, 0.9503))
    white = (0.9505, 1.0, 1.0888)
    xyz = [
        sum(w * c for w, c in zip(row, seen, strict=True)) / n
        for row, n in zip(matrix, white, strict=True)
    ]
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _apart(one: str, other: str) -> float:
    return min(
        sum((a - b) ** 2 for a, b in zip(_lab(one, s), _lab(other, s), strict=True)) ** 0.5
        for s in _SIGHTS
    )


def test_text_reads_on_both_grounds() -> None:
    for ink in (theme.INK, theme.INK_SOFT):
        assert _contrast(ink, "#ffffff") > 3.9
        assert _contrast(ink, "#111111") > 3.9
    for ground, paper in (("light", "#ffffff"), ("dark", "#161a20")):
        for ink in theme.GROUNDS[ground].values():
            assert _contrast(ink, paper) > 6


def test_roles_and_services_stay_apart_for_the_colour_blind() -> None:
    roles = (theme.WINDOW, theme.BASELINE, theme.ERROR, theme.WARNING)
    assert min(_apart(a, b) for a, b in combinations(roles, 2)) > 15
    assert min(_apart(a, b) for a, b in combinations(theme.SERVICES, 2)) > 7.5
    assert min(_apart(theme.ERROR, colour) for colour in theme.SERVICES) > 9


def test_marks_show_on_both_grounds() -> None:
    for colour in (*theme.SERVICES, theme.WINDOW, theme.BASELINE, theme.ERROR, theme.CRITICAL):
        assert _contrast(colour, "#ffffff") > 2.2
        assert _contrast(colour, "#111111") > 2.5


@PATIENT
@given(st.lists(st.text(min_size=1, max_size=8), max_size=30), st.randoms())
def test_a_service_s_colour_does_not_depend_on_the_order(
    names: list[str], shuffler: random.Random
) -> None:
    shuffled = names * 2
    shuffler.shuffle(shuffled)
    assert theme.service_colours(names) == theme.service_colours(shuffled)


def test_up_to_eight_services_have_eight_colours() -> None:
    colours = theme.service_colours([f"service-{at}" for at in range(8)])
    assert len({colours[f"service-{at}"] for at in range(8)}) == 8
    assert colours[None] == theme.NEUTRAL


def test_the_figure_s_text_is_escaped() -> None:
    fig = theme.figure("<img src=x>", subtitle="a<br>b")
    assert "<img" not in fig.layout.title.text
    assert "a&lt;br&gt;b" in fig.layout.title.text


def test_caveats_are_written_on_the_chart() -> None:
    fig = theme.figure("Latency")
    before = fig.layout.margin.t
    theme.add_caveats(fig, [f"caveat {at}" for at in range(5)])
    text = fig.layout.title.text
    assert "caveat 0" in text
    assert "caveat 3" not in text
    assert "2 more caveats" in text
    assert fig.layout.margin.t == before + 4 * theme.LINE_HEIGHT
    assert theme.add_caveats(theme.figure("a"), []).layout.margin.t == before


def test_an_empty_figure_says_why() -> None:
    fig = theme.empty_figure("No spans <here>.", "Latency")
    assert fig.layout.annotations[0].text == "No spans &lt;here&gt;."
    assert len(fig.data) == 0


def test_the_template_is_small_and_ours() -> None:
    assert len(theme.figure("a").to_json()) < 2500


def test_recolour_swaps_the_inks_everywhere() -> None:
    fig = theme.figure("a", subtitle="b")
    spec = theme.recolour(fig.to_plotly_json(), "dark")
    assert theme.INK not in str(spec)
    assert theme.INK_SOFT not in str(spec)
    assert isinstance(fig, go.Figure)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_missing_numbers_are_a_dash(value: float | None) -> None:
    assert theme.format_duration(value) == "–"
    assert theme.format_number(value) == "–"
    assert theme.format_share(value) == "–"


@PATIENT
@given(st.floats(0, 1e18))
def test_numbers_are_short(value: float) -> None:
    assert len(theme.format_number(value)) <= 12
    assert len(theme.format_duration(min(value, 1e12))) <= 20
