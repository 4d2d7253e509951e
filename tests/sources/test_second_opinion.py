"""The judges are judged: the second reader stands alone, and planted mistakes are found."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import duckdb
import pytest

import workbench
from tests.second_reader import read
from tests.sources.stored import Rows, difference, expected, stored

TESTS = Path(__file__).parent.parent
DUMP = TESTS / "dumps" / "attributes_of_every_type.jsonl"
STANDARD = {"__future__", "base64", "collections", "dataclasses", "functools", "gzip", "hashlib"}
STANDARD |= {"json", "pathlib", "re", "tests", "typing", "zlib"}


def test_the_second_reader_imports_the_standard_library_alone() -> None:
    for file in TESTS.glob("second_reader*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [str(node.module)]
                assert names[0].split(".")[0] != "tests" or "second_reader" in names[0]
            assert {name.split(".")[0] for name in names} <= STANDARD, file.name


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds one dump whole."""
    path = tmp_path_factory.mktemp("whole") / "store.duckdb"
    incident = workbench.open(path)
    incident.load(str(DUMP), progress=False)
    incident.close()
    return path


def rows_of(path: Path) -> Rows:
    incident = workbench.open(path)
    rows = stored(incident)
    incident.close()
    return rows


MISTAKES = {
    "a span lost": "delete from raw.spans",
    "a span stored twice": "insert into raw.spans select * from raw.spans",
    "an event lost": "delete from raw.span_events",
    "a link on another span": "update raw.span_links set linked_span_id = 'ffffffffffffffff'",
    "a log record twice": "insert into raw.logs select * from raw.logs",
    "a point lost": "delete from raw.number_points",
    "an exemplar lost": "delete from raw.exemplars",
    "a time off by one": "update raw.spans set start_ns = start_ns + 1",
    "a kind mistaken": "update raw.spans set kind = 3 where kind = 2",
    "an attribute lost": "update raw.spans set text = null",
    "an attribute of another value": "update raw.logs set int = 43",
    "an attribute of another type": "update raw.keys set type = 'int' where key = 'text'",
    "an attribute under another key": "update raw.keys set key = 'Text' where key = 'text'",
    "bytes cut short": "update raw.span_links set bytes = '\\x00'::blob",
    "a list in another order": """update raw.span_events set list = '["b","a"]'""",
    "a resource attribute changed": 'update raw.resources set "double" = -2.5',
    "a service renamed": "update raw.resources set \"service.name\" = 'cart'",
    "an integer point without its integer": "update raw.number_points set value = 2",
    "an absent value invented": "update raw.spans set trace_state = 'x'",
}


def test_a_whole_store_holds_what_the_second_reader_reads(whole: Path) -> None:
    assert difference(expected(read(DUMP)), rows_of(whole)) == []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_found(whole: Path, tmp_path: Path, mistake: str) -> None:
    store = Path(shutil.copy(whole, tmp_path / "store.duckdb"))
    with duckdb.connect(str(store)) as connection:
        connection.sql(MISTAKES[mistake])
    assert difference(expected(read(DUMP)), rows_of(store))
