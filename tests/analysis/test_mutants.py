"""Planted mistakes: each second opinion must notice every one of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from tests.analysis import second, slow
from tests.analysis.made import rough_rows, span, window_of, workbench_of
from tests.analysis.test_tree import KINDS, SCHEMA
from workbench.analysis import forest, latency, overview, traces, tree, waterfall
from workbench.workbench import Workbench


def changed_source(module: ModuleType, old: str, new: str, suffix: str = ".py") -> str:
    text = Path(str(module.__file__)).with_suffix(suffix).read_text(encoding="utf-8")
    assert old in text, f"the mutant of {module.__name__} is out of date: {old!r}"
    return text.replace(old, new)


def mutant(module: ModuleType, old: str, new: str, **given: Any) -> dict[str, Any]:
    """Names of a module whose source, or whose query, has been changed in one place."""
    names: dict[str, Any] = {"__name__": module.__name__}
    if old in Path(str(module.__file__)).read_text(encoding="utf-8"):
        source = changed_source(module, old, new)
        exec(compile(source, str(module.__file__), "exec"), names)  # a module of our own
    else:
        names |= vars(module)
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        exec(compile(source, str(module.__file__), "exec"), names)
        names["QUERY"] = changed_source(module, old, new, ".sql")
    names |= given
    return names


def assert_noticed(check: Callable[[], None]) -> None:
    """The second opinion disagrees; a mutant that does not even run would prove nothing."""
    with pytest.raises(AssertionError):
        check()


OVERVIEW = [
    (
        "        kind in ('server', 'consumer')\n        or",
        "        kind in ('server')\n        or",
    ),
    ("    where kind in ('server', 'consumer')", "    where kind in ('server')"),
    ("                and parent.span_row <> candidate.span_row\n", ""),
    ("                and parent.service is not distinct from candidate.service\n", ""),
    ("parent.span_id = candidate.parent_span_id", "parent.span_id <> candidate.parent_span_id"),
    ("            where serving.service is not distinct from candidate.service", ""),
    ("duration_ns >= 0", "duration_ns > 0"),
    ("case when duration_ns >= 0 then cast(duration_ns as double) end", "duration_ns"),
    ("(where spans.status = 'error')", "(where spans.status <> 'ok')"),
    ("percentile_cont(0.5)", "percentile_cont(0.51)"),
    ("percentile_cont(0.95)", "percentile_cont(0.9)"),
    ("percentile_cont(0.99)", "percentile_disc(0.99)"),
    ("    from baseline_spans", "    from window_spans"),
    ("count(*) as requests", "count(usable_ns) as requests"),
    ("start_ns - mod(start_ns, $bucket_ns)", "start_ns + mod(start_ns, $bucket_ns)"),
    ('pl.col("errors") / pl.col("requests")', 'pl.col("errors") / pl.col("timed")'),
    ("baseline.seconds if baseline else None", "window.seconds if baseline else None"),
    (".otherwise(window.seconds)", ".otherwise(window.seconds + 1)"),
    ('pl.col("rate_per_s") / was - 1', 'was / pl.col("rate_per_s") - 1'),
    ('pl.col("error_share") - pl.col("baseline_error_share")', 'pl.col("baseline_error_share")'),
    ('pl.col("requests") / pl.col("covered_s")', 'pl.col("requests") / (width / 1e9)'),
]
LATENCY = [
    ("            and parent.span_row = parent.owner_row\n", ""),
    ("            and parent.span_row <> child.span_row\n", ""),
    ("parent.span_id = child.parent_span_id", "parent.span_id = child.span_id"),
    ("greatest(child.start_ns, parent.start_ns)", "child.start_ns"),
    ("child.start_ns + child.duration_ns, parent.start_ns", "parent.start_ns"),
    ("max(end_ns) over", "min(end_ns) over"),
    ("and 1 preceding", "and current row"),
    ("order by start_ns, end_ns", "order by end_ns, start_ns"),
    ("coalesce(reached_ns, start_ns)), 0)", "coalesce(reached_ns, start_ns)), -9)"),
    ("duration_ns - coalesce(covered_ns, 0)", "duration_ns + coalesce(covered_ns, 0)"),
    ("        caller_row as parent_row", "        span_row as parent_row"),
    (
        "                case when kind in ('server', 'consumer') then 0 else 1 end,\n",
        "",
    ),
    (
        "                case when kind in ('client', 'producer') then 0 else 1 end,\n",
        "",
    ),
    (
        "    where trace_id in (select trace_id from both_sides)\n    window",
        "    where false window",
    ),
    ("    from spans\n    where trace_id in", "    from window_spans\n    where trace_id in"),
    ("duration_ns >= 0 then cast", "duration_ns > 0 then cast"),
    ("(where spans.status = 'error')", "(where spans.status <> 'unset')"),
    ("percentile_cont(0.9)", "percentile_cont(0.95)"),
    ("percentile_cont(0.95)", "percentile_cont(0.9)"),
    ("percentile_cont(0.99)", "percentile_cont(0.999)"),
    ("percentile_cont(0.5)", "percentile_disc(0.5)"),
    ('.over("of_baseline", "over_all_time", "bucket_start_ns")', '.over("over_all_time")'),
    ('pl.col("errors") / pl.col("spans")', 'pl.col("errors") / pl.col("timed")'),
    ('pl.col(old) - pl.col(f"baseline_{old}")', 'pl.col(f"baseline_{old}") - pl.col(old)'),
]
TRACES = [
    ("then -duration_ns end", "then duration_ns end"),
    ("abs(duration_ns - median_ns)", "abs(duration_ns - p95_ns)"),
    ("then -errors end", "then errors end"),
    ("(errors > 0) = cast", "(errors > 1) = cast"),
    ("count(*) filter (where errors > 0)", "count(*)"),
    ("count(*) filter (where status = 'error') as errors", "count(*) as errors"),
    ("when top.duration_ns >= 0 then top.duration_ns", "else top.duration_ns"),
    ("per_trace.last_end_ns - per_trace.first_start_ns", "top.duration_ns"),
    ("case when duration_ns >= 0 then start_ns + duration_ns else start_ns end", "start_ns"),
    ("ranked.place <= $most", "ranked.place < $most"),
    ("percentile_cont(0.5)", "percentile_cont(0.6)"),
    ("    from asked\n),\n\nranked", "    from whole\n),\n\nranked"),
    ("                case when parent_span_id is null then 0 else 1 end,\n", ""),
    ("                start_ns nulls last,\n                span_row", "                span_row"),
    ("top.parent_span_id is not null as rootless", "false as rootless"),
    ("        when top.parent_span_id is not null\n", "        when top.duration_ns is null\n"),
    (
        "string_agg(service, ', ' order by service)",
        "string_agg(service, ', ' order by service desc)",
    ),
    ("                start_ns nulls last,\n                asked", "                asked"),
]
TREE = [
    (tree, 'side="right"', 'side="left"'),
    (
        tree,
        "np.lexsort((-child, -begin[child], end[child], parent))",
        "np.lexsort((end[child], parent))",
    ),
    (
        tree,
        "np.lexsort((-child, -begin[child], end[child], parent))",
        "np.lexsort((begin[child], parent))",
    ),
    (tree, "        holds[level] &= ", "        holds[level] |= "),
    (tree, "| (forest.is_root & (end > begin))", "| ((forest.parent < 0) & (end > begin))"),
    (tree, "np.maximum(begin[level], begin[above])", "begin[level]"),
    (tree, "np.minimum(end[level], end[above])", "end[level]"),
    (tree, "np.maximum(forest.start[child], forest.start[parent])", "forest.start[child]"),
    (tree, "np.minimum(forest.end[child], forest.end[parent])", "forest.end[child]"),
    (tree, "np.roll(_running_maximum(end, first), 1)", "np.roll(end, 1)"),
    (
        tree,
        "reached = np.roll(_running_maximum(end, first), 1)",
        "reached = _running_maximum(end, first)",
    ),
    (tree, "step *= 2", "step *= 3"),
    (tree, "place - first >= step", "place - first > step"),
    (tree, "forest.start - covered", "forest.start + covered"),
    (tree, "np.subtract.at(own_ns", "np.add.at(own_ns"),
    (tree, "before[parent[level]] + 1", "before[parent[level]]"),
    (tree, "~forest.is_root[tops], forest", "forest.is_root[tops], forest"),
    (tree, "total - total[group_first(family)]", "total"),
    (tree, "known & (forest.start < ", "known & (forest.start <= "),
    (tree, "known & (forest.end > ", "known & (forest.end >= "),
    (tree, "np.where(last, self.end[owner], np.roll(enters, -1))", "self.end[owner]"),
    (forest, "min(walk[walk.index(at) :])", "min(walk)"),
    (forest, "min(walk[walk.index(at) :])", "max(walk[walk.index(at) :])"),
    (forest, "np.lexsort((tops, given[tops], trace[tops]))", "np.lexsort((tops, trace[tops]))"),
    (forest, 'sort("serves", "index", descending=[True, False])', 'sort("index")'),
    (forest, '"start_ns", "span_row", nulls_last=True', '"start_ns", "span_row"'),
    (forest, 'sort("trace_id", "start_ns", "span_row"', 'sort("trace_id", "start_ns"'),
    (forest, 'called = pl.when("serves").then("caller")', "called = pl.lit(None, dtype=pl.Int64)"),
    (forest, '(spans["duration_ns"] >= 0)', '(spans["duration_ns"] > 0)'),
    (forest, '(spans["duration_ns"] >= 0)', '(spans["duration_ns"] > -9)'),
    (forest, '["server", "consumer"]', '["server"]'),
    (forest, '["client", "producer"]', '["client"]'),
    (forest, "given & (parent < 0)", "parent < 0"),
]


@pytest.fixture(scope="module")
def uneven() -> Workbench:
    """The rough rows of another seed, with ties and a trace of five error spans."""
    rows = rough_rows(11)
    for row in rows[::9]:
        row["events"] = [(3, "noted"), (8, "noted again")]
    rows += [span(950, 95_000 + n, None if n == 0 else 95_000, 7, status="error") for n in range(5)]
    rows += [span(960 - n, 96_000 + n, None, 300 - n, duration_ns=70) for n in range(3)]
    # A trace with two roots, the later one first in the file, and a child before both.
    rows += [span(980, 98_000 + n, None, 90 - n, name=f"root {n}") for n in range(2)]
    rows.append(span(980, 98_002, 98_000, 10, name="child"))
    # A server whose clock runs ahead of the client with which it shares its id.
    rows.append(span(970, 97_000, None, 100, kind="client", duration_ns=200))
    rows.append(span(970, 97_000, None, 50, kind="server", duration_ns=180))
    return workbench_of(rows)


@pytest.mark.parametrize(("old", "new"), OVERVIEW)
def test_a_mutant_of_overview_is_noticed(uneven: Workbench, old: str, new: str) -> None:
    function = mutant(overview, old, new)["overview"]
    assert_noticed(lambda: second.check_overview(function, uneven, window_of))


@pytest.mark.parametrize(("old", "new"), LATENCY)
def test_a_mutant_of_latency_is_noticed(uneven: Workbench, old: str, new: str) -> None:
    function = mutant(latency, old, new)["latency"]
    assert_noticed(lambda: second.check_latency(function, uneven, window_of))


@pytest.mark.parametrize(("old", "new"), TRACES)
def test_a_mutant_of_traces_is_noticed(uneven: Workbench, old: str, new: str) -> None:
    function = mutant(traces, old, new)["traces"]
    assert_noticed(lambda: second.check_traces(function, uneven, window_of))


WATERFALL = [
    ('_ms("start_ns", origin).alias("offset_ms")', '_ms("start_ns").alias("offset_ms")'),
    ('_ms("duration_ns").alias("duration_ms")', '_ms("self_ns").alias("duration_ms")'),
    ('_ms("self_ns").alias("self_ms")', '_ms("critical_ns").alias("self_ms")'),
    ('_ms("critical_ns").alias("critical_ms")', '_ms("self_ns").alias("critical_ms")'),
    ('pl.col("event_position").count()', 'pl.col("span_row").count()'),
    ('keep="first"', 'keep="none"'),
    ('placed.filter("is_root")', 'placed.filter("on_critical_path")'),
    ('origin, "event_time_ns")', '0, "event_time_ns")'),
    ('        "children",\n', '        pl.col("depth").alias("children"),\n'),
    ('    "shared_id": "id shared with another span",\n', ""),
    ("    on happened.of_row = whole.span_row", "    on happened.event_position = 0"),
    ("from window_trace_spans as spans", "from window_trace_spans as spans where kind <> 'client'"),
]


@pytest.mark.parametrize(("old", "new"), WATERFALL)
def test_a_mutant_of_waterfall_is_noticed(uneven: Workbench, old: str, new: str) -> None:
    function = mutant(waterfall, old, new)["waterfall"]
    ids = uneven.sql(
        "select trace_id from spans group by trace_id having count(*) > 3"
        " order by trace_id limit 25"
    )

    def check() -> None:
        for trace_id in ids["trace_id"].to_list():
            second.check_waterfall(function, uneven, trace_id)

    assert_noticed(check)


def random_trees() -> list[list[dict[str, Any]]]:
    chance = random.Random(5)
    found: list[list[dict[str, Any]]] = []
    for _ in range(400):
        rows: list[dict[str, Any]] = []
        numbers = chance.sample(range(20), chance.randrange(1, 14))
        ids = "abcdefghijkl"[: chance.randrange(2, 12)]
        tidy, wide = chance.random() < 0.6, chance.random() < 0.5
        for place, number in enumerate(numbers):
            name = str(place) if tidy else chance.choice(ids)
            parent = chance.choice([*ids, None]) if not tidy else None
            if tidy and place:
                parent = "0" if wide else str(chance.randrange(place))
            rows.append(
                {
                    "trace_id": "t",
                    "span_row": number,
                    "span_id": name,
                    "parent_span_id": parent,
                    "kind": chance.choice(KINDS),
                    "start_ns": chance.choice([*range(12), *range(12), None]),
                    "duration_ns": chance.choice([*range(20), -2, None]) if place else 20,
                }
            )
        found.append(rows)
    return found


TREES = random_trees()
EXPECTED = [[dict(sorted(row.items())) for row in slow.trees(rows)] for rows in TREES]


def check_tree(names: dict[str, Any]) -> None:
    for rows, expected in zip(TREES, EXPECTED, strict=True):
        frame = pl.DataFrame(rows, schema=SCHEMA)
        table = names["trees"](frame)
        assert [dict(sorted(row.items())) for row in table.to_dicts()] == expected
        path = names["critical_path"](frame)
        assert (path["end_ns"] - path["start_ns"]).sum() == table["critical_ns"].sum()


def test_the_tree_itself_passes() -> None:
    check_tree(dict(vars(tree)))


@pytest.mark.parametrize(("module", "old", "new"), TREE)
def test_a_mutant_of_the_tree_is_noticed(module: ModuleType, old: str, new: str) -> None:
    if module is forest:
        names = mutant(tree, "", "", Forest=mutant(forest, old, new)["Forest"])
    else:
        names = mutant(tree, old, new)
    assert_noticed(lambda: check_tree(names))
