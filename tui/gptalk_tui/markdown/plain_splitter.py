"""Splits text that is shown as written, such as a prompt, into pieces of bounded size."""

from __future__ import annotations

from collections.abc import Sequence

from gptalk_tui.markdown.chips import Chip
from gptalk_tui.markdown.pieces import Context, Piece
from gptalk_tui.markdown.splitter import PIECE_CHARS, cut_place

_PLAIN = Context(kind="plain")


class PlainSplitter:
    """Turns text into pieces that end with a line if possible; has the interface of `Splitter`.

    Args:
        chips: Parts of the text that become one piece each, to be shown as one line.

    Attributes:
        pieces: The pieces, in order. Only ever appended to.
    """

    def __init__(self, chips: Sequence[Chip] = ()) -> None:
        self._chips = list(reversed(chips))
        self.pieces: list[Piece] = []
        self._pending = ""
        self._position = 0
        self._start = 0
        self._joins = False

    @property
    def pending_chars(self) -> int:
        """Characters pushed but not split yet."""
        return len(self._pending) - self._position

    @property
    def tail(self) -> None:
        """Always None: a prompt does not stream."""
        return None

    def push(self, text: str) -> None:
        """Append text to be split by `step`."""
        self._pending = self._pending[self._position :] + text
        self._position = 0

    def step(self, max_chars: int | None = None) -> bool:
        """Split pushed text, roughly at most so many characters; return whether more is pending."""
        budget = len(self._pending) if max_chars is None else max_chars
        while self.pending_chars and budget > 0:
            chip = self._chips[-1] if self._chips else None
            if chip is not None and chip.start == self._start:
                head = self._pending[self._position : self._position + chip.end - chip.start]
                self.pieces.append(Piece(head, self._start, _PLAIN, label=chip.label))
                self._chips.pop()
            else:
                head = self._text(chip)
                self.pieces.append(Piece(head, self._start, _PLAIN, joins_previous=self._joins))
            self._joins = not head.endswith("\n") and not self.pieces[-1].label
            self._start += len(head)
            self._position += len(head)
            budget -= len(head)
        return bool(self.pending_chars)

    def _text(self, chip: Chip | None) -> str:
        """Return the next text to show as it is, up to a chip."""
        most = PIECE_CHARS if chip is None else min(PIECE_CHARS, chip.start - self._start)
        head = self._pending[self._position : self._position + most]
        if len(head) == PIECE_CHARS and self.pending_chars > PIECE_CHARS:
            end = head.rfind("\n") + 1
            head = head[: end or cut_place(head)]
        return head

    def finish(self) -> None:
        """Split everything."""
        self.step()
