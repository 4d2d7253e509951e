"""What a load did: a row a file, and the sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from workbench.model.text import plural

__all__ = ["COUNTS", "FileReport", "LoadReport"]

COUNTS = (
    "spans",
    "span_events",
    "span_links",
    "logs",
    "metric_points",
    "duplicates",
    "rejected",
)
_SHOWN = 20


@dataclass(frozen=True)
class FileReport:
    """What became of one file.

    Attributes
    ----------
    path, format
        The file, and the name of its reader (null when none recognised it).
    status
        ``loaded``; ``already loaded`` (the same content, whatever its name or compression);
        ``empty``; ``not telemetry``; ``rejected`` (telemetry, but no record could be stored);
        ``unreadable``.
    spans, span_events, span_links, logs, metric_points
        Rows stored by this load; ``metric_points`` over all shapes.
    duplicates, rejected
        Spans that were there already; records that went to quarantine.
    seconds
        Time taken.
    caveats
        One sentence each.
    services, first_ns, last_ns
        What the file holds, and the extent of its times in nanoseconds since 1970 UTC.
    reasons
        Why records were rejected, each with how often and where first.
    is_expected
        Whether a file without telemetry is no surprise where it was met: prose, or an empty file,
        in a folder.
    """

    path: str
    format: str | None
    status: str
    spans: int = 0
    span_events: int = 0
    span_links: int = 0
    logs: int = 0
    metric_points: int = 0
    duplicates: int = 0
    rejected: int = 0
    seconds: float = 0.0
    caveats: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    first_ns: int | None = None
    last_ns: int | None = None
    reasons: tuple[str, ...] = field(default_factory=tuple)
    is_expected: bool = False

    @property
    def is_stored(self) -> bool:
        """Whether its content is in the store, by this load or an earlier one."""
        return self.status in {"loaded", "already loaded"}

    @property
    def is_refused(self) -> bool:
        """Whether something that was given, the file or a record of it, could not be stored."""
        return bool(self.rejected) or not (self.is_stored or self.is_expected)

    def to_dict(self) -> dict[str, Any]:
        """The fields that the command line prints as JSON."""
        return {
            "path": self.path,
            "format": self.format,
            "status": self.status,
            **{name: getattr(self, name) for name in COUNTS},
            "seconds": round(self.seconds, 3),
            "caveats": list(self.caveats),
        }


@dataclass(frozen=True)
class LoadReport:
    """What a load did, file by file; shows itself as a table."""

    files: tuple[FileReport, ...]

    @property
    def total(self) -> dict[str, int]:
        """Sum of every count over the files."""
        return {name: sum(getattr(file, name) for file in self.files) for name in COUNTS}

    @property
    def services(self) -> tuple[str, ...]:
        """All services in the files, sorted."""
        return tuple(sorted({name for file in self.files for name in file.services}))

    @property
    def caveats(self) -> tuple[str, ...]:
        """All caveats, each with its file."""
        return tuple(f"{file.path}: {caveat}" for file in self.files for caveat in file.caveats)

    @property
    def stored(self) -> int:
        """Rows stored, of any kind."""
        return sum(self.total[name] for name in COUNTS[:5])

    def to_dict(self) -> dict[str, Any]:
        """The report as the command line prints it: ``files`` and ``total``."""
        return {"files": [file.to_dict() for file in self.files], "total": self.total}

    def __str__(self) -> str:
        lines = [_line(file) for file in self.files[:_SHOWN]]
        if len(self.files) > _SHOWN:
            lines.append(f"… {plural(len(self.files) - _SHOWN, 'more file')}")
        if len(self.files) > 1:
            lines.append(f"total: {_counts(self.total)}")
        extent = [
            ns for file in self.files for ns in (file.first_ns, file.last_ns) if ns is not None
        ]
        if extent:
            lines.append(f"time: {_moment(min(extent))} to {_moment(max(extent))} UTC")
        if self.services:
            lines.append(f"services: {_some(self.services, 12)}")
        for file in self.files:
            notes = [*file.caveats, *(f"rejected: {reason}" for reason in file.reasons)]
            lines += [f"! {file.path}: {note}" for note in notes]
        return "\n".join(lines)

    __repr__ = __str__


def _line(file: FileReport) -> str:
    seconds = f" in {file.seconds:.1f} s" if file.status == "loaded" else ""
    counts = _counts({name: getattr(file, name) for name in COUNTS})
    return f"{file.path}: {file.status}{seconds}{': ' + counts if counts else ''}"


def _counts(counts: dict[str, int]) -> str:
    nouns = {name: name.replace("_", " ") for name in counts}
    return ", ".join(
        plural(count, nouns[name].removesuffix("s"), nouns[name])
        for name, count in counts.items()
        if count
    )


def _moment(ns: int) -> str:
    return datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _some(names: Sequence[str], most: int) -> str:
    more = f", … {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
