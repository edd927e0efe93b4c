"""A text by lines, and places in it."""

from __future__ import annotations

import unicodedata
from typing import TypeAlias

Place: TypeAlias = "tuple[int, int]"
"""Row and column, in characters, both from 0. The column after the last character is where the line ends."""

BLANKS = " \t"


def class_of(char: str, *, is_big: bool = False) -> int:
    """Return which kind of word a character belongs to: 0 for a blank or none.

    Args:
        char: The character; empty at the end of a line.
        is_big: Whether all but blanks make one word, as for `W`.
    """
    if not char or char in BLANKS:
        return 0
    if is_big:
        return 1
    if char == "_" or char.isalnum():
        return _script_of(char)
    return 2 if unicodedata.category(char) in ("Mn", "Mc") else 1


def _script_of(char: str) -> int:
    if char < "\u2e80":
        return 2
    name = unicodedata.name(char, "")
    for kind, script in enumerate(("CJK", "HIRAGANA", "KATAKANA", "HANGUL"), 3):
        if name.startswith(script):
            return kind
    return 2


class Lines:
    """The lines of a text. There is always one."""

    def __init__(self, text: str = "") -> None:
        self.rows: list[str] = text.split("\n")

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.rows)

    @property
    def last(self) -> int:
        """The last row."""
        return len(self.rows) - 1

    def char(self, place: Place) -> str:
        """Return the character at a place; empty at the end of a line."""
        return self.rows[place[0]][place[1] : place[1] + 1]

    def class_at(self, place: Place, *, is_big: bool) -> int:
        """Return the kind of word at a place."""
        return class_of(self.char(place), is_big=is_big)

    def indent(self, row: int) -> int:
        """Return the column of the first character that is no blank; of the last one if there is none."""
        return min(self.indent_end(row), max(0, len(self.rows[row]) - 1))

    def indent_end(self, row: int) -> int:
        """Return the column of the first character that is no blank; of the end if there is none."""
        return len(self.rows[row]) - len(self.rows[row].lstrip(BLANKS))

    def is_in_indent(self, place: Place) -> bool:
        """Whether nothing but blanks comes before a place."""
        return self.indent_end(place[0]) >= place[1]

    def after(self, place: Place) -> Place | None:
        """Return the next place, which may be the end of the line; None at the end of the text."""
        row, column = place
        if column < len(self.rows[row]):
            return row, column + 1
        return (row + 1, 0) if row < self.last else None

    def before(self, place: Place) -> Place | None:
        """Return the place before, which may be the end of a line; None at the start of the text."""
        row, column = place
        if column:
            return row, column - 1
        return (row - 1, len(self.rows[row - 1])) if row else None

    def on_char(self, place: Place) -> Place:
        """Return a place moved from the end of its line to the last character."""
        row = max(0, min(place[0], self.last))
        return row, max(0, min(place[1], len(self.rows[row]) - 1))

    def between(self, start: Place, end: Place) -> str:
        """Return the text from a place up to another."""
        if start[0] == end[0]:
            return self.rows[start[0]][start[1] : end[1]]
        middle = self.rows[start[0] + 1 : end[0]]
        return "\n".join([self.rows[start[0]][start[1] :], *middle, self.rows[end[0]][: end[1]]])

    def replace(self, start: Place, end: Place, text: str) -> Place:
        """Replace the text from a place up to another; return where the new text ends."""
        head, tail = self.rows[start[0]][: start[1]], self.rows[end[0]][end[1] :]
        rows = (head + text).split("\n")
        ends = start[0] + len(rows) - 1, len(rows[-1])
        rows[-1] += tail
        self.rows[start[0] : end[0] + 1] = rows
        return ends
