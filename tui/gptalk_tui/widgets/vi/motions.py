"""Motions: where each one goes, and what an operator takes on the way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gptalk_tui.widgets.vi.text import BLANKS, Lines, Place
from gptalk_tui.widgets.vi.words import next_word, previous_end, previous_word, word_end

LINE_END = 1_000_000_000
"""The column that is wanted after `$`: that of the last character, in whichever line."""

PAIRS = {"(": ")", "[": "]", "{": "}"}
_OPENING = {closing: opening for opening, closing in PAIRS.items()}


class Kind(Enum):
    """What an operator takes of where a motion ends."""

    EXCLUSIVE = 1
    INCLUSIVE = 2
    LINES = 3


@dataclass(frozen=True, slots=True)
class Target:
    """Where a motion goes."""

    place: Place
    kind: Kind = Kind.EXCLUSIVE
    want: int | None = None
    """The column that `j` and `k` keep to; None: the one that was reached."""
    start: Place | None = None
    """Where a text object starts; None for a motion from the cursor."""
    is_object: bool = False


@dataclass(frozen=True, slots=True)
class From:
    """Where a motion starts."""

    lines: Lines
    place: Place
    want: int
    count: int
    has_count: bool
    operator: str
    """What waits for the motion; empty for the cursor alone."""
    is_visual: bool = False


def move(key: str, at: From) -> Target | None:
    """Return where a motion of one key, or of `g` and a key, goes; None if it fails."""
    found = _SIMPLE.get(key)
    return found(at) if found is not None else None


def is_motion(key: str) -> bool:
    """Whether a key, or `g` and a key, is a motion that needs no more keys."""
    return key in _SIMPLE


def _left(at: From) -> Target | None:
    row, column = at.place
    if not column and not at.operator:
        return None
    return Target((row, max(0, column - at.count)))


def _right(at: From) -> Target | None:
    row, column = at.place
    length = len(at.lines.rows[row])
    end = length if at.operator or at.is_visual else length - 1
    if column >= end and not at.operator:
        return None
    return Target((row, min(end, column + at.count)))


def _back(at: From) -> Target | None:
    place = at.place
    for _ in range(at.count):
        row, column = place
        if column:
            place = row, column - 1
        elif row:
            place = row - 1, max(0, len(at.lines.rows[row - 1]) - 1)
    return Target(place) if place != at.place else None


def _forth(at: From) -> Target | None:
    place = at.place
    for _ in range(at.count):
        row, column = place
        if column < len(at.lines.rows[row]) - (not at.operator):
            place = row, column + 1
        elif row < at.lines.last:
            place = row + 1, 0
    return Target(place) if place != at.place else None


def _vertical(at: From, by: int) -> Target | None:
    row = at.place[0]
    there = max(0, min(at.lines.last, row + by))
    if by and there == row:
        return None
    end = len(at.lines.rows[there]) - (not at.is_visual)
    return Target((there, max(0, min(at.want, end))), Kind.LINES, at.want)


def _down(at: From) -> Target | None:
    return _vertical(at, at.count)


def _up(at: From) -> Target | None:
    return _vertical(at, -at.count)


def _to_indent(at: From, by: int) -> Target | None:
    there = at.place[0] + by
    if not 0 <= there <= at.lines.last:
        if by < 0 or at.place[0] == at.lines.last:
            return None
        there = at.lines.last
    return Target((there, at.lines.indent(there)), Kind.LINES)


def _line_start(at: From) -> Target:
    return Target((at.place[0], 0))


def _text_start(at: From) -> Target:
    return Target((at.place[0], at.lines.indent(at.place[0])))


def _line_end(at: From) -> Target | None:
    row = at.place[0]
    if at.count > 1:
        if row == at.lines.last:
            return None
        row = min(at.lines.last, row + at.count - 1)
    length = len(at.lines.rows[row])
    column = length if at.is_visual else max(0, length - 1)
    return Target((row, column), Kind.INCLUSIVE, LINE_END)


def _text_end(at: From) -> Target | None:
    row = at.place[0] + at.count - 1
    if row > at.lines.last:
        return None
    return Target((row, max(0, len(at.lines.rows[row].rstrip(BLANKS)) - 1)), Kind.INCLUSIVE)


def _column(at: From) -> Target:
    row = at.place[0]
    column = max(0, min(at.count - 1, len(at.lines.rows[row]) - 1))
    return Target((row, column), Kind.EXCLUSIVE, at.count - 1)


def _first_line(at: From) -> Target:
    row = min(at.lines.last, at.count - 1)
    return Target((row, at.lines.indent(row)), Kind.LINES)


def _last_line(at: From) -> Target:
    row = min(at.lines.last, at.count - 1) if at.has_count else at.lines.last
    return Target((row, at.lines.indent(row)), Kind.LINES)


def _word(at: From, *, is_big: bool) -> Target | None:
    lines, start = at.lines, at.place
    if at.operator == "c" and lines.class_at(start, is_big=is_big):
        place, _ = word_end(lines, start, at.count, is_big=is_big, stops_here=True)
        return Target(lines.on_char(place), Kind.INCLUSIVE)
    place, is_all = next_word(lines, start, at.count, is_big=is_big, stays_in_line=bool(at.operator))
    if not is_all and not at.operator:
        moved = lines.on_char(place)
        return Target(moved) if moved != start else None
    if place[1] and place[1] == len(lines.rows[place[0]]) and place != start:
        return Target((place[0], place[1] - 1), Kind.INCLUSIVE)
    return Target(place)


def _word_end(at: From, *, is_big: bool) -> Target | None:
    place, is_all = word_end(at.lines, at.place, at.count, is_big=is_big)
    moved = at.lines.on_char(place)
    if not is_all and not at.operator and moved == at.place:
        return None
    return Target(moved, Kind.INCLUSIVE)


def _word_back(at: From, *, is_big: bool) -> Target | None:
    place, is_all = previous_word(at.lines, at.place, at.count, is_big=is_big)
    if not is_all and place == at.place:
        return None
    return Target(place)


def _end_back(at: From, *, is_big: bool) -> Target | None:
    place, is_all = previous_end(at.lines, at.place, at.count, is_big=is_big)
    if not is_all and (place == at.place or at.operator):
        return None
    return Target(at.lines.on_char(place), Kind.INCLUSIVE)


def _paragraph(at: From, by: int) -> Target | None:
    rows, row = at.lines.rows, at.place[0]
    for left in range(at.count - 1, -1, -1):
        has_text = False
        while True:
            has_text = has_text or bool(rows[row])
            if not 0 <= row + by < len(rows):
                if left:
                    return None
                break
            row += by
            if has_text and not rows[row]:
                break
    if by > 0 and row == at.lines.last and rows[row]:
        return Target((row, len(rows[row]) - 1), Kind.INCLUSIVE)
    return Target((row, 0))


def _match(at: From) -> Target | None:
    if at.has_count:
        row = (at.count * len(at.lines.rows) + 99) // 100 - 1
        return Target((row, at.lines.indent(row)), Kind.LINES) if row <= at.lines.last else None
    row, column = at.place
    line = at.lines.rows[row]
    while column < len(line) and line[column] not in PAIRS and line[column] not in _OPENING:
        column += 1
    if column >= len(line):
        return None
    char = line[column]
    if char in PAIRS:
        place = closing_of(at.lines, (row, column), char)
    else:
        place = opening_of(at.lines, (row, column), _OPENING[char])
    return Target(place, Kind.INCLUSIVE) if place is not None else None


def closing_of(lines: Lines, place: Place, opening: str) -> Place | None:
    """Return the bracket that closes the one at a place."""
    depth, closing = 0, {**PAIRS, "<": ">"}[opening]
    for row in range(place[0], len(lines.rows)):
        line = lines.rows[row]
        for column in range(place[1] + 1 if row == place[0] else 0, len(line)):
            if line[column] == opening:
                depth += 1
            elif line[column] == closing:
                if not depth:
                    return row, column
                depth -= 1
    return None


def opening_of(lines: Lines, place: Place, opening: str) -> Place | None:
    """Return the bracket that is open at a place."""
    depth, closing = 0, {**PAIRS, "<": ">"}[opening]
    for row in range(place[0], -1, -1):
        line = lines.rows[row]
        for column in range((place[1] if row == place[0] else len(line)) - 1, -1, -1):
            if line[column] == closing:
                depth += 1
            elif line[column] == opening:
                if not depth:
                    return row, column
                depth -= 1
    return None


def find_char(key: str, char: str, at: From, *, is_repeat: bool = False) -> Target | None:
    """Return where `f`, `F`, `t` or `T` goes.

    Args:
        key: Which of them.
        char: What to find.
        at: Where it starts.
        is_repeat: Whether `;` or `,` repeats it, which goes on from a character next to the cursor.
    """
    row, column = at.place
    line = at.lines.rows[row]
    by = 1 if key in "ft" else -1
    is_till = key in "tT"
    if (
        is_till
        and is_repeat
        and at.count == 1
        and line[column + by : column + by + 1] == char
        and column + by >= 0
    ):
        column += by
    for _ in range(at.count):
        column = line.find(char, column + 1) if by > 0 else line.rfind(char, 0, max(0, column))
        if column < 0:
            return None
    column -= by if is_till else 0
    return Target((row, column), Kind.INCLUSIVE if by > 0 else Kind.EXCLUSIVE)


_SIMPLE = {
    "h": _left, "left": _left, "l": _right, "right": _right, "backspace": _back, " ": _forth,
    "j": _down, "down": _down, "k": _up, "up": _up,
    "+": lambda at: _to_indent(at, at.count), "-": lambda at: _to_indent(at, -at.count),
    "_": lambda at: _to_indent(at, at.count - 1),
    "0": _line_start, "home": _line_start, "^": _text_start, "$": _line_end, "end": _line_end,
    "g_": _text_end, "|": _column, "gg": _first_line, "G": _last_line,
    "w": lambda at: _word(at, is_big=False), "W": lambda at: _word(at, is_big=True),
    "e": lambda at: _word_end(at, is_big=False), "E": lambda at: _word_end(at, is_big=True),
    "b": lambda at: _word_back(at, is_big=False), "B": lambda at: _word_back(at, is_big=True),
    "ge": lambda at: _end_back(at, is_big=False), "gE": lambda at: _end_back(at, is_big=True),
    "{": lambda at: _paragraph(at, -1), "}": lambda at: _paragraph(at, 1), "%": _match,
}  # fmt: skip
