"""Every tiny dump: the loader, the second reader and the table in the README agree.

The README's numbers are written by hand, the second reader shares no code with the loader, and
rows are compared field by field, attributes with their types.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import workbench
from tests.second_reader import COUNTS, Reading, read
from tests.sources.stored import Rows, difference, expected, stored

DUMPS = Path(__file__).parent.parent / "dumps"
FILES = sorted(path.name for path in DUMPS.iterdir() if path.name != "README.md")
WITHOUT_ROWS = {
    "empty.jsonl": "empty",
    "not_json.jsonl": "not telemetry",
    "not_telemetry.json": "not telemetry",
    "not_text.jsonl": "not telemetry",
    "only_blank_lines.jsonl": "empty",
    "only_record_cut_short.jsonl": "empty",
    "requests_without_records.jsonl": "empty",
}
CUT = (
    "compressed_and_cut_short.jsonl.gz",
    "last_document_cut_short.json",
    "last_line_cut_short.jsonl",
)


def table() -> dict[str, dict[str, int]]:
    """The counts of each file, from the README."""
    rows = dict[str, dict[str, int]]()
    for line in (DUMPS / "README.md").read_text().splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            counts = map(int, cells[-len(COUNTS) :])
            rows[cells[0].strip("`")] = dict(zip(COUNTS, counts, strict=True))
    return rows


def load(*paths: Path) -> tuple[workbench.Workbench, dict[str, Any]]:
    incident = workbench.open()
    return incident, incident.load([str(path) for path in paths], progress=False).to_dict()


@dataclass(frozen=True)
class Loaded:
    """What loading a dump did, and what loading it again did."""

    report: dict[str, Any]
    rows: Rows
    quarantine: list[dict[str, Any]]
    loads: int
    report_again: dict[str, Any]
    rows_again: Rows
    loads_again: int

    @property
    def entry(self) -> dict[str, Any]:
        (entry,) = self.report["files"]
        return entry


@cache
def loaded(name: str) -> Loaded:
    """Each dump is loaded once for all tests; they only look."""
    incident, report = load(DUMPS / name)
    rows, loads = stored(incident), incident.sql("select count(*) from loads").item()
    quarantine = incident.sql("select path, position, reason, raw from quarantine").to_dicts()
    again = incident.load(str(DUMPS / name), progress=False).to_dict()
    rows_again, loads_again = stored(incident), incident.sql("select count(*) from loads").item()
    return Loaded(report, rows, quarantine, loads, again, rows_again, loads_again)


def counts(entry: dict[str, Any]) -> dict[str, int]:
    return {name: entry[name] for name in COUNTS}


def test_the_readme_lists_every_dump() -> None:
    assert sorted(table()) == FILES


@pytest.mark.parametrize("name", FILES)
def test_the_second_reader_agrees_with_the_readme(name: str) -> None:
    assert read(DUMPS / name).counts() == table()[name]


@pytest.mark.parametrize("name", FILES)
def test_a_dump_loads_as_the_second_reader_reads_it(name: str) -> None:
    reading, found = read(DUMPS / name), loaded(name)
    assert counts(found.entry) == reading.counts()
    assert counts(found.report["total"]) == reading.counts()
    assert difference(expected(reading), found.rows) == []


@pytest.mark.parametrize("name", FILES)
def test_a_dump_loaded_twice_is_there_once(name: str) -> None:
    found = loaded(name)
    assert difference(found.rows, found.rows_again) == []
    assert found.loads_again == found.loads
    (entry,) = found.report_again["files"]
    assert [entry[name] for name in COUNTS[:5]] == [0] * 5
    assert entry["status"] == WITHOUT_ROWS.get(name, "already loaded")


@pytest.mark.parametrize("name", WITHOUT_ROWS)
def test_a_file_without_rows_says_why(name: str) -> None:
    found = loaded(name)
    assert found.entry["status"] == WITHOUT_ROWS[name]
    assert found.entry["caveats"] or found.entry["rejected"]
    assert not any(found.rows.values())


@pytest.mark.parametrize("name", sorted(set(FILES) - set(WITHOUT_ROWS)))
def test_a_file_with_rows_is_loaded(name: str) -> None:
    assert loaded(name).entry["status"] == "loaded"


@pytest.mark.parametrize("name", CUT)
def test_a_record_cut_short_is_a_caveat(name: str) -> None:
    entry = loaded(name).entry
    assert entry["rejected"] == 0
    assert any("cut short" in caveat or "ends early" in caveat for caveat in entry["caveats"])


@pytest.mark.parametrize("name", [name for name, row in table().items() if row["rejected"]])
def test_a_rejected_record_lies_in_quarantine(name: str) -> None:
    found = loaded(name)
    assert len(found.quarantine) == table()[name]["rejected"] == found.entry["rejected"]
    for row in found.quarantine:
        assert Path(row["path"]).name == name
        assert row["position"]
        assert row["reason"]
        assert row["raw"]


def test_the_raw_text_of_a_rejected_line_is_whole() -> None:
    line = (DUMPS / "broken_line_in_the_middle.jsonl").read_text().splitlines()[1]
    assert [row["raw"] for row in loaded("broken_line_in_the_middle.jsonl").quarantine] == [line]


def test_a_folder_of_dumps_loads_as_one(tmp_path: Path) -> None:
    names = FILES[::2]
    files = [Path(shutil.copy(DUMPS / name, tmp_path)) for name in names]
    reading = read(*files)
    incident, report = load(tmp_path)
    assert sorted(Path(entry["path"]).name for entry in report["files"]) == names
    assert counts(report["total"]) == reading.counts()
    assert difference(expected(reading), stored(incident)) == []


def test_a_glob_loads_what_it_names() -> None:
    incident, report = load(DUMPS / "ids_*.jsonl")
    files = sorted(DUMPS.glob("ids_*.jsonl"))
    assert len(report["files"]) == len(files) == 3
    assert difference(expected(read(*files)), stored(incident)) == []


def test_what_is_missing_from_a_store_is_seen() -> None:
    """The comparison itself: take anything away or change it, and it shows."""
    reading = read(DUMPS / "three_signals_in_one_file.jsonl")
    whole = expected(reading)
    rows_of_store = loaded("three_signals_in_one_file.jsonl").rows
    for view, rows in whole.items():
        less = whole | {view: rows[1:]}
        assert difference(less, rows_of_store)
        for field in rows[0]:
            changed = whole | {view: [rows[0] | {field: "something else"}, *rows[1:]]}
            assert difference(changed, rows_of_store), f"{view}.{field} is not compared"
    assert difference(expected(Reading()), rows_of_store)
