"""The fixed schema of a store: numbered SQL files, each applied once, in one transaction."""

from __future__ import annotations

from contextlib import suppress
from importlib import resources

import duckdb

from workbench.errors import StoreVersionError
from workbench.store.views import create_views

__all__ = ["latest", "migrate", "version_of"]


# Whether a database holds our table of migrations, and how much it holds at all.
_CONTENT = """
select count(*) filter (where schema_name = 'raw' and name = 'migrations'), count(*)
from (
    select schema_name, table_name as name from duckdb_tables() where database_name = 'store'
    union all
    select schema_name, view_name from duckdb_views()
    where database_name = 'store' and not internal
)"""


def _files() -> dict[int, tuple[str, str]]:
    """Name and text of every migration by its number."""
    folder = resources.files("workbench.store") / "migrations"
    found: dict[int, tuple[str, str]] = {}
    for file in folder.iterdir():
        if file.name.endswith(".sql"):
            number, name = file.name.removesuffix(".sql").split("_", 1)
            found[int(number)] = (name, file.read_text(encoding="utf-8"))
    return dict(sorted(found.items()))


def latest() -> int:
    """Version of the schema that this Workbench writes."""
    return max(_files())


def version_of(connection: duckdb.DuckDBPyConnection) -> int:
    """Version of the attached store, 0 for an empty one; None of ours is an error.

    Raises
    ------
    StoreVersionError
        When the file holds something else, or was written by a newer Workbench.
    """
    found = connection.execute(_CONTENT).fetchall()
    ours, everything = found[0]
    if not ours:
        if everything:
            raise StoreVersionError(
                "This DuckDB file holds tables or views that Workbench did not make; give another"
                " path."
            )
        return 0
    rows = connection.execute("select max(number) from store.raw.migrations").fetchall()
    version = int(rows[0][0] or 0)
    if version > latest():
        raise StoreVersionError(
            f"This store has schema {version}, written by a newer Workbench; this one knows schema"
            f" {latest()}. Upgrade otel-workbench to open it."
        )
    return version


def migrate(connection: duckdb.DuckDBPyConnection) -> bool:
    """Bring the attached store to the latest schema; True when something was applied."""
    version = version_of(connection)
    pending = {number: file for number, file in _files().items() if number > version}
    for number, (name, text) in pending.items():
        connection.execute("begin")
        try:
            connection.execute(text)
            connection.execute(
                "insert into raw.migrations values ($number, $name, now()::timestamp)",
                {"number": number, "name": name},
            )
            if number == latest():
                create_views(connection)
            connection.execute("commit")
        except BaseException:
            with suppress(duckdb.TransactionException):
                connection.execute("rollback")
            raise
    return bool(pending)
