"""Text cut into pieces: every document once, under its own number, however it is spread."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench
from tests.small import compact, request, span
from workbench.sources.files import pieces
from workbench.sources.files.pieces import documents, lines

# What a document may look like, by how it is written; the last is none.
INDENTS = (None, 0, 2, "broken")
LAYOUTS = st.lists(st.tuples(st.sampled_from(INDENTS), st.integers(0, 3)), min_size=1, max_size=12)


def cut(text: bytes, size: int) -> list[bytes]:
    return [text[first : first + size] for first in range(0, len(text), size)]


@settings(deadline=None)
@given(LAYOUTS, st.integers(1, 40), st.integers(1, 200))
def test_documents_are_numbered_as_they_lie_in_the_file(
    layouts: list[tuple[object, int]], block: int, piece: int
) -> None:
    texts: list[str] = []
    expected: dict[int, object] = {}
    for number, (indent, size) in enumerate(layouts, 1):
        content = {"number": number, "filling": ["x"] * size}
        if indent == "broken":
            texts.append('{"number": ' + str(number) + " oops}")
            expected[number] = None
        else:
            texts.append(json.dumps(content, indent=indent))  # pyright: ignore[reportArgumentType]
            expected[number] = content
    found: dict[int, object] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "PIECE_BYTES", piece)
        for part in documents(cut("\n".join(texts).encode(), block)):
            for reject in part.rejects:
                assert reject.position == f"document {part.first}"
            if part.rejects or part.caveats:  # a last one may look as if it were cut short
                found[part.first] = None
            for number, line in enumerate(filter(None, part.text.split(b"\n")), part.first):
                found[number] = json.loads(line)
    assert found == expected


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), max_size=20), st.integers(1, 50), st.integers(1, 80))
def test_lines_come_whole_and_in_order(sizes: list[int], block: int, piece: int) -> None:
    whole = [json.dumps({"n": number, "x": "y" * size}) for number, size in enumerate(sizes)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "PIECE_BYTES", piece)
        parts = list(lines(cut("".join(f"{line}\n" for line in whole).encode(), block)))
    found: dict[int, str] = {}
    for part in parts:
        assert not part.text or part.text.endswith(b"\n")
        found.update(enumerate(part.text.decode().splitlines(), part.first))
    assert list(found.items()) == list(enumerate(whole, 1))


def test_many_documents_over_lines_are_decoded_together() -> None:
    text = b"\n".join(json.dumps(request(span(n)), indent=1).encode() for n in range(500))
    assert len(list(documents([text]))) == 1


def test_a_pipe_is_refused_with_what_to_do(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    (report,) = workbench.open().load(pipe, progress=False).files
    assert report.status == "unreadable"
    assert report.caveats == (f"{pipe} is a pipe or a device; write its content to a file first.",)


def test_more_than_can_be_decoded_is_kept_in_quarantine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when one document is longer than the 2 GiB that an array of Arrow holds."""
    from workbench.otlp import decode
    from workbench.otlp.intern import Quirk

    def too_large(_: bytes) -> list[object]:
        raise Quirk("one piece is larger than 2 GiB")

    monkeypatch.setattr(decode, "_fast", too_large)
    dump = tmp_path / "dump.jsonl"
    dump.write_bytes(compact(request(span(1))) + b"\n\n" + compact(request(span(2))) + b"\n")
    incident = workbench.open()
    (report,) = incident.load(dump, progress=False).files
    assert (report.status, report.rejected) == ("rejected", 2)
    rows = incident.sql("select position, reason, raw from quarantine order by position").rows()
    assert [row[0] for row in rows] == ["line 1", "line 3"]
    assert "larger than 2 GiB" in rows[0][1]
    assert json.loads(rows[1][2])["resourceSpans"]
