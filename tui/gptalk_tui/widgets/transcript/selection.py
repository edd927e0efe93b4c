"""The selection, by places in the text rather than on screen: it survives scrolling, resizing and streaming."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from gptalk_client.records import Record
from gptalk_tui.markdown.pieces import Piece
from gptalk_tui.widgets.transcript.document import Document

END_OF_LINE = 1 << 30
_WORD = re.compile(r"\w+|\s+|[^\w\s]")


class Spot(NamedTuple):
    """A place in the text: message, row in the message, logical line in the row, character in the line."""

    message: int
    row: int
    logical: int
    offset: int


class Unit(Enum):
    """The unit that a selection grows by."""

    CHARACTER = 1
    WORD = 2
    LINE = 3


class Selection(Record, frozen=True):
    """From one spot to another, in either order."""

    anchor: Spot
    head: Spot
    unit: Unit = Unit.CHARACTER

    @property
    def is_empty(self) -> bool:
        """Whether it contains nothing."""
        return self.anchor == self.head

    @property
    def ends(self) -> tuple[Spot, Spot]:
        """The earlier and the later end."""
        return (self.anchor, self.head) if self.anchor <= self.head else (self.head, self.anchor)

    def range_in(self, message: int, row: int, logical: int) -> tuple[int, int] | None:
        """Return the selected characters of a logical line; None if there are none."""
        start, end = self.ends
        place = (message, row, logical)
        if place < start[:3] or place > end[:3]:
            return None
        low = start.offset if place == start[:3] else 0
        high = end.offset if place == end[:3] else END_OF_LINE
        return (low, high) if low < high else None


def select(document: Document, anchor: Spot, head: Spot, unit: Unit) -> Selection:
    """Return the selection between two spots, extended to whole units."""
    if unit is Unit.CHARACTER:
        return Selection(anchor, head, unit)
    low, high = (anchor, head) if anchor <= head else (head, anchor)
    start, _ = _unit_at(document, low, unit)
    _, end = _unit_at(document, high, unit)
    first, last = low._replace(offset=start), high._replace(offset=end)
    return Selection(first, last, unit) if anchor <= head else Selection(last, first, unit)


def selected_text(document: Document, selection: Selection) -> str:
    """Return the selected text: no newlines from wrapping, no bars, bullets and nesting as in the source."""
    start, end = selection.ends
    parts: list[str] = []
    for message in range(start.message, min(end.message, len(document.entries) - 1) + 1):
        if parts:
            parts.append("\n\n")
        parts.append(_text_of_message(document, selection, message).strip("\n"))
    return "".join(parts)


def shifted(document: Document, spot: Spot) -> Spot:
    """Return a spot's new place after its row was frozen as several pieces."""
    rows = document.rows(spot.message)
    row, logical = spot.row, spot.logical
    while rows.is_frozen(row):
        count = len(document.rendered(spot.message, row).plain)
        if logical < count or row + 1 >= len(rows.heights) or rows.piece(row + 1) is None:
            break
        row, logical = row + 1, logical - count
    return spot._replace(row=row, logical=logical)


def _text_of_message(document: Document, selection: Selection, message: int) -> str:
    start, end = selection.ends
    rows = document.rows(message)
    first = start.row if message == start.message else 1
    last = end.row if message == end.message else len(rows.heights) - 1
    lines: list[tuple[int | None, str]] = []
    for row in range(max(1, first), last + 1):
        piece = rows.piece(row)
        if piece is None:
            continue
        rendered = document.rendered(message, row)
        for logical, (line, indent) in enumerate(zip(rendered.plain, rendered.indents, strict=True)):
            chosen = selection.range_in(message, row, logical)
            text = line[chosen[0] : chosen[1]] if chosen is not None else ""
            if lines and piece.joins_previous and logical == 0:
                before, copied = lines[-1]
                lines[-1] = (before, copied + _space_at_cut(rows.piece(row - 1), copied) + text)
            else:
                # A line that is selected from its middle has no place in a list.
                lines.append((None if chosen is not None and chosen[0] else indent, text))
    least = min((indent for indent, text in lines if text and indent is not None), default=0)
    return "\n".join(" " * (indent - least) + text if text and indent else text for indent, text in lines)


def _space_at_cut(before: Piece | None, copied: str) -> str:
    """Return the space where a long line was cut into pieces, unless it was copied: only code keeps it."""
    return " " if before is not None and before.source.endswith(" ") and not copied.endswith(" ") else ""


def _unit_at(document: Document, spot: Spot, unit: Unit) -> tuple[int, int]:
    plain = document.rendered(spot.message, spot.row).plain
    line = plain[spot.logical] if spot.logical < len(plain) else ""
    if unit is Unit.LINE:
        return 0, len(line)
    for word in _WORD.finditer(line):
        if word.start() <= spot.offset < word.end():
            return word.start(), word.end()
    return min(spot.offset, len(line)), min(spot.offset, len(line))
