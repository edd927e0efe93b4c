"""A painted line, and the mapping between its cells and the characters that a copy contains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.cells import cell_len, split_graphemes
from rich.segment import Segment


class Segments:
    """Styled text on one line. The command line paints it too, so that it is nothing of Textual's.

    Args:
        segments: In order.
        cell_length: Their width in cells, if it is known.
    """

    __slots__ = ("_cell_length", "_segments")

    def __init__(self, segments: Sequence[Segment], cell_length: int | None = None) -> None:
        self._segments = segments
        self._cell_length = cell_length

    def __iter__(self) -> Iterator[Segment]:
        return iter(self._segments)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Segments) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(tuple(self._segments))

    @property
    def text(self) -> str:
        """The text without its styles."""
        return "".join([segment.text for segment in self._segments])

    @property
    def cell_length(self) -> int:
        """The width in cells."""
        if self._cell_length is None:
            self._cell_length = sum([cell_len(segment.text) for segment in self._segments])
        return self._cell_length


class Run(NamedTuple):
    """A stretch of a line's cells that stands for a stretch of its logical line."""

    x: int
    """First cell."""
    cells: int
    start: int
    """Offset of the first character in the logical line."""
    length: int
    """Characters of the logical line; not necessarily those on screen."""
    exact: bool
    """Whether exactly these characters are shown; if not, the run is selected as a whole."""


class Link(NamedTuple):
    """A stretch of a painted line that opens an address."""

    line: int
    """Index among the piece's lines."""
    x0: int
    x1: int
    """One past the last cell."""
    url: str
    """Starts with `http:`, `https:` or `mailto:`."""


@dataclass(slots=True)
class Line:
    """One painted line of a piece.

    Without `runs`, the cells from `indent` on show `plain[logical][start : start + length]` character by
    character. With `runs`, each maps a range of cells to characters; cells without a run are decoration (table
    lines, padding). Use `offset_at` and `cells_of` rather than the fields.
    """

    strip: Segments
    """No wider than the layout's width; the widget fills the rest of the row."""
    logical: int
    """Index in the piece's `plain`."""
    start: int
    """Offset of the first content character in the logical line."""
    length: int
    """Content characters on this line; 0 for a code block's header, a blank line or a table rule."""
    indent: int
    """Cells of decoration before the content."""
    wrapped: bool = False
    """Whether the line continues the logical line of the line above."""
    runs: tuple[Run, ...] | None = None
    is_code: bool = False
    """Whether the line is part of a code block and fills the full width."""

    @property
    def is_folded(self) -> bool:
        """Whether the line shows one thing in place of its text, such as a label for a long paste."""
        return self.runs is not None and len(self.runs) == 1 and not self.runs[0].exact

    def offset_at(self, x: int) -> int:
        """Return the offset in the logical line of the character at cell `x`.

        Left of the content this is its first character; right of it, the offset after its last one.
        """
        runs = self.runs
        if runs is None:
            if x < self.indent or not self.length:
                return self.start
            return self.start + _characters(self._text(self.indent), x - self.indent, self.length)
        last = self.start
        for run in runs:
            if x < run.x:
                return max(last, run.start) if last == self.start else last
            if x < run.x + run.cells:
                if not run.exact:
                    return run.start if x - run.x < (run.cells + 1) // 2 else run.start + run.length
                return run.start + _characters(self._text(run.x), x - run.x, run.length)
            last = run.start + run.length
        return last

    def cells_of(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the cells that show the characters from `start` to `end` of the logical line.

        Returns:
            Ascending pairs of first cell and one past the last; empty if this line shows none of them.
        """
        runs = self.runs
        if runs is None:
            low, high = max(start, self.start), min(end, self.start + self.length)
            if low >= high:
                return []
            text = self._text(self.indent)
            x0 = self.indent + cell_len(text[: low - self.start])
            return [(x0, x0 + cell_len(text[low - self.start : high - self.start]))]
        found = []
        for run in runs:
            low, high = max(start, run.start), min(end, run.start + run.length)
            if low >= high:
                continue
            if not run.exact:
                found.append((run.x, run.x + run.cells))
                continue
            text = self._text(run.x)
            x0 = run.x + cell_len(text[: low - run.start])
            found.append((x0, x0 + cell_len(text[low - run.start : high - run.start])))
        return found

    def _text(self, x: int) -> str:
        """Return the text painted from cell `x` on."""
        text = self.strip.text
        if text.isascii():
            return text[x:]
        return text[_characters(text, x, len(text)) :]


def _characters(text: str, cells: int, limit: int) -> int:
    """Return how many characters fit in the first `cells` cells of a text, at most `limit`."""
    if text.isascii():
        return min(cells, limit)
    used = 0
    for start, _end, width in split_graphemes(text)[0]:
        if used + width > cells:
            return min(start, limit)
        used += width
    return min(len(text), limit)
