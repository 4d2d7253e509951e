"""Reading marks back out of a twin, to compare them with the data."""

from __future__ import annotations

import re
from xml.etree import ElementTree

__all__ = ["SVG", "boxes", "dots", "lines_of", "parse", "texts"]

SVG = "{http://www.w3.org/2000/svg}"
_BOX = re.compile(r"M(-?[\d.]+) (-?[\d.]+)h(-?[\d.]+)v(-?[\d.]+)h-?[\d.]+z")
_DOT = re.compile(r"M(-?[\d.]+) (-?[\d.]+)h0")


def parse(svg: str) -> ElementTree.Element:
    """The drawing as a tree; fails where it is not well-formed."""
    return ElementTree.fromstring(svg)


def _paths(svg: str) -> list[str]:
    tree = parse(svg)
    inner = [node for node in tree.iter(f"{SVG}svg") if node.get("class") == "wb-marks"]
    return [path.get("d") or "" for node in inner for path in node.iter(f"{SVG}path")]


def boxes(svg: str) -> list[tuple[float, float, float, float]]:
    """Left, top, width and height of every bar and cell."""
    found = [match for path in _paths(svg) for match in _BOX.findall(path)]
    return [(float(a), float(b), float(c), float(d)) for a, b, c, d in found]


def dots(svg: str) -> list[tuple[float, float]]:
    """Every round marker."""
    return [(float(x), float(y)) for path in _paths(svg) for x, y in _DOT.findall(path)]


def lines_of(svg: str) -> list[list[tuple[float, float]]]:
    """Every run of a line."""
    runs: list[list[tuple[float, float]]] = []
    for path in _paths(svg):
        for piece in path.split("M")[1:]:
            if "L" in piece and "z" not in piece:
                points = [part.split() for part in piece.split("L")]
                runs.append([(float(x), float(y)) for x, y in points])
    return runs


def texts(svg: str) -> list[str]:
    """The words of every label, as a reader sees them."""
    return ["".join(node.itertext()) for node in parse(svg).iter(f"{SVG}text")]
