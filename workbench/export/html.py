"""Figures and tables as one page that works offline, without scripts, in print and in the dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from workbench.export.embed import figure_block, script_block, static_text, strict_policy
from workbench.export.table import cells
from workbench.export.text import escape
from workbench.model.text import plural

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["TABLE_ROWS", "Section", "page"]

TABLE_ROWS = 1000


@dataclass(frozen=True)
class Section:
    """One part of a page; every field but the title may be missing.

    Attributes
    ----------
    title
        Its heading.
    figure
        The chart.
    table
        The rows under it; a page shows the first 1,000.
    sql
        The statement that made them.
    caveats
        What a reader must know.
    window, baseline
        The intervals asked about.
    text
        Paragraphs above the chart, parted by empty lines.
    """

    title: str
    figure: go.Figure | None = None
    table: pl.DataFrame | None = None
    sql: str = ""
    caveats: tuple[str, ...] = ()
    window: str = ""
    baseline: str | None = None
    text: str = ""


def page(sections: Sequence[Section], *, title: str, text: str = "") -> str:
    """A self-contained page: plotly.js once, drawn over static twins; no request leaves.

    Parameters
    ----------
    sections
        What the page shows, in order.
    title
        Its heading and the name of the window.
    text
        Paragraphs under the heading.

    Examples
    --------
    >>> page([Section("Numbers", table=pl.DataFrame({"n": [1]}))], title="A & B")[:15]
    '<!doctype html>'
    """
    alone = len(sections) == 1 and sections[0].title == title
    body = "".join(_section(section, heading=not alone) for section in sections)
    charts = any(section.figure is not None for section in sections)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"{strict_policy()}\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        f"<style>{static_text('figure.css')}{static_text('page.css')}</style>\n"
        f"</head>\n<body>\n<main>\n<h1>{escape(title)}</h1>\n"
        f"{_paragraphs(text)}{body}<footer>Made with Workbench.</footer>\n</main>\n"
        f"{script_block() if charts else ''}\n</body>\n</html>\n"
    )


def _section(section: Section, *, heading: bool) -> str:
    parts = [f"<h2>{escape(section.title)}</h2>" if heading else ""]
    spans = [("Window", section.window), ("Baseline", section.baseline)]
    rows = "".join(
        f"<dt>{name}</dt><dd>{escape(span.replace(',', ', '))}</dd>" for name, span in spans if span
    )
    parts.append(f'<dl class="wb-spans">{rows}</dl>' if rows else "")
    parts.append(_paragraphs(section.text))
    if section.figure is not None:
        parts.append(figure_block(section.figure))
    if section.caveats:
        items = "".join(f"<li>{escape(caveat)}</li>" for caveat in section.caveats)
        parts.append(f'<ul class="wb-caveats">{items}</ul>')
    if section.table is not None:
        parts.append(_table(section.table, shown=section.figure is None))
    if section.sql:
        parts.append(f"<details><summary>SQL</summary><pre>{escape(section.sql)}</pre></details>")
    return "<section>" + "\n".join(part for part in parts if part) + "</section>\n"


def _paragraphs(text: str) -> str:
    pieces = [piece.strip() for piece in text.split("\n\n") if piece.strip()]
    return "".join(f"<p>{escape(piece)}</p>\n" for piece in pieces)


def _table(table: pl.DataFrame, *, shown: bool) -> str:
    head = table.head(TABLE_ROWS)
    kinds = [' class="wb-number"' if head[n].dtype.is_numeric() else "" for n in head.columns]
    names = "".join(
        f'<th scope="col"{kind}>{escape(name)}</th>'
        for name, kind in zip(head.columns, kinds, strict=True)
    )
    columns = [cells(head[name]) for name in head.columns]
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td{kind}{_tip(text)}>{escape(text)}</td>"
            for text, kind in zip(row, kinds, strict=True)
        )
        + "</tr>"
        for row in zip(*columns, strict=True)
    )
    count = plural(table.height, "row")
    more = ""
    if table.height > TABLE_ROWS:
        left_out = plural(table.height - TABLE_ROWS, "more row")
        more = f'<p class="wb-more">… {left_out} not shown here.</p>'
    return (
        f"<details{' open' if shown or table.height <= 20 else ''}><summary>Table, {count}"
        f'</summary><div class="wb-table"><table><thead><tr>{names}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{more}</details>"
    )


def _tip(text: str) -> str:
    """The whole text on hover, where the cell may cut it."""
    return f' title="{escape(text)}"' if len(text) > 44 else ""
