"""Text objects: words, quotes, brackets and paragraphs around the cursor."""

from __future__ import annotations

from gptalk_tui.widgets.vi.motions import PAIRS, From, Kind, Target, closing_of, opening_of
from gptalk_tui.widgets.vi.text import BLANKS, Lines, Place
from gptalk_tui.widgets.vi.words import word_end

_BRACKETS = {
    "b": "(",
    "B": "{",
    "(": "(",
    ")": "(",
    "[": "[",
    "]": "[",
    "{": "{",
    "}": "{",
    "<": "<",
    ">": "<",
}
_QUOTES = "\"'`"


def text_object(around: bool, key: str, at: From) -> Target | None:
    """Return what `i` or `a` and a key select; None if there is none at the cursor.

    Args:
        around: Whether blanks, quotes or brackets around it belong to it, as for `a`.
        key: Which object.
        at: Where the cursor is.
    """
    if key in ("w", "W"):
        return _word(around, at, is_big=key == "W")
    if key in _BRACKETS:
        return _block(around, _BRACKETS[key], at)
    if key in _QUOTES:
        return _quoted(around, key, at)
    return _paragraph(around, at) if key == "p" else None


def _word(around: bool, at: From, *, is_big: bool) -> Target | None:
    row, column = at.place
    line = at.lines.rows[row]
    if around and at.count == 1 and not at.lines.class_at(at.place, is_big=is_big):
        return _blanks_and_word(at, is_big=is_big)
    if not line:
        return Target((row, 0), Kind.INCLUSIVE, start=(row, 0), is_object=True) if at.count == 1 else None

    def kind(column: int) -> int:
        return at.lines.class_at((row, column), is_big=is_big)

    def end_of_run(column: int) -> int:
        while column + 1 < len(line) and kind(column + 1) == kind(column):
            column += 1
        return column

    start = column
    while start and kind(start - 1) == kind(column):
        start -= 1
    end = end_of_run(column)
    began_white = not kind(column)
    for step in range(at.count):
        if step:
            if end + 1 >= len(line):
                return None
            end = end_of_run(end + 1)
        # A word takes the blanks after it; from a blank on, the word after it.
        if around and end + 1 < len(line) and (kind(end + 1) == 0 or kind(end) == 0):
            end = end_of_run(end + 1)
        elif around and not kind(end):
            return None
    if around and not began_white and kind(end):
        before = start
        while before and kind(before - 1) == 0:
            before -= 1
        start = before or start
    return Target((row, end), Kind.INCLUSIVE, start=(row, start), is_object=True)


def _blanks_and_word(at: From, *, is_big: bool) -> Target | None:
    """Return the blanks at the cursor and the word after them, which may be in a later line."""
    row, start = at.place
    while start and at.lines.class_at((row, start - 1), is_big=is_big) == 0:
        start -= 1
    end, is_all = word_end(at.lines, (row, start), 1, is_big=is_big, stops_here=True, stops_empty=True)
    return Target(end, Kind.INCLUSIVE, start=(row, start), is_object=True) if is_all else None


def _block(around: bool, opening: str, at: From) -> Target | None:
    lines, place = at.lines, at.place
    closing = {**PAIRS, "<": ">"}[opening]
    start: Place | None = place
    count = at.count
    if lines.char(place) == opening:
        count -= 1
    for _ in range(count):
        start = opening_of(lines, start, opening) if start is not None else None
    if start is None and at.count == 1:
        start = _next_opening(lines, place, opening)
    if start is None:
        return None
    end = closing_of(lines, start, opening)
    if end is None or lines.char(end) != closing:
        return None
    if around:
        return Target(end, Kind.INCLUSIVE, start=start, is_object=True)
    inner = lines.after(start)
    if inner is not None and inner[1] == len(lines.rows[inner[0]]) and inner[1] and inner[0] < lines.last:
        inner = inner[0] + 1, 0
    if inner is None or inner >= end:
        return Target(inner or end, Kind.EXCLUSIVE, start=inner or end, is_object=True)
    is_line_start = end[1] == 0
    if opening == "{" and lines.is_in_indent(end):
        is_line_start = True
    if is_line_start and end[0] > inner[0]:
        return Target((end[0], 0), Kind.EXCLUSIVE, start=inner, is_object=True)
    return Target(end, Kind.EXCLUSIVE, start=inner, is_object=True)


def _next_opening(lines: Lines, place: Place, opening: str) -> Place | None:
    for row in range(place[0], len(lines.rows)):
        column = lines.rows[row].find(opening, place[1] if row == place[0] else 0)
        if column >= 0:
            return row, column
    return None


def _next_quote(line: str, column: int, quote: str) -> int:
    while column < len(line):
        if line[column] == "\\":
            column += 1
        elif line[column] == quote:
            return column
        column += 1
    return -1


def _previous_quote(line: str, column: int, quote: str) -> int:
    while column > 0:
        column -= 1
        escapes = 0
        while column - escapes > 0 and line[column - escapes - 1] == "\\":
            escapes += 1
        if escapes % 2:
            column -= escapes
        elif line[column] == quote:
            return column
    return -1


def _quoted(around: bool, quote: str, at: From) -> Target | None:
    row, column = at.place
    line = at.lines.rows[row]
    if line[column : column + 1] == quote:
        start, after = -1, 0
        while True:
            start = line.find(quote, after)
            if start < 0 or start > column:
                return None
            end = _next_quote(line, start + 1, quote)
            if end < 0:
                return None
            if start <= column <= end:
                break
            after = end + 1
    else:
        start = _previous_quote(line, column, quote)
        if start < 0:
            start = line.find(quote, column)
        if start < 0:
            return None
        end = _next_quote(line, start + 1, quote)
        if end < 0:
            return None
    if around:
        after = end + 1
        while after < len(line) and line[after] in BLANKS:
            after += 1
        if after == end + 1:
            while start and line[start - 1] in BLANKS:
                start -= 1
        return Target((row, after - 1), Kind.INCLUSIVE, start=(row, start), is_object=True)
    if at.count > 1:
        return Target((row, end), Kind.INCLUSIVE, start=(row, start), is_object=True)
    return Target((row, end), Kind.EXCLUSIVE, start=(row, start + 1), is_object=True)


def _is_blank(lines: Lines, row: int) -> bool:
    return not lines.rows[row].strip(BLANKS)


def _paragraph(around: bool, at: From) -> Target | None:
    lines, row = at.lines, at.place[0]
    start = end = row
    while start and _is_blank(lines, start - 1) == _is_blank(lines, row):
        start -= 1

    def end_of_run(row: int) -> int:
        while row < lines.last and _is_blank(lines, row + 1) == _is_blank(lines, row):
            row += 1
        return row

    end = end_of_run(end)
    for step in range((2 if around else 1) * at.count - 1):
        if end < lines.last:
            end = end_of_run(end + 1)
        elif around and step == 2 * at.count - 2 and not _is_blank(lines, start):
            # The last paragraph takes the empty lines before it.
            while start and _is_blank(lines, start - 1):
                start -= 1
        else:
            return None
    return Target((end, 0), Kind.LINES, start=(start, 0), is_object=True)
