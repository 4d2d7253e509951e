"""One file into the store: one transaction, one row in ``raw.loads``, all or nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import duckdb
import polars as pl

from workbench.model import VERSION
from workbench.model.batch import Decoded, Reject
from workbench.model.text import plural
from workbench.store.duplicates import settle_duplicates, twice_stored
from workbench.store.report import COUNTS, FileReport
from workbench.store.views import create_views
from workbench.store.writer import Writer

__all__ = ["Incoming", "is_known", "store_file"]

_REASONS = 5


@dataclass
class Incoming:
    """A file on its way into the store.

    Attributes
    ----------
    path, format, file_hash, file_bytes
        What is known of it before it is read.
    begin
        Called when it is clear that the file is new and soon to be stored: reading may begin.
    decoded
        Its content, in pieces.
    content_hash
        Called once all of ``decoded`` has been taken: the hash of the decompressed bytes.
    damage
        Called at the same moment: a sentence when compressed data was broken.
    after_piece
        Called after each piece with the number of rows so far: progress.
    close
        Called at the end, whatever happened.
    """

    path: str
    format: str
    file_hash: str
    file_bytes: int
    begin: Callable[[], None]
    decoded: Iterable[Decoded]
    content_hash: Callable[[], str]
    damage: Callable[[], str | None]
    after_piece: Callable[[int], None]
    close: Callable[[], None]


@dataclass
class _Notes:
    """What was found wrong while a file was read."""

    rejects: int = 0
    reasons: Counter[str] = field(default_factory=Counter[str])
    first_at: dict[str, str] = field(default_factory=dict[str, str])
    ignored: Counter[str] = field(default_factory=Counter[str])
    caveats: dict[str, None] = field(default_factory=dict[str, None])

    def add(self, decoded: Decoded) -> None:
        self.ignored.update(decoded.ignored)
        self.caveats.update(dict.fromkeys(decoded.caveats))
        for reject in decoded.rejects:
            self.rejects += 1
            self.reasons[reject.reason] += 1
            self.first_at.setdefault(reject.reason, reject.position)

    def shown_reasons(self) -> tuple[str, ...]:
        common = self.reasons.most_common(_REASONS)
        shown = [
            f"{count:,} x {reason} (first: {self.first_at[reason]})" for reason, count in common
        ]
        if len(self.reasons) > _REASONS:
            shown.append(f"{plural(len(self.reasons) - _REASONS, 'more reason')}, see quarantine")
        return tuple(shown)


def is_known(connection: duckdb.DuckDBPyConnection, incoming: Incoming) -> bool:
    """Whether a file of the same bytes was loaded before."""
    return _already_loaded(connection, "file_hash", incoming.file_hash) is not None


def _already_loaded(
    connection: duckdb.DuckDBPyConnection, column: str, hashed: str
) -> tuple[str, int] | None:
    """Path and load id under which the same bytes were loaded before."""
    rows = connection.execute(
        f"select path, load_id from raw.loads where {column} = $hashed", {"hashed": hashed}
    ).fetchall()
    return (str(rows[0][0]), int(rows[0][1])) if rows else None


def store_file(
    connection: duckdb.DuckDBPyConnection,
    incoming: Incoming,
    check: Callable[[], None] = lambda: None,
) -> FileReport:
    """Store a file; an interruption or an error leaves the store as it was.

    ``check`` is called with every piece and before the commit; what it raises ends the load.
    """
    started = time.monotonic()
    report = FileReport(incoming.path, incoming.format, "loaded")
    earlier = _already_loaded(connection, "file_hash", incoming.file_hash)
    if earlier is not None:
        incoming.close()
        return _repeated(report, *earlier)
    connection.execute("begin")
    try:
        report, keep = _store(connection, incoming, report, started, check)
        check()
        connection.execute("commit" if keep else "rollback")
    except BaseException:
        # A commit that failed has rolled back already; its own reason must come through.
        with suppress(duckdb.TransactionException):
            connection.execute("rollback")
        raise
    finally:
        incoming.close()
    return report


def _repeated(report: FileReport, path: str, load_id: int) -> FileReport:
    caveat = f"the same content was loaded before, from {path} (load {load_id})"
    return replace(report, status="already loaded", caveats=(caveat,))


def _store(
    connection: duckdb.DuckDBPyConnection,
    incoming: Incoming,
    report: FileReport,
    started: float,
    check: Callable[[], None],
) -> tuple[FileReport, bool]:
    """The report, and whether to keep what was written."""
    load_id = _next_load_id(connection)
    writer = Writer(connection, load_id)
    notes = _Notes()
    for decoded in incoming.decoded:
        check()
        writer.append(decoded)
        notes.add(decoded)
        _quarantine(connection, load_id, incoming.path, decoded.rejects)
        incoming.after_piece(sum(writer.counts.values()))
    writer.flush()
    earlier = _already_loaded(connection, "content_hash", incoming.content_hash())
    if earlier is not None:
        return _repeated(report, *earlier), False
    repeated = settle_duplicates(connection, load_id, writer.aside)
    if repeated.conflicting_ids:
        _finding(connection, load_id, "span ids shared", repeated.conflicting_ids)
        ids = plural(repeated.conflicting_ids, "span id belongs", "span ids belong")
        notes.caveats[f"{ids} to several spans with different content; all were kept"] = None
    notes.caveats.update(dict.fromkeys(_oddities(connection, load_id)))
    for table, share in twice_stored(connection, load_id).items():
        what = "log records" if table == "logs" else "metric points"
        notes.caveats[
            f"about {share / 10:.3g} % of its {what} are in an earlier load too, as in a copy or an"
            " earlier state of a file; they are now stored twice"
        ] = None
    if incoming.damage():
        notes.caveats[str(incoming.damage())] = None
    if notes.ignored:
        names = ", ".join(f"{name} ({count:,})" for name, count in notes.ignored.most_common(5))
        notes.caveats[f"fields that OTLP does not know were left out: {names}"] = None
    report = replace(
        report,
        **_stored(connection, writer, load_id, repeated.duplicates),
        rejected=notes.rejects,
        seconds=time.monotonic() - started,
        caveats=tuple(notes.caveats),
        services=tuple(sorted(writer.services)),
        first_ns=writer.first_ns,
        last_ns=writer.last_ns,
        reasons=notes.shown_reasons(),
    )
    if not sum(getattr(report, name) for name in COUNTS):
        caveat = "it is OTLP, but holds no span, log record or metric point"
        return replace(report, status="empty", caveats=(*report.caveats, caveat)), False
    if not any(getattr(report, name) for name in (*COUNTS[:5], "duplicates")):
        report = replace(report, status="rejected")
    _record(connection, load_id, incoming, report, writer.counts["exemplars"])
    create_views(connection)
    return report, True


def _stored(
    connection: duckdb.DuckDBPyConnection, writer: Writer, load_id: int, duplicates: int
) -> dict[str, int]:
    """Rows of this load by kind, without the duplicates that were removed again."""
    counts = writer.counts
    stored = {
        "spans": counts["spans"] - duplicates,
        "span_events": counts["span_events"],
        "span_links": counts["span_links"],
        "logs": counts["logs"],
        "metric_points": sum(count for name, count in counts.items() if name.endswith("_points")),
        "duplicates": duplicates,
    }
    if duplicates:
        for table in ("span_events", "span_links"):
            rows = connection.execute(
                f"select count(*) from raw.{table} where load_id = $load_id", {"load_id": load_id}
            ).fetchall()
            stored[table] = int(rows[0][0])
    return stored


def _next_load_id(connection: duckdb.DuckDBPyConnection) -> int:
    rows = connection.execute("select coalesce(max(load_id), 0) + 1 from raw.loads").fetchall()
    return int(rows[0][0])


def _quarantine(
    connection: duckdb.DuckDBPyConnection, load_id: int, path: str, rejects: tuple[Reject, ...]
) -> None:
    if not rejects:
        return
    rows = pl.DataFrame(
        {
            "position": [reject.position for reject in rejects],
            "reason": [_printable(reject.reason) for reject in rejects],
            "raw": [_printable(reject.raw) for reject in rejects],
        },
        schema={"position": pl.String, "reason": pl.String, "raw": pl.String},
    ).with_columns(load_id=pl.lit(load_id), path=pl.lit(path))
    connection.register("refused", rows.to_arrow())
    connection.execute("insert into raw.quarantine by name select * from refused")
    connection.unregister("refused")


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _finding(connection: duckdb.DuckDBPyConnection, load_id: int, kind: str, count: int) -> None:
    connection.execute(
        "insert into raw.findings (load_id, kind, count) values ($load_id, $kind, $count)",
        {"load_id": load_id, "kind": kind, "count": count},
    )


def _oddities(connection: duckdb.DuckDBPyConnection, load_id: int) -> list[str]:
    """Sentences about times of this load that cannot be right; the rows are kept as they are."""
    rows = connection.execute(
        """
        select
            count(*) filter (where end_ns < start_ns),
            count(*) filter (where start_ns is null and start_unsigned is null),
            count(*) filter (where end_ns is null and end_unsigned is null),
            count(*) filter (where start_unsigned is not null or end_unsigned is not null),
            count(*) filter (where name is null)
        from raw.spans where load_id = $load_id
        """,
        {"load_id": load_id},
    ).fetchall()
    kept = "kept as start_unsigned or end_unsigned in raw.spans"
    texts = (
        ("ends before it starts", "end before they start"),
        ("has no start time and lies in no window", "have no start time and lie in no window"),
        ("has no end time and so no duration", "have no end time and so no duration"),
        (f"has a time beyond 2262, {kept}", f"have a time beyond 2262, {kept}"),
        ("has no name", "have no name"),
    )
    found = [
        plural(count, f"span {one}", f"spans {many}")
        for (one, many), count in zip(texts, rows[0], strict=True)
        if count
    ]
    untimed = connection.execute(
        "select count(*) from raw.logs where load_id = $load_id and time_ns is null"
        " and observed_time_ns is null",
        {"load_id": load_id},
    ).fetchall()[0][0]
    if untimed:
        found.append(
            plural(
                untimed,
                "log record has no time and lies in no window",
                "log records have no time and lie in no window",
            )
        )
    return found


def _record(
    connection: duckdb.DuckDBPyConnection,
    load_id: int,
    incoming: Incoming,
    report: FileReport,
    exemplars: int,
) -> None:
    values = {
        "load_id": load_id,
        "path": incoming.path,
        "format": incoming.format,
        "file_hash": incoming.file_hash,
        "content_hash": incoming.content_hash(),
        "file_bytes": incoming.file_bytes,
        "seconds": report.seconds,
        **{name: getattr(report, name) for name in COUNTS},
        "exemplars": exemplars,
        "first_ns": report.first_ns,
        "last_ns": report.last_ns,
        "services": list(report.services),
        "caveats": [*report.caveats, *report.reasons],
        "workbench_version": VERSION,
    }
    names = ", ".join(values)
    marks = ", ".join(f"${name}" for name in values)
    connection.execute(
        f"insert into raw.loads ({names}, loaded_at) values ({marks}, now()::timestamp)", values
    )
