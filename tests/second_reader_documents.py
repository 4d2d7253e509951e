"""Files to JSON documents, for the second reader: gzip, marks, broken and cut documents."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def content(path: Path) -> tuple[str, bool]:
    """The file's text, and whether its compressed form ends too early."""
    data = path.read_bytes()
    cut = False
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            data, cut = zlib.decompressobj(wbits=31).decompress(data), True
    return data.decode("utf-8-sig", errors="surrogateescape"), cut


def documents(text: str) -> Iterator[tuple[str, Any, str]]:
    """Each document as ('good', value, raw), ('broken', None, raw) or ('cut', None, raw).

    After a broken one, reading goes on at the next line that starts with a brace.
    """
    decoder = json.JSONDecoder(strict=False)
    at, end = 0, len(text)
    while True:
        while at < end and text[at] in " \t\r\n":
            at += 1
        if at == end:
            return
        try:
            if text[at] != "{":
                raise json.JSONDecodeError("A document starts with a brace", text, at)
            value, stop = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError) as error:
            following = text.find("\n{", at + 1)
            stop = end if following < 0 else following + 1
            short = (
                text[at] == "{" and isinstance(error, json.JSONDecodeError) and is_cut(text, error)
            )
            yield "cut" if stop == end and short else "broken", None, text[at:stop]
        else:
            raw = text[at:stop]
            yield ("broken" if re.search("[\udc80-\udcff]", raw) else "good"), value, raw
        at = stop


def is_cut(text: str, error: json.JSONDecodeError) -> bool:
    """Whether nothing is wrong with the text but that it ends."""
    if error.msg.startswith("Unterminated string"):
        return True
    if error.msg.startswith("Invalid \\"):
        return "\n" not in text[error.pos :] and '"' not in text[error.pos :]
    rest = text[error.pos :].rstrip()
    words = ("true", "false", "null", "NaN", "Infinity", "-Infinity")
    return any(word.startswith(rest) for word in words) or bool(
        re.fullmatch(r"-|\.\d*([eE][+-]?)?|[eE][+-]?", rest)
    )
