"""The places of a snippet that Tab walks: they move and grow with what is typed."""

from __future__ import annotations

from collections.abc import Iterable


class Stops:
    """Ranges of a text, in characters, none of which overlap.

    Args:
        ranges: Start and end of each, in order.
    """

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        self._ranges = list(ranges)
        self._at = -1

    def next(self) -> tuple[int, int] | None:
        """Go to the next place; None behind the last one."""
        self._at += 1
        return self._ranges[self._at] if self._at < len(self._ranges) else None

    def previous(self) -> tuple[int, int]:
        """Go to the place before; the first one stays."""
        self._at = max(0, self._at - 1)
        return self._ranges[self._at]

    def edited(self, start: int, end: int, length: int) -> None:
        """Follow an edit, which belongs to the place that it touches.

        Args:
            start: Where text was replaced.
            end: The end of what was replaced.
            length: How much text is there now.
        """
        by = length - (end - start)
        moved: list[tuple[int, int]] = []
        for number, (first, last) in enumerate(self._ranges):
            is_here = first <= start and end <= last and (first < end or start < last or number == self._at)
            if is_here:
                moved.append((first, last + by))
            elif first >= end:
                moved.append((first + by, last + by))
            elif last <= start:
                moved.append((first, last))
            else:  # a part of it was replaced with its surroundings
                moved.append((start, start + length))
        self._ranges = moved
