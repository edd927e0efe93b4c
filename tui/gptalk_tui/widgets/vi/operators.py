"""What operators do with a stretch of text."""

from __future__ import annotations

from dataclasses import dataclass

from gptalk_tui.widgets.vi.motions import Kind, Target
from gptalk_tui.widgets.vi.registers import Register
from gptalk_tui.widgets.vi.text import BLANKS, Lines, Place

SHIFT_WIDTH = 4
TAB_WIDTH = 8


@dataclass(frozen=True, slots=True)
class Stretch:
    """What an operator works on."""

    start: Place
    end: Place
    """Behind the last character; for lines, in the last of them."""
    is_lines: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not self.is_lines and self.start == self.end


def stretch_of(lines: Lines, cursor: Place, target: Target, operator: str) -> Stretch:
    """Return what an operator takes from the cursor to where a motion goes."""
    start = target.start if target.start is not None else cursor
    start, end = min(start, target.place), max(start, target.place)
    if target.kind is Kind.LINES:
        return Stretch(start, end, is_lines=True)
    is_inclusive = target.kind is Kind.INCLUSIVE
    if not is_inclusive and end[1] == 0 and end[0] > start[0]:
        row = end[0] - 1
        if lines.is_in_indent(start):
            return Stretch(start, (row, len(lines.rows[row])), is_lines=True)
        end, is_inclusive = (row, len(lines.rows[row])), False
    if is_inclusive:
        end = end[0], min(len(lines.rows[end[0]]), end[1] + 1)
    reaches_end = not lines.rows[end[0]][end[1] :].strip(BLANKS)
    takes_lines = operator == "d" and end[0] > start[0] and lines.is_in_indent(start) and reaches_end
    return Stretch(start, end, is_lines=takes_lines)


def taken(lines: Lines, stretch: Stretch) -> Register:
    """Return a stretch as a register keeps it."""
    if stretch.is_lines:
        rows = lines.rows[stretch.start[0] : stretch.end[0] + 1]
        return Register("".join(f"{row}\n" for row in rows), is_lines=True)
    return Register(lines.between(stretch.start, stretch.end))


def delete(lines: Lines, stretch: Stretch) -> Place:
    """Delete a stretch; return where the cursor goes."""
    if not stretch.is_lines:
        lines.replace(stretch.start, stretch.end, "")
        return lines.on_char(stretch.start)
    del lines.rows[stretch.start[0] : stretch.end[0] + 1]
    if not lines.rows:
        lines.rows.append("")
    row = min(stretch.start[0], lines.last)
    return row, lines.indent(row)


def empty(lines: Lines, stretch: Stretch) -> Place:
    """Delete a stretch to write in its place; of lines, an empty one is left."""
    if not stretch.is_lines:
        lines.replace(stretch.start, stretch.end, "")
        return stretch.start
    lines.rows[stretch.start[0] : stretch.end[0] + 1] = [""]
    return stretch.start[0], 0


def change_case(lines: Lines, stretch: Stretch, how: str) -> None:
    """Change the case of a stretch.

    Args:
        lines: The text.
        stretch: Where.
        how: `u`, `U` or `~`.
    """
    change = {"u": str.lower, "U": str.upper, "~": _swapped}[how]
    start, end = stretch.start, stretch.end
    if stretch.is_lines:
        start, end = (start[0], 0), (end[0], len(lines.rows[end[0]]))
    lines.replace(start, end, "".join(map(change, lines.between(start, end))))


def _swapped(char: str) -> str:
    changed = char.swapcase()
    return changed if len(changed) == 1 else char


def shift(lines: Lines, first: int, last: int, by: int) -> None:
    """Shift lines to the right, or to the left by a negative number of steps; empty ones stay empty."""
    for row in range(first, last + 1):
        line = lines.rows[row]
        text = line.lstrip(BLANKS)
        width = len(line[: len(line) - len(text)].expandtabs(TAB_WIDTH))
        if line:
            lines.rows[row] = " " * max(0, width + by * SHIFT_WIDTH) + text


def join(lines: Lines, row: int, count: int, *, with_blanks: bool) -> Place | None:
    """Join lines; return where the cursor goes, or None if there are not so many.

    Args:
        lines: The text.
        row: The first.
        count: How many.
        with_blanks: Whether their indentation becomes one blank.
    """
    if row + 1 > lines.last:
        return None
    count = min(count, lines.last - row + 1)
    text, column = lines.rows[row], 0
    for line in lines.rows[row + 1 : row + count]:
        column = len(text)
        if with_blanks:
            line = line.lstrip(BLANKS)
            if line and not line.startswith(")") and text and text[-1] not in BLANKS:
                text += " "
        text += line
    lines.rows[row : row + count] = [text]
    return lines.on_char((row, column))


def put(lines: Lines, cursor: Place, register: Register, count: int, *, is_after: bool) -> Place:
    """Insert a register; return where the cursor goes."""
    row, column = cursor
    if register.is_lines:
        rows = register.text.removesuffix("\n").split("\n") * count
        at = row + 1 if is_after else row
        lines.rows[at:at] = rows
        return at, lines.indent(at)
    if is_after and lines.rows[row]:
        column += 1
    end = lines.replace((row, column), (row, column), register.text * count)
    return lines.on_char((row, column) if "\n" in register.text else (end[0], end[1] - 1))
