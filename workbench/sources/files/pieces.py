"""JSON text cut into pieces of whole documents, one a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import orjson

from workbench.model.batch import LONGEST_RAW, Reject

__all__ = ["Piece", "documents", "is_one_a_line", "lines"]

PIECE_BYTES = 4 << 20
_NEWLINE = ord("\n")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Piece:
    """Documents that are decoded together.

    Attributes
    ----------
    text
        One JSON document a line.
    first
        Number of the first of them within the file, from 1.
    unit
        What ``first`` counts: ``line`` or ``document``.
    rejects, caveats
        What was found wrong while cutting.
    """

    text: bytes
    first: int = 1
    unit: str = "line"
    rejects: tuple[Reject, ...] = ()
    caveats: tuple[str, ...] = field(default_factory=tuple)


def is_one_a_line(head: bytes, is_request: Callable[[object], bool]) -> bool:
    """Whether one of the first lines is a whole document for which ``is_request`` holds.

    Text whose first line is longer than ``head`` is one document a line too: whoever breaks a
    document over several lines breaks it early.
    """
    if b"\n" not in head:
        return True
    for line in head.removeprefix(_BOM).split(b"\n")[:50]:
        if line.strip():
            try:
                if is_request(orjson.loads(line)):
                    return True
            except orjson.JSONDecodeError:
                continue
    return False


def lines(blocks: Iterable[bytes]) -> Iterator[Piece]:
    """Pieces of whole lines; a last line that is cut short becomes a caveat."""
    waiting: list[bytes] = []
    size = 0
    first = 1
    for block in blocks:
        waiting.append(block)
        size += len(block)
        # A document longer than a piece is joined once, not at every block.
        if size < PIECE_BYTES or b"\n" not in block:
            continue
        end = block.rfind(b"\n") + 1
        text = b"".join([*waiting[:-1], memoryview(block)[:end]])
        yield Piece(_without_bom(text, first), first)
        # bytes.count would keep every other thread waiting for a hundredth of a second.
        first += int(np.count_nonzero(np.frombuffer(text, np.uint8) == _NEWLINE))
        waiting, size = [block[end:]], len(block) - end
    text = _without_bom(b"".join(waiting), first)
    end = text.rfind(b"\n") + 1
    last = text[end:].strip()
    if not last or _is_json(last):
        yield Piece(text, first)
    else:
        yield Piece(text[:end], first)
        yield from documents([last], after=first + text.count(b"\n"))


def _without_bom(text: bytes, first: int) -> bytes:
    return text.removeprefix(_BOM) if first == 1 else text


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            json.loads(text)
        except (ValueError, RecursionError) as error:
            return isinstance(error, RecursionError)
    return True


def documents(blocks: Iterable[bytes], after: int = 0) -> Iterator[Piece]:
    """Pieces from documents that span lines, or several of which share one.

    The whole text is held in memory: where a document ends is known only when it has been read.

    Parameters
    ----------
    blocks
        The text.
    after
        How many documents came before it. The first of a file is refused when it is cut short,
        since then there is nothing else; a later one is a caveat.
    """
    text = b"".join(blocks).removeprefix(_BOM).decode(errors="surrogateescape")
    decoder = json.JSONDecoder()
    position = _next_start(text, 0)
    number = after + 1
    waiting: list[bytes] = []
    size = 0
    while position < len(text):
        refused: Piece | None = None
        try:
            _, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            following = _next_document(text, position)
            refused = _refused(text, position, following, number, error)
            position = following
        else:
            waiting.append(_one_line(text[position:end]))
            size += len(waiting[-1])
            position = _next_start(text, end)
            number += 1
        if waiting and (refused or size >= PIECE_BYTES):
            yield _joined(waiting, number)
            waiting, size = [], 0
        if refused:
            yield refused
            number += 1
    if waiting:
        yield _joined(waiting, number)


def _joined(documents: list[bytes], following: int) -> Piece:
    """Documents in a row, the last of them before number ``following``."""
    return Piece(b"\n".join(documents), following - len(documents), "document")


def _next_start(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n,":
        position += 1
    return position


def _next_document(text: str, position: int) -> int:
    """Where the next document may begin: at a brace that starts a line."""
    found = text.find("\n{", position + 1)
    return len(text) if found < 0 else found + 1


def _refused(text: str, begin: int, end: int, number: int, error: Exception) -> Piece:
    raw = text[begin:end].encode(errors="surrogateescape").decode(errors="replace")
    if end == len(text) and number > 1 and _is_cut(error, text):
        caveat = f"the last record is cut short ({len(raw):,} characters) and was left out"
        return Piece(b"", number, "document", caveats=(caveat,))
    reason = "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        line = text.count("\n", 0, error.pos) + 1
        reason = f"not JSON: {error.msg} (line {line}, column {error.colno})"
    reject = Reject(f"document {number}", reason, raw[:LONGEST_RAW])
    return Piece(b"", number, "document", rejects=(reject,))


def _is_cut(error: Exception, text: str) -> bool:
    """Whether a document was sound until the text ended: within a string, a word or an escape."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip()) - 8


def _one_line(document: str) -> bytes:
    text = document.encode(errors="surrogateescape")
    try:
        return orjson.dumps(orjson.loads(text))
    except orjson.JSONDecodeError:
        # Blanks between tokens and NaN are all that changes; what is wrong stays to be refused.
        return text.replace(b"\r", b" ").replace(b"\n", b" ")
