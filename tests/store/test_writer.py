"""Rows on their way into tables: none lost and none twice, wherever an insert happens to fall."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench
from tests.small import attributes, gauge, load, log, request, span
from workbench.sources.files import pieces
from workbench.store import duplicates, writer

EVENT = {"timeUnixNano": "1001", "name": "retry", "attributes": attributes({"n": 1})}
# Of a span: its number, which content it has, and how many events.
SPANS = st.tuples(st.integers(1, 9), st.integers(0, 1), st.integers(0, 2))
LINES = st.lists(st.lists(SPANS, max_size=4), min_size=1, max_size=8)
Content = tuple[int, int, int]


def line(number: int, spans: list[Content]) -> dict[str, Any]:
    """A request of the spans, a log record and a point, so that other tables fill as well."""
    made = [
        span(
            span_number,
            name=str(content),
            attributes={f"only in {content}": content} if content else {},
            events=[EVENT] * events,
        )
        for span_number, content, events in spans
    ]
    return request(*made, logs=[log(1000 + number)], metrics=[gauge(2000 + number)])


@settings(deadline=None, max_examples=40)
@given(st.lists(LINES, min_size=1, max_size=3), st.integers(1, 6), st.integers(0, 3), st.data())
def test_every_row_is_stored_once(
    tmp_path_factory: pytest.TempPathFactory,
    files: list[list[list[Content]]],
    group: int,
    aside: int,
    data: st.DataObject,
) -> None:
    incident = workbench.open()
    folder = tmp_path_factory.mktemp("writer")
    expected: set[Content] = set()
    logs = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "PIECE_BYTES", data.draw(st.sampled_from([1, 400, 4000])))
        patch.setattr(writer, "ROW_GROUP", group)
        patch.setattr(writer, "MOST_BYTES", data.draw(st.sampled_from([0, 500, 1 << 20])))
        patch.setattr(duplicates, "_MOST_BYTES", aside * 200 - 1)
        for position, lines in enumerate(files):
            requests = [line(100 * position + number, held) for number, held in enumerate(lines)]
            given_spans = [content for held in lines for content in held]
            new = set(given_spans) - expected
            report = load(incident, folder, *requests)
            assert report.status == "loaded"
            assert report.spans == len(new)
            assert report.duplicates == len(given_spans) - len(new)
            expected |= new
            logs += len(lines)
    found = incident.sql(
        "select s.span_id, s.name, count(e.position) as events"
        " from spans as s left join events as e on e.span_row = s.span_row"
        " group by s.span_row, s.span_id, s.name"
    )
    stored = Counter((int(row[0], 16), int(row[1]), row[2]) for row in found.iter_rows())
    assert stored == Counter(expected)
    assert incident.sql("select count(*) as n from logs").item() == logs
    assert incident.sql("select count(distinct time_ns) as n from metrics").item() == logs
    incident.close()
