"""Text in pictures and tables: escaping, widths, and the little markup that plotly knows."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass, replace

__all__ = [
    "Run",
    "escape",
    "markup_lines",
    "paint",
    "printable",
    "text_element",
    "text_width",
]

# Characters that XML 1.0 forbids, even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG = re.compile(r"<(/?)(br|b|i|em|strong|sub|sup|span|a|s|u)\b([^<>]*)>", re.IGNORECASE)
_STYLE = re.compile(r"(font-size|color)\s*:\s*([^;\"']+)")
_RGBA = re.compile(r"rgba\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*([\d.]+)\s*\)")
_NARROW, _WIDE = frozenset("iljtfI.,:;!|'`()[]{} "), frozenset("mwMW@%—…")


@dataclass(frozen=True)
class Run:
    """A stretch of text in one style."""

    text: str
    bold: bool = False
    italic: bool = False
    size: float | None = None
    colour: str | None = None
    shift: float = 0.0


def escape(text: object) -> str:
    """``text`` ready to stand in XML, between tags or in a quoted attribute.

    Examples
    --------
    >>> escape('<img onerror="x">')
    '&lt;img onerror=&quot;x&quot;&gt;'
    """
    return html.escape(printable(str(text)), quote=True)


def printable(text: str) -> str:
    r"""``text`` with a replacement character for each one that XML forbids, even escaped.

    Examples
    --------
    >>> printable("a\x00b") == "a\N{REPLACEMENT CHARACTER}b"
    True
    """
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def text_width(text: str, size: float = 12.0) -> float:
    """About how many pixels a line takes, erring on the wide side.

    Examples
    --------
    >>> text_width("iii") < text_width("mmm")
    True
    """
    total = 0.0
    for character in text:
        if character in _NARROW:
            total += 0.34
        elif character in _WIDE:
            total += 0.95
        elif character.isupper():
            total += 0.7
        elif ord(character) > 0x2E80 and unicodedata.east_asian_width(character) in "WF":
            total += 1.02
        else:
            total += 0.59
    return total * size


def markup_lines(markup: str) -> list[list[Run]]:
    """Plotly's label markup as lines of runs; a tag it does not know stays visible text.

    Examples
    --------
    >>> [[run.text for run in line] for line in markup_lines("<b>a</b><br>&lt;x&gt; <img>")]
    [['a'], ['<x> <img>']]
    """
    lines: list[list[Run]] = [[]]
    stack: list[Run] = [Run("")]
    at = 0
    for tag in _TAG.finditer(markup):
        _add(lines, stack[-1], markup[at : tag.start()])
        at = tag.end()
        closing, name, attributes = tag.group(1), tag.group(2).lower(), tag.group(3)
        if name == "br":
            lines.append([])
        elif not closing:
            stack.append(_opened(stack[-1], name, attributes))
        elif len(stack) > 1:
            stack.pop()
    _add(lines, stack[-1], markup[at:])
    return lines


def _add(lines: list[list[Run]], style: Run, raw: str) -> None:
    for position, piece in enumerate(raw.split("\n")):
        if position:
            lines.append([])
        if piece:
            lines[-1].append(replace(style, text=html.unescape(piece)))


def _opened(outer: Run, name: str, attributes: str) -> Run:
    if name in {"b", "strong"}:
        return replace(outer, bold=True)
    if name in {"i", "em"}:
        return replace(outer, italic=True)
    if name in {"sub", "sup"}:
        return replace(outer, size=(outer.size or 12) * 0.8, shift=-4 if name == "sup" else 3)
    styles = dict(_STYLE.findall(attributes))
    size = re.match(r"[\d.]+", styles.get("font-size", ""))
    return replace(
        outer,
        size=float(size.group()) if size else outer.size,
        colour=styles.get("color", outer.colour),
    )


def paint(attribute: str, colour: str) -> str:
    """A colour as an attribute; ``rgba()`` is split, since not every viewer reads it.

    Examples
    --------
    >>> paint("fill", "rgba(1,2,3,0.5)")
    ' fill="#010203" fill-opacity="0.5"'
    """
    found = _RGBA.fullmatch(colour.strip())
    if found is None:
        return f' {attribute}="{escape(colour)}"'
    red, green, blue = (min(255, int(part)) for part in found.groups()[:3])
    return f' {attribute}="#{red:02x}{green:02x}{blue:02x}" {attribute}-opacity="{found.group(4)}"'


def text_element(
    x: float,
    y: float,
    markup: str,
    *,
    size: float = 12.0,
    colour: str = "#1f2630",
    anchor: str = "start",
    valign: str = "middle",
    angle: float = 0.0,
    bold: bool = False,
) -> str:
    """A ``<text>`` at a point: ``anchor`` start, middle or end; ``valign`` top, middle, bottom."""
    lines = markup_lines(markup)
    step = size * 1.3
    top = {"top": 0.8 * size, "bottom": -0.25 * size - step * (len(lines) - 1)}.get(
        valign, 0.35 * size - step * (len(lines) - 1) / 2
    )
    spans: list[str] = []
    for number, line in enumerate(lines):
        place = f' x="{x:.1f}" y="{y + top + step * number:.1f}"'
        spans.append(f"<tspan{place}>{''.join(map(_run, line))}</tspan>")
    turn = f' transform="rotate({angle:g} {x:.1f} {y:.1f})"' if angle else ""
    weight = ' font-weight="600"' if bold else ""
    side = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text font-size="{size:g}"{paint("fill", colour)}{side}{weight}{turn}>' + (
        "".join(spans) + "</text>"
    )


def _run(run: Run) -> str:
    style = ""
    if run.bold:
        style += ' font-weight="600"'
    if run.italic:
        style += ' font-style="italic"'
    if run.size:
        style += f' font-size="{run.size:g}"'
    if run.colour:
        style += paint("fill", run.colour)
    if run.shift:
        style += f' dy="{run.shift:g}"'
    text = escape(run.text)
    return f"<tspan{style}>{text}</tspan>" if style else text
