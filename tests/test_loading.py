"""Files into a store: which are found, in which order they go, what is said meanwhile and after."""

from __future__ import annotations

import io
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import workbench
from tests.small import compact, load, request, span, written
from workbench import loading
from workbench.errors import SourceError
from workbench.model.text import columns_of
from workbench.store import LoadReport


@pytest.fixture
def empty() -> Iterator[workbench.Workbench]:
    incident = workbench.open()
    yield incident
    incident.close()


def names(report: LoadReport) -> list[str]:
    return [Path(file.path).name for file in report.files]


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """A folder with files at two depths, hidden ones, and one that is not telemetry."""
    folder = tmp_path / "dump"
    (folder / "deep" / ".cache").mkdir(parents=True)
    for number, name in enumerate(
        ["b.jsonl", "a.json", "deep/c.jsonl", ".hidden.jsonl", "deep/.cache/d.jsonl"], 1
    ):
        (folder / name).write_bytes(compact(request(span(number))) + b"\n")
    (folder / "notes.txt").write_text("what we saw\n")
    return folder


def test_a_folder_is_loaded_to_any_depth_without_hidden_files(
    empty: workbench.Workbench, dump: Path
) -> None:
    report = empty.load(dump, progress=False)
    assert names(report) == ["a.json", "b.jsonl", "c.jsonl", "notes.txt"]
    assert [file.status for file in report.files] == ["loaded"] * 3 + ["not telemetry"]
    assert "text that begins with 'what we saw'" in report.files[3].caveats[0]
    assert report.total["spans"] == report.stored == 3
    assert empty.loads["load_id"].to_list() == [1, 2, 3]


def test_the_largest_file_is_stored_first_and_reported_where_it_was_named(
    empty: workbench.Workbench, tmp_path: Path
) -> None:
    small = written(tmp_path, request(span(1)))
    large = written(tmp_path, request(span(2), span(3)))
    middle = written(tmp_path, request(span(4, attributes={"a": "x"})))
    report = empty.load([small, large, middle], progress=False)
    assert [file.path for file in report.files] == [str(small), str(large), str(middle)]
    assert [file.spans for file in report.files] == [1, 2, 1]
    assert empty.loads["path"].to_list() == [str(large), str(middle), str(small)]


def test_prose_is_expected_in_a_folder_and_refused_where_it_was_named(
    empty: workbench.Workbench, dump: Path
) -> None:
    notes = dump / "notes.txt"
    for paths, refused in (
        (dump, False),
        (notes, True),
        (dump / "*.txt", True),
        ([notes, dump], True),
        ([dump, notes], True),
    ):
        report = empty.load(paths, progress=False)
        assert [file.is_refused for file in report.files if file.path == str(notes)] == [refused]
        assert "is_expected" not in report.to_dict()["files"][0]


def test_a_hidden_file_that_is_named_is_loaded(empty: workbench.Workbench, dump: Path) -> None:
    assert names(empty.load(dump / ".hidden.jsonl")) == [".hidden.jsonl"]


def test_files_are_named_by_text_path_pattern_or_several_of_these(
    empty: workbench.Workbench, dump: Path
) -> None:
    assert names(empty.load(str(dump / "a.json"))) == ["a.json"]
    assert names(empty.load(str(dump / "*.jsonl"))) == ["b.jsonl"]
    assert names(empty.load(str(dump / "**" / "c.*"))) == ["c.jsonl"]
    again = empty.load([dump / "a.json", str(dump / "b.jsonl"), dump / "a.json"])
    assert names(again) == ["a.json", "b.jsonl"]
    assert {file.status for file in again.files} == {"already loaded"}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a.jsno", r"No such file or folder: '.*a\.jsno'\. Did you mean '.*a\.json'\?"),
        ("nowhere/x.json", r"No such file or folder: '.*x\.json'\.$"),
        ("*.parquet", r"No file matches '.*\*\.parquet'"),
        ("empty", "holds no files"),
    ],
)
def test_what_is_not_there_is_a_source_error(
    empty: workbench.Workbench, dump: Path, path: str, reason: str
) -> None:
    (dump / "empty").mkdir()
    with pytest.raises(SourceError, match=reason):
        empty.load(dump / path)
    assert empty.loads.height == 0


def test_no_file_at_all_is_a_source_error(empty: workbench.Workbench) -> None:
    with pytest.raises(SourceError, match="No file was named"):
        empty.load([])


@pytest.mark.parametrize(
    ("content", "status", "caveat"),
    [
        (b"", "empty", "the file is empty"),
        (b" \n\n", "empty", "nothing but blanks"),
        (b'{"resourceSpans":[]}', "empty", "it is OTLP, but holds no span"),
        (b"\x89PNG\0\0", "not telemetry", "binary data"),
        (b'{"name": "left-pad"}', "not telemetry", "JSON without resourceSpans"),
    ],
)
def test_a_file_without_telemetry_says_so_and_is_no_load(
    empty: workbench.Workbench, tmp_path: Path, content: bytes, status: str, caveat: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    (file,) = empty.load(path).files
    assert file.status == status
    assert caveat in file.caveats[-1]
    assert empty.loads.height == 0


def test_progress_is_told_after_each_piece(empty: workbench.Workbench, tmp_path: Path) -> None:
    told: list[str] = []
    paths = [written(tmp_path, request(span(1))), written(tmp_path, request(span(2), span(3)))]
    empty.load(paths, progress=told.append)
    assert told[0].startswith(f"[1/2] {paths[1]}: 100%, ")  # the larger
    assert told[-1].startswith(f"[2/2] {paths[0]}: 100%, ")


def test_the_line_of_progress_never_wraps_and_leaves_nothing_behind(
    empty: workbench.Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(loading, "_QUIET_SECONDS", -1.0)
    monkeypatch.setattr(loading.time, "monotonic", itertools.count().__next__)
    monkeypatch.setattr(loading, "_room", lambda: 40)
    folder = tmp_path / ("long " * 20) / "日本語"
    folder.mkdir(parents=True)
    empty.load([written(folder, request(span(n), span(n + 1))) for n in (1, 3)])
    *lines, blank, end = screen.getvalue().split("\r")[1:]
    assert len(lines) == 2
    assert all("…" in line and line.rstrip().endswith(" rows") for line in lines)
    assert max(map(columns_of, lines)) <= 40
    assert blank.strip() == end == ""
    assert len(blank) == columns_of(lines[-1].rstrip())


def test_no_progress_is_written_where_nobody_looks(
    empty: workbench.Workbench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(empty, tmp_path, request(span()))
    assert capsys.readouterr() == ("", "")
