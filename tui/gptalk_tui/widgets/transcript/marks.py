"""Matches in the transcript, by their place in the text, so that no resize loses them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from gptalk_tui.widgets.transcript.document import Document
from gptalk_tui.widgets.transcript.position import Position
from gptalk_tui.widgets.transcript.selection import Spot, shifted

Find: TypeAlias = Callable[[str], Sequence[tuple[int, int]]]
"""Returns start and end of each match in a text, ascending and not overlapping."""

MAX_CACHED = 512


class Place(NamedTuple):
    """One match, or a message that matches only in its source, such as in a link's address."""

    position: Position
    """The painted line where it starts."""
    spot: Spot | None
    """Its first character; None if nothing shown matches."""
    number: int
    """Its number among the message's matches, from 1."""


class Marks:
    """Matches to highlight while lines are painted.

    Args:
        find: Finds the matches.
    """

    def __init__(self, find: Find) -> None:
        self.find = find
        self.current: Spot | None = None
        """The current match."""
        self._cache: dict[str, Sequence[tuple[int, int]]] = {}

    def ranges(self, text: str) -> Sequence[tuple[int, int]]:
        """Return the matches in a logical line; cached, because a long line is painted in many parts."""
        found = self._cache.get(text)
        if found is None:
            if len(self._cache) >= MAX_CACHED:
                self._cache.clear()
            found = self._cache[text] = self.find(text)
        return found

    def keep(self, document: Document, message: int) -> None:
        """Keep the current match on its text after the tail it was in was frozen."""
        if self.current is not None and self.current.message == message:
            self.current = shifted(document, self.current)

    # Moving between matches

    def place(self, document: Document, message: int, by: int, after: Spot | None = None) -> Place | None:
        """Return a match in a message.

        Args:
            document: The document shown.
            message: The message's index.
            by: 1 for the first match, or the next after `after`; -1 for the last, or the one before `after`.
            after: A match in this message.

        Returns:
            None if the message has no match, or none further on.
        """
        rows = document.rows(message)
        while rows.splitter.pending_chars:
            document.work()
        first, last = rows.first, len(rows.heights) - 1  # the reasoning is not looked through
        row = after.row if after is not None else (first if by > 0 else last)
        while first <= row <= last:
            spots = self._spots(document, message, row)
            if after is not None:
                spots = [spot for spot in spots if (spot > after if by > 0 else spot < after)]
            if spots:
                spot = spots[0 if by > 0 else -1]
                return Place(_position_of(document, spot), spot, self._number(document, spot))
            row += by
        return None

    def _spots(self, document: Document, message: int, row: int) -> list[Spot]:
        piece = document.rows(message).piece(row)
        if piece is None or not self.find(piece.source):
            return []
        plain = document.rendered(message, row).plain
        return [
            Spot(message, row, logical, start)
            for logical, text in enumerate(plain)
            for start, _ in self.ranges(text)
        ]

    def _number(self, document: Document, spot: Spot) -> int:
        rows = document.rows(spot.message)
        before = sum(
            len(self.find(piece.source))
            for row in range(rows.first, spot.row)
            if (piece := rows.piece(row)) is not None
        )
        return before + self._spots(document, spot.message, spot.row).index(spot) + 1


def _position_of(document: Document, spot: Spot) -> Position:
    number = 0
    for at, painted in enumerate(document.rendered(spot.message, spot.row).lines):
        line = painted.line
        if line is not None and (line.logical, line.start) <= (spot.logical, spot.offset):
            number = at
    return Position(spot.message, spot.row, number)
