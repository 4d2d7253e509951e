"""The static twin: well-formed, true to the data, safe, small and fast."""

from __future__ import annotations

import re
import time
from itertools import combinations, pairwise

import plotly.graph_objects as go
import pytest

from tests.export import samples
from tests.export.marks import SVG, boxes, dots, lines_of, parse, texts
from workbench.charts import theme
from workbench.errors import InputError
from workbench.export.svg import figure_to_svg


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_every_kind_of_figure_is_drawn(name: str) -> None:
    svg = figure_to_svg(samples.SAMPLES[name]())
    tree = parse(svg)
    assert tree.get("role") == "img"
    assert tree.find(f"{SVG}title") is not None
    numbers = re.findall(r"(?<![\w#.])-?\d+\.?\d*", svg)
    assert "nan" not in svg.lower().replace("banana", "")
    assert "inf" not in re.sub(r">[^<]*<", "", svg)
    assert all(abs(float(number)) < 1e6 for number in numbers if len(number) < 20)


def test_bars_are_as_long_as_their_values() -> None:
    fig = go.Figure(go.Bar(x=["a", "b", "c"], y=[1.0, 2.0, 4.0]))
    found = boxes(figure_to_svg(fig))
    heights = [round(box[3] / found[0][3], 1) for box in found]
    assert heights == [1, 2, 4]
    bottoms = {round(top + height, 1) for _, top, _, height in found}
    assert len(bottoms) == 1


def test_bars_that_lie_start_at_their_base() -> None:
    fig = go.Figure(go.Bar(y=["a", "b"], x=[10, 10], base=[0, 30], orientation="h"))
    first, second = boxes(figure_to_svg(fig))
    assert first[2] == pytest.approx(second[2], abs=0.2)
    assert second[0] - first[0] == pytest.approx(3 * first[2], abs=0.5)


def test_stacked_bars_stand_on_each_other_and_below_zero_hang() -> None:
    fig = go.Figure([go.Bar(x=["a"], y=[2]), go.Bar(x=["a"], y=[3]), go.Bar(x=["a"], y=[-1])])
    fig.update_layout(barmode="relative")
    low, high, below = boxes(figure_to_svg(fig))
    assert high[1] + high[3] == pytest.approx(low[1], abs=0.2)
    assert below[1] == pytest.approx(low[1] + low[3], abs=0.2)


def test_grouped_bars_stand_apart_and_overlaid_ones_do_not() -> None:
    fig = go.Figure([go.Bar(x=["a", "b"], y=[2, 1]), go.Bar(x=["a", "b"], y=[3, 1])])
    a, b, c, d = boxes(figure_to_svg(fig))
    assert a[0] + a[2] == pytest.approx(c[0], abs=0.2)
    assert b[0] + b[2] == pytest.approx(d[0], abs=0.2)
    fig.update_layout(barmode="overlay")
    a, _, c, _ = boxes(figure_to_svg(fig))
    assert a[0] == c[0]


def test_points_lie_on_a_logarithmic_axis() -> None:
    fig = go.Figure(go.Scatter(x=[1, 2, 3, 4], y=[1, 10, 100, 0], mode="markers"))
    fig.update_layout(yaxis_type="log")
    found = dots(figure_to_svg(fig))
    assert len(found) == 3  # zero has no place on it
    first, second = (b[1] - a[1] for a, b in pairwise(found))
    assert first == pytest.approx(second, abs=0.2)


def test_times_are_placed_by_the_clock() -> None:
    x = ["2026-11-12T14:00", "2026-11-12T14:10:00.000000001", "2026-11-12T14:30:00+01:00"]
    fig = go.Figure(go.Scatter(x=x, y=[1, 1, 1], mode="markers"))
    a, b, c = dots(figure_to_svg(fig))
    assert (c[0] - a[0]) / (b[0] - a[0]) == pytest.approx(3, abs=0.01)


def test_a_missing_value_parts_a_line() -> None:
    fig = go.Figure(go.Scatter(x=[1, 2, 3, 4, 5], y=[1, 2, None, 2, 3], mode="lines"))
    assert [len(run) for run in lines_of(figure_to_svg(fig))] == [2, 2]
    fig.update_traces(connectgaps=True)
    assert [len(run) for run in lines_of(figure_to_svg(fig))] == [4]


def test_a_crowded_line_keeps_its_peaks() -> None:
    values = [float(at % 7) for at in range(20_000)]
    values[12_345] = 1000.0
    fig = go.Figure(go.Scatter(y=values, mode="lines"))
    svg = figure_to_svg(fig)
    (run,) = lines_of(svg)
    tops = sorted(y for _, y in run)
    assert tops[1] - tops[0] > 100
    assert len(svg) < 120_000


def test_a_stacked_area_sums() -> None:
    one = go.Scatter(x=[1, 2], y=[1, 1], stackgroup="s")
    two = go.Scatter(x=[1, 2], y=[2, 2], stackgroup="s")
    low, high = lines_of(figure_to_svg(go.Figure([one, two])))
    fig = go.Figure([go.Scatter(x=[1, 2], y=[1, 1]), go.Scatter(x=[1, 2], y=[3, 3])])
    fig.update_layout(yaxis_rangemode="tozero")
    low_alone, high_alone = lines_of(figure_to_svg(fig.update_traces(mode="lines")))
    assert low[0][1] == pytest.approx(low_alone[0][1], abs=1)
    assert high[0][1] == pytest.approx(high_alone[0][1], abs=1)


def test_cells_of_a_heatmap_and_their_colours() -> None:
    fig = go.Figure(
        go.Heatmap(z=[[0, 1], [None, 0.5]], colorscale=[[0, "#000000"], [1, "#fff000"]])
    )
    svg = figure_to_svg(fig)
    assert len(boxes(svg)) == 3
    assert 'fill="#000000"' in svg
    assert 'fill="#fff000"' in svg


def test_a_hidden_trace_is_not_drawn() -> None:
    fig = go.Figure([go.Bar(x=["a"], y=[1]), go.Bar(x=["a"], y=[99], visible=False)])
    svg = figure_to_svg(fig)
    assert len(boxes(svg)) == 1
    assert "20" not in texts(svg)


def test_reversed_and_given_ranges() -> None:
    fig = go.Figure(go.Scatter(x=[1, 2], y=[1, 2], mode="markers"))
    up = dots(figure_to_svg(fig))
    fig.update_layout(yaxis_autorange="reversed")
    down = dots(figure_to_svg(fig))
    assert up[0][1] > up[1][1]
    assert down[0][1] < down[1][1]
    fig.update_layout(yaxis={"autorange": None, "range": [0, 100]})
    low = dots(figure_to_svg(fig))
    assert abs(low[0][1] - low[1][1]) < 5


def test_axes_that_match_share_a_range() -> None:
    fig = go.Figure(
        [
            go.Scatter(x=[0, 10], y=[0, 1], mode="markers"),
            go.Scatter(x=[5, 5], y=[0, 1], mode="markers", xaxis="x2", yaxis="y2"),
        ]
    )
    fig.update_layout(
        yaxis={"domain": [0.6, 1]},
        yaxis2={"domain": [0, 0.4], "anchor": "x2"},
        xaxis2={"matches": "x", "anchor": "y2"},
    )
    a, b, c, _ = dots(figure_to_svg(fig))
    assert c[0] == pytest.approx((a[0] + b[0]) / 2, abs=0.3)


def test_hostile_text_stays_text() -> None:
    svg = figure_to_svg(samples.hostile())
    assert "<img" not in svg
    assert "<script" not in svg
    assert "\x00" not in svg
    shown = " ".join(texts(svg))
    assert '<img src=x onerror="alert(1)">' in shown
    assert "</script><script>alert(2)</script>" in shown


def test_hostile_colours_and_names_cannot_leave_their_attribute() -> None:
    spec = {
        "data": [{"type": "bar", "x": ["a"], "y": [1], "marker": {"color": '"/><script>'}}],
        "layout": {"title": {"text": '"><script>'}, "font": {"color": '"><script>'}},
    }
    svg = figure_to_svg(spec)
    parse(svg)
    assert "<script" not in svg


@pytest.mark.parametrize("trace", [go.Pie(values=[1]), go.Box(y=[1]), go.Histogram(x=[1])])
def test_an_unknown_kind_of_trace_is_refused(trace: object) -> None:
    with pytest.raises(InputError, match=r"cannot be drawn as SVG; there is: bar, heatmap"):
        figure_to_svg(go.Figure(trace))


def test_an_unknown_kind_of_shape_is_refused() -> None:
    fig = go.Figure(go.Bar(y=[1])).add_shape(type="path", path="M0 0L1 1")
    with pytest.raises(InputError, match="path"):
        figure_to_svg(fig)


def test_numbers_that_plotly_packs_are_read() -> None:
    numpy = pytest.importorskip("numpy")
    fig = go.Figure(go.Bar(y=numpy.array([1.0, 2.0])))
    assert len(boxes(figure_to_svg(fig))) == 2


def test_without_rows_and_with_only_missing_values() -> None:
    assert "No spans" in " ".join(texts(figure_to_svg(samples.empty())))
    for trace in (go.Bar(), go.Scatter(), go.Bar(x=["a"], y=[None]), go.Heatmap(z=[])):
        parse(figure_to_svg(go.Figure(trace)))


def test_labels_of_an_axis_do_not_overlap() -> None:
    for name in ("ranked_bars", "time_lines", "two_axes", "overview"):
        tree = parse(figure_to_svg(samples.SAMPLES[name]()))
        places: dict[float, list[tuple[float, float]]] = {}
        for node in tree.iter(f"{SVG}text"):
            span = node.find(f"{SVG}tspan")
            if span is None or node.get("transform") or node.get("text-anchor") != "middle":
                continue
            words = "".join(span.itertext())
            half = len(words) * 0.3 * float(node.get("font-size") or 12)
            x, y = float(span.get("x") or 0), float(span.get("y") or 0)
            places.setdefault(round(y), []).append((x - half, x + half))
        for row in places.values():
            for (a, b), (c, d) in combinations(row, 2):
                assert b <= c or d <= a, name


@pytest.mark.parametrize("rows", [1, 3, 3000])
def test_few_rows_and_many(rows: int) -> None:
    svg = figure_to_svg(samples.ranked_bars(rows))
    assert len(boxes(svg)) == rows
    assert len(svg) < 150_000
    assert len(texts(svg)) < 150


def test_it_takes_milliseconds() -> None:
    figure = samples.grouped_bars()
    figure_to_svg(figure)
    seconds: list[float] = []
    for _ in range(5):
        start = time.perf_counter()
        figure_to_svg(figure)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.05  # measured 0.003 on a quiet machine


def test_the_ink_is_dark_on_the_light_ground() -> None:
    svg = figure_to_svg(samples.grouped_bars())
    assert theme.INK not in svg
    assert theme.INK_SOFT not in svg
    assert 'class="wb-ground" width="100%" height="100%" fill="#ffffff"' in svg
