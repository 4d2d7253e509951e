"""An answer that shows itself: interactive where it can be, a picture or a table elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import polars as pl

from workbench.answer import Answer
from workbench.errors import InputError, check_type
from workbench.export import files, table, terminal
from workbench.model.text import flat

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["View", "check_target"]

PLOTLY_MIME = "application/vnd.plotly.v1+json"
_TERMINAL_ROWS, _TREE_ROWS = 20, 60
_WHOLE = ".table, .save('x.csv')"


@dataclass(frozen=True, eq=False, repr=False)
class View:
    """A question's answer and its picture.

    In JupyterLab it is the interactive chart; in a notebook viewer without scripts, a drawing of
    the same chart; in a terminal, the table. :meth:`save` writes it to a file.

    Attributes
    ----------
    panel
        The name of the question, for example ``"latency"``.
    title
        What the picture is called.
    answer
        The numbers, their statement and their caveats.
    figure
        The picture as a plotly figure, free to be changed before it is saved.
    """

    panel: str
    title: str
    answer: Answer
    figure: go.Figure

    @property
    def table(self) -> pl.DataFrame:
        """The answer's rows."""
        return self.answer.table

    @property
    def sql(self) -> str:
        """The statement that made the answer, ready to paste."""
        return self.answer.sql

    @property
    def caveats(self) -> tuple[str, ...]:
        """What a reader must know before believing the numbers."""
        return self.answer.caveats

    @property
    def window(self) -> str:
        """The intervals asked about, ``START/END``, several joined by commas."""
        return self.answer.window

    @property
    def baseline(self) -> str | None:
        """The intervals compared with, or None."""
        return self.answer.baseline

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain values that JSON can hold.

        Returns
        -------
        ``panel``, ``window``, ``baseline``, ``rows`` (one mapping a row), ``caveats`` and
        ``sql``. NaN and infinities are None, integers beyond 2^53 strings, bytes hex, times
        ISO 8601.
        """
        return {
            "panel": self.panel,
            "window": self.window,
            "baseline": self.baseline,
            "rows": table.plain_rows(self.table),
            "caveats": list(self.caveats),
            "sql": self.sql,
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """:meth:`to_dict` as one JSON document."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)

    def to_svg(self) -> str:
        """The picture as SVG: static, without scripts, readable everywhere."""
        from workbench.export.svg import figure_to_svg

        return figure_to_svg(self.figure)

    def to_text(
        self, *, rows: int | None = None, whole: str = _WHOLE, width: int | None = None
    ) -> str:
        """Title, intervals, table and caveats for a terminal.

        Parameters
        ----------
        rows
            How many rows of the table, at most; by default 60 of a waterfall, else 20.
        whole
            How its reader can see what does not fit, said below the table.
        width
            Letters in a line; by default the terminal's, and as many as it takes where none is.
        """
        lines = [flat(self.title), f"window    {self.window}"]
        if self.baseline is not None:
            lines.append(f"baseline  {self.baseline}")
        width = terminal.terminal_width() if width is None else width
        is_tree = self.panel == "waterfall"
        shown = terminal.tree_table(self.table) if is_tree else self.table
        rows = rows or (_TREE_ROWS if is_tree else _TERMINAL_ROWS)
        lines += ["", terminal.text_table(shown, rows=rows, width=width, whole=whole)]
        if self.caveats:
            lines += ["", *(f"! {flat(caveat)}" for caveat in self.caveats)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_mimebundle_(
        self,
        include: object = None,  # noqa: ARG002  IPython passes both; all is always given
        exclude: object = None,  # noqa: ARG002
    ) -> dict[str, object]:
        """The chart for JupyterLab, its drawing for everything else, the table for a terminal.

        There is no text/html on purpose: JupyterLab would prefer it to the chart, and viewers
        that sanitise HTML would show nothing.
        """
        bundle: dict[str, object] = {PLOTLY_MIME: _figure_json(self.figure)}
        note = ""
        try:
            bundle["image/svg+xml"] = self.to_svg()
        except InputError as error:  # a figure that its user changed beyond what can be drawn
            note = f"\n\n! {error}"
        # A notebook is no terminal, but its lines end all the same.
        bundle["text/plain"] = self.to_text(width=terminal.terminal_width() or 120) + note
        return bundle

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the view to a file; the suffix says how.

        Parameters
        ----------
        path
            ``.html`` (one page: chart, caveats, SQL and table, works offline), ``.svg``,
            ``.png`` or ``.pdf`` (the chart), ``.csv`` or ``.parquet`` (the table), ``.json``
            (:meth:`to_dict`), ``.md`` (table, caveats and SQL).

        Returns
        -------
        The path written. The file appears whole or not at all.

        Raises
        ------
        InputError
            The suffix is not one of these, or the folder does not exist.
        MissingPartError
            ``.png`` and ``.pdf`` need the extra ``images`` and a Chromium.
        """
        target = check_target(path)
        writer = _WRITERS[target.suffix.lower()]
        return files.write_with(target, lambda temporary: writer(self, temporary))


def check_target(path: str | os.PathLike[str]) -> Path:
    """The path with its home folder filled in, if a view can be saved there.

    Raises
    ------
    InputError
        As `View.save`.
    """
    check_type(path, (str, os.PathLike), "A view is saved to a path such as 'x.html'")
    target = Path(path).expanduser()
    if target.suffix.lower() not in _WRITERS:
        given = f"ends in {target.suffix!r}" if target.suffix else "has no suffix"
        raise InputError(
            f"Cannot save {str(target)!r}: the name {given}; "
            f"use one of {', '.join(sorted(_WRITERS))}."
        )
    files.check_place(target)
    return target


def _figure_json(figure: go.Figure) -> dict[str, Any]:
    """The figure as JupyterLab wants it: plain values, with our settings of the tool bar."""
    from workbench.export.spec import CONFIG, figure_spec

    return {**figure_spec(figure), "config": dict(CONFIG)}


def _save_html(view: View, path: Path) -> None:
    from workbench.export.html import Section, page

    # A picture without marks shows the reason for that, the last caveat, in their place.
    listed = view.caveats if view.figure.to_dict()["data"] else view.caveats[:-1]
    section = Section(
        title=view.title,
        figure=view.figure,
        table=view.table,
        sql=view.sql,
        caveats=listed,
        window=view.window,
        baseline=view.baseline,
    )
    path.write_text(page([section], title=view.title), encoding="utf-8")


def _save_csv(view: View, path: Path) -> None:
    table.csv_frame(view.table).write_csv(path)


def _save_parquet(view: View, path: Path) -> None:
    said = {
        "workbench.panel": view.panel,
        "workbench.window": view.window,
        "workbench.baseline": view.baseline or "",
        "workbench.caveats": json.dumps(list(view.caveats), ensure_ascii=False),
        "workbench.sql": view.sql,
    }
    view.table.write_parquet(path, metadata=said)


def _save_markdown(view: View, path: Path) -> None:
    parts = [f"# {flat(view.title)}", f"Window: `{view.window}`"]
    if view.baseline is not None:
        parts[-1] += f"  \nBaseline: `{view.baseline}`"
    parts.append(table.markdown_table(view.table))
    if view.caveats:
        parts.append("\n".join(f"> {flat(caveat)}  " for caveat in view.caveats))
    fence = "````" if "```" in view.sql else "```"
    parts.append(f"{fence}sql\n{view.sql.rstrip()}\n{fence}")
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _save_image(view: View, path: Path) -> None:
    from workbench.export.image import figure_to_image

    path.write_bytes(figure_to_image(view.figure, path.suffix.lower().lstrip(".")))


_WRITERS: Mapping[str, Callable[[View, Path], object]] = MappingProxyType(
    {
        ".csv": _save_csv,
        ".html": _save_html,
        ".json": lambda view, path: path.write_text(view.to_json(indent=2) + "\n", "utf-8"),
        ".md": _save_markdown,
        ".parquet": _save_parquet,
        ".pdf": _save_image,
        ".png": _save_image,
        ".svg": lambda view, path: path.write_text(view.to_svg(), "utf-8"),
    }
)
