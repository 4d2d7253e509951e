"""The moment at which a store's file appears or goes away again, with others at the same moment."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import workbench
from tests.small import load, request, span, written
from workbench.errors import StoreError


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".jsonl")


def load_together(store: Path, files: list[Path]) -> list[int]:
    """Spans stored by each of several workbenches that load at the same moment."""
    ready = threading.Barrier(len(files))

    def one(file: Path) -> int:
        incident = workbench.open(store)
        ready.wait()
        try:
            return incident.load(file, progress=False).total["spans"]
        finally:
            incident.close()

    with ThreadPoolExecutor(len(files)) as pool:
        return list(pool.map(one, files))


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_several_first_loads_at_once_make_one_store(
    tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", refused)
    files = [written(tmp_path, request(span(number))) for number in range(3)]
    store = tmp_path / "new.duckdb"
    assert load_together(store, files) == [1, 1, 1]
    assert workbench.open(store).sql("select count(*) as n from spans").item() == 3
    assert left_behind(tmp_path) == ["new.duckdb"]


def test_a_half_made_store_under_another_name_is_never_trusted(tmp_path: Path) -> None:
    (tmp_path / f".new.duckdb.{os.getpid()}.new").write_bytes(b"half a header")
    incident = workbench.open(tmp_path / "new.duckdb")
    assert load(incident, tmp_path, request(span(1))).spans == 1


def test_a_load_into_a_store_that_another_removes_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has opened the file, and not locked it yet, when its maker removes it."""
    store = tmp_path / "new.duckdb"
    load(workbench.open(store), tmp_path, request(span(1)))
    incident = workbench.open(store)
    attach: Callable[..., object] = incident.store._connection._duckdb.execute
    removed: list[str] = []

    class Slow:
        def execute(self, statement: str, *rest: object) -> object:
            result = attach(statement, *rest)
            if statement.startswith("attach") and str(store) in statement and not removed:
                store.unlink()
                removed.append(statement)
            return result

        def __getattr__(self, name: str) -> object:
            return getattr(incident_duckdb, name)

    incident_duckdb = incident.store._connection._duckdb
    monkeypatch.setattr(incident.store._connection, "_duckdb", Slow())
    report = load(incident, tmp_path, request(span(2)))
    assert (len(removed), report.spans) == (1, 1)
    rows = workbench.open(store).sql("select span_id from spans")
    assert [row[-1] for row in rows["span_id"]] == ["2"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    dump = written(tmp_path, request(span(1)))
    folder = tmp_path / "gone"
    folder.mkdir()
    incident = workbench.open(folder / "new.duckdb")
    folder.rmdir()
    with pytest.raises(StoreError, match=r"Cannot make a store at .*/gone/new\.duckdb"):
        incident.load(dump, progress=False)


def test_a_store_that_kept_nothing_is_removed_and_made_again(tmp_path: Path) -> None:
    prose = tmp_path / "notes.txt"
    prose.write_text("what we saw\n")
    store = tmp_path / "new.duckdb"
    incident = workbench.open(store)
    incident.load(prose, progress=False)
    assert not store.exists()
    assert load(incident, tmp_path, request(span(1))).spans == 1
    assert left_behind(tmp_path) == ["new.duckdb", "notes.txt"]
