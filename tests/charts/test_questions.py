"""The pictures of the four questions: marks are rows, axes have units, nothing is hidden."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import polars as pl
import pytest

from tests.charts import answers
from workbench.answer import Answer
from workbench.charts import theme
from workbench.charts.latency import latency
from workbench.charts.overview import overview
from workbench.charts.traces import traces
from workbench.charts.waterfall import waterfall

Draw = Callable[[Answer], Any]


def data(figure: Any) -> list[dict[str, Any]]:
    return json.loads(figure.to_json())["data"]


def layout(figure: Any) -> dict[str, Any]:
    return json.loads(figure.to_json())["layout"]


def marks(figure: Any, kind: str) -> int:
    """Points of all traces of a type, gaps not counted."""
    return sum(
        sum(value is not None for value in trace["x"])
        for trace in data(figure)
        if trace["type"] == kind
    )


def titles(figure: Any) -> list[str]:
    found = layout(figure)
    axes = [found[name] for name in sorted(found) if name[1:].startswith("axis")]
    named = [axis["title"]["text"] for axis in axes if axis.get("title", {}).get("text")]
    return named + [note["text"] for note in found.get("annotations", [])]


@pytest.mark.parametrize(
    ("draw", "full"),
    [
        (overview, answers.overview(2)),
        (latency, answers.latency(2)),
        (latency, answers.latency_over_time(2)),
        (traces, answers.traces(2)),
        (waterfall, answers.waterfall(2)),
    ],
)
def test_no_rows_say_why(draw: Draw, full: Answer) -> None:
    extra = {name: frame.clear() for name, frame in full.extra.items() if name != "overall"}
    extra |= {name: frame for name, frame in full.extra.items() if name == "overall"}
    caveats = ("one replica lacks logs", answers.REASON)
    empty = dataclasses.replace(full, table=full.table.clear(), extra=extra, caveats=caveats)
    figure = draw(empty)
    assert not data(figure)
    assert any("the data spans" in text.replace("<br>", " ") for text in titles(figure))
    assert "one replica lacks logs" in layout(figure)["title"]["text"]


@pytest.mark.parametrize(
    ("draw", "full"),
    [
        (overview, answers.overview(3, compared=True)),
        (latency, answers.latency(3, compared=True)),
        (latency, answers.latency_over_time(3, compared=True)),
        (traces, answers.traces(3)),
        (waterfall, answers.waterfall(3)),
    ],
)
def test_caveats_and_windows_stand_over_the_picture_and_markup_stays_text(
    draw: Draw, full: Answer
) -> None:
    bare, told = draw(full), draw(dataclasses.replace(full, caveats=("clocks disagree",)))
    assert "clocks disagree" in layout(told)["title"]["text"]
    assert layout(told)["height"] == layout(bare)["height"] + theme.LINE_HEIGHT
    drawn = json.dumps(data(told)) + json.dumps(titles(told))
    for tag in ("<service>", "<i>", "<b>POST"):
        assert tag not in drawn


@pytest.mark.parametrize("groups", [1, 3, 30])
@pytest.mark.parametrize("compared", [False, True])
def test_overview_draws_four_lines_a_group_and_the_baselines_level(
    groups: int, compared: bool
) -> None:
    figure = overview(answers.overview(groups, compared=compared))
    drawn = min(groups, 8)
    lines = [trace for trace in data(figure) if trace["mode"] == "lines+markers"]
    assert len(lines) == 4 * drawn
    assert sum(len(trace["x"]) for trace in lines) == 4 * 3 * drawn
    levels = [trace for trace in data(figure) if trace["mode"] == "lines"]
    assert len(levels) == (4 * drawn if compared else 0)
    text = titles(figure)
    assert {"Requests per second", "Errors (% of requests)", "Duration (s)"} <= set(text)
    assert "Time (UTC)" in text
    assert sum(trace["showlegend"] for trace in data(figure)) == 2 + compared
    said = layout(figure)["title"]["text"]
    assert ("8 busiest of 30 groups" in said) == (groups == 30)
    assert "2026-11-12 14:05 to 14:24 UTC" in said
    assert ("dashed: baseline 2026-11-12 13:35 to 13:55 UTC" in said) == compared


def test_overview_draws_the_plot_it_has_room_for() -> None:
    found = layout(overview(answers.overview(3)))
    inner = found["height"] - found["margin"]["t"] - found["margin"]["b"]
    assert inner == 3 * (96 + 22)


LONG = "payment-and-settlement-reconciliation-service-{:02}.production.eu-central-1"


def longest_line(text: str) -> int:
    return max(len(re.sub("<[^>]*>", "", line)) for line in text.split("<br>"))


@pytest.mark.parametrize("by", [["service"], ["service", "pod", "name", "zone", "node", "tier"]])
def test_long_names_stay_apart_and_left_of_the_numbers(by: list[str]) -> None:
    names = [LONG.format(number) for number in range(8)]
    full = answers.overview(8)
    groups = [pl.Series(name, names) for name in by]
    table = full.table.drop("service").select(*groups, pl.all())
    series = full.extra["series"].drop("service").head(8).select(*groups, pl.all())
    found = layout(overview(dataclasses.replace(full, table=table, extra={"series": series})))
    rows = [note for note in found["annotations"] if "n = " in note["text"]]
    assert len({note["text"].split("n = ")[0] for note in rows}) == 8
    for note in rows:
        assert note["yanchor"] == "middle"
        assert note["text"].count("<br>") <= 5
        # 12 pixels bold are 7.6 wide in DejaVu Sans; 40 are for the numbers of the axis.
        assert -note["xshift"] - 40 > 7.6 * longest_line(note["text"])


def test_long_names_of_latency_and_waterfall_stay_apart() -> None:
    full = answers.latency(5)
    table = full.table.with_columns(pl.Series("service", [LONG.format(n) for n in range(5)]))
    labels = layout(latency(dataclasses.replace(full, table=table)))["yaxis"]["ticktext"]
    assert len(set(labels)) == 5
    full = answers.waterfall(5)
    table = full.table.with_columns(pl.Series("service", [LONG.format(n) for n in range(5)]))
    bars = [
        trace["name"]
        for trace in data(waterfall(dataclasses.replace(full, table=table)))
        if trace["type"] == "bar" and "legendgroup" not in trace
    ]
    assert len(set(bars)) == 5


def test_labels_of_traces_end_before_the_bars() -> None:
    full = answers.traces(3)
    table = full.table.with_columns(service=pl.lit(LONG), name=pl.lit(LONG))
    found = layout(traces(dataclasses.replace(full, table=table)))
    longest = max(longest_line(note["text"]) for note in found["annotations"])
    assert found["margin"]["l"] > 14 + 6.3 * longest


def test_a_window_of_one_bucket_is_drawn_on_the_windows_clock() -> None:
    window = "2026-11-12T14:05:00+00:00/2026-11-12T14:05:01+00:00"
    full = dataclasses.replace(answers.overview(1, buckets=1), window=window)
    low, high = (datetime.fromisoformat(end) for end in layout(overview(full))["xaxis"]["range"])
    assert low < datetime(2026, 11, 12, 14, 5) < datetime(2026, 11, 12, 14, 5, 1) < high
    # Room for half a label beyond either end, so that those of two plots do not meet.
    assert 1.2 < (high - low).total_seconds() < 1.3
    assert layout(overview(full))["xaxis"]["nticks"] == 3


def test_a_long_subtitle_is_broken_between_the_windows() -> None:
    two = f"{answers.WINDOW},{answers.BASELINE}"
    full = dataclasses.replace(answers.overview(9, compared=True), window=two, baseline=two)
    found = layout(overview(full))
    said = found["title"]["text"].split("<br>")
    assert "…" not in found["title"]["text"]
    assert ["baseline" in line for line in said] == [False, False, True]
    one_line = layout(overview(answers.overview(8)))
    assert found["margin"]["t"] == one_line["margin"]["t"] + theme.LINE_HEIGHT


def test_durations_over_time_are_plain_numbers_of_one_unit() -> None:
    found = layout(overview(answers.overview(2)))
    axes = [axis for name, axis in found.items() if name.startswith("yaxis")]
    assert {axis["exponentformat"] for axis in axes} == {"none"}


def test_the_unit_of_a_duration_suits_a_baseline_beside_an_empty_window() -> None:
    full = answers.overview(1, compared=True)
    series = full.extra["series"].with_columns(p95_ms=None, p50_ms=None)
    series = series.cast({"p95_ms": pl.Float64, "p50_ms": pl.Float64})
    figure = overview(dataclasses.replace(full, extra={"series": series}))
    assert "Duration (s)" in titles(figure)


def test_services_beyond_the_colours_are_one_grey_group() -> None:
    full = answers.waterfall(20)
    names = pl.Series("service", [f"s{number:02}" for number in range(20)])
    own = pl.Series("self_ms", [float(number) for number in range(20)])
    figure = waterfall(dataclasses.replace(full, table=full.table.with_columns(names, own)))
    bars = [t for t in data(figure) if t["type"] == "bar" and t.get("legendgroup") != "phases"]
    assert [trace["name"] for trace in bars] == [
        *(f"s{number}" for number in range(13, 20)),
        "13 other services",
    ]
    assert bars[-1]["marker"]["color"] == theme.NEUTRAL
    assert len({trace["marker"]["color"] for trace in bars}) == 8


@pytest.mark.parametrize(("groups", "compared"), [(1, False), (3, True), (40, False), (40, True)])
def test_latency_draws_a_dot_a_percentile_and_two_bars_a_group(groups: int, compared: bool) -> None:
    figure = latency(answers.latency(groups, compared=compared))
    drawn, sides = min(groups, 30), 1 + compared
    dots = [trace for trace in data(figure) if trace.get("mode") == "markers"]
    assert sum(len(trace["x"]) for trace in dots) == 4 * drawn * sides
    assert marks(figure, "bar") == 2 * drawn * sides
    assert len(layout(figure)["yaxis"]["ticktext"]) == drawn
    assert "n=100" in layout(figure)["yaxis"]["ticktext"][0]
    assert "Self time (%)" in titles(figure)
    assert "Duration, logarithmic" in titles(figure)


def test_latency_of_like_durations_starts_at_zero() -> None:
    table = answers.latency(2).table.with_columns(p99_ms=96.0)
    figure = latency(answers.answer(table))
    assert layout(figure)["xaxis"]["type"] == "linear"
    assert layout(figure)["xaxis"]["ticktext"][0] == "0 ms"


def test_latency_without_any_duration_is_still_drawn() -> None:
    names = ("p50_ms", "p90_ms", "p95_ms", "p99_ms", "self_share")
    table = answers.latency(2).table.with_columns(**dict.fromkeys(names, 0.0))
    assert data(latency(answers.answer(table)))
    nothing = table.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in names)
    assert data(latency(answers.answer(nothing)))


@pytest.mark.parametrize(("groups", "compared"), [(1, False), (3, True), (20, True)])
def test_latency_over_time_leaves_a_gap_where_no_span_is(groups: int, compared: bool) -> None:
    figure = latency(answers.latency_over_time(groups, compared=compared))
    drawn = min(groups, 6)
    lines = [trace for trace in data(figure) if trace["mode"] == "lines+markers"]
    assert len(lines) == 6 * drawn
    assert all(trace["y"][2] is None for trace in lines)
    assert all(len(trace["y"]) == 4 for trace in lines)
    levels = [trace for trace in data(figure) if trace["mode"] == "lines"]
    assert len(levels) == (3 * drawn if compared else 0)


def test_areas_end_where_a_line_has_a_hole() -> None:
    figure = latency(answers.latency_over_time(1, buckets=5))
    assert not [trace for trace in data(figure) if trace.get("fill") == "tozeroy"]
    areas = [trace for trace in data(figure) if trace.get("fill") == "toself"]
    assert [trace["legendgroup"] for trace in areas] == ["self time", "errors"]
    assert areas[1]["y"] == [0, 4, 4, 0, None, 0, 4, 4, 0, None]
    times = [time and time[11:16] for time in areas[1]["x"]]
    first, second = ["14:05", "14:05", "14:06", "14:06"], ["14:08", "14:08", "14:09", "14:09"]
    assert times == [*first, None, *second, None]


@pytest.mark.parametrize(("count", "unknown"), [(1, 0), (3, 1), (100, 2)])
def test_traces_draw_a_bar_each_or_a_ring_where_the_length_is_not_known(
    count: int, unknown: int
) -> None:
    figure = traces(answers.traces(count, unknown=unknown))
    drawn = min(count, 60)
    assert marks(figure, "bar") == drawn - unknown
    assert marks(figure, "scatter") == unknown
    notes = titles(figure)
    assert "median 900 ms" in notes
    assert "p95 3 s" in notes
    assert sum("gateway · " in note for note in notes) == drawn
    assert "Duration of the trace" in notes


@pytest.mark.parametrize("count", [1, 3, 60, 1000])
def test_waterfall_draws_every_span(count: int) -> None:
    figure = waterfall(answers.waterfall(count, failed=min(1, count - 1)))
    spans = [t for t in data(figure) if t["type"] == "bar" and t.get("legendgroup") != "phases"]
    assert sum(len(trace["x"]) for trace in spans) == count
    assert "Time since the root's start" in titles(figure)
    assert layout(figure)["height"] < 1700


def test_waterfall_of_many_spans_keeps_every_failed_one_and_says_what_it_left_out() -> None:
    figure = waterfall(answers.waterfall(5000, failed=300))
    spans = [t for t in data(figure) if t["type"] == "bar" and t.get("legendgroup") != "phases"]
    assert sum(len(trace["x"]) for trace in spans) == 1000
    crosses = next(trace for trace in data(figure) if trace["name"] == "error")
    assert len(crosses["x"]) == 300
    assert crosses["marker"]["size"] >= 7
    assert (
        "Drawn are 1,000 of 5,000 spans: all that failed and the longest."
        in layout(figure)["title"]["text"]
    )


def test_waterfall_never_hides_a_short_span_and_rings_one_without_times() -> None:
    figure = waterfall(answers.waterfall(10, timeless=2))
    bars = [t for t in data(figure) if t["type"] == "bar" and t.get("legendgroup") != "phases"]
    assert all(trace["marker"]["line"]["width"] >= 1 for trace in bars)
    assert sum(len(trace["x"]) for trace in bars) == 8
    rings = next(trace for trace in data(figure) if trace["name"] == "no usable duration")
    assert len(rings["x"]) == 2


def test_waterfall_shows_a_span_before_the_root_and_the_path_in_stretches() -> None:
    figure = waterfall(answers.waterfall(3))
    assert layout(figure)["xaxis"]["range"][0] < -5
    path = next(trace for trace in data(figure) if trace["name"] == "critical path")
    assert path["x"] == [0.0, 10.0, None, 10.0, 500.0, None, 500.0, 1000.0, None]
    assert [trace["name"] for trace in data(figure) if trace.get("legendgroup") == "phases"] == [
        "queue",
        "decode",
    ]


def test_waterfall_says_which_exception_an_event_records() -> None:
    events = next(t for t in data(waterfall(answers.waterfall(3))) if t["name"] == "event")
    assert events["hovertext"] == [
        "first token<br>at 5 ms",
        "exception<br>OSError<br>&lt;disk&gt; full<br>at 7 ms",
    ]


def test_waterfall_of_many_rows_names_only_those_with_room() -> None:
    figure = waterfall(answers.waterfall(1000, failed=10))
    notes = [note for note in layout(figure)["annotations"] if note["yref"] == "y"]
    rows = sorted(note["y"] for note in notes)
    assert 40 < len(rows) < 140
    assert all(later - earlier >= 9 for earlier, later in itertools.pairwise(rows))
