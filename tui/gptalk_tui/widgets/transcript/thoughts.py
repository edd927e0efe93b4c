"""The reasoning of one message: a line that says how long it took, and the text below it while that is opened."""

from __future__ import annotations

from gptalk_tui.markdown.pieces import Piece
from gptalk_tui.markdown.splitter import Splitter

_RECENT_CHARS = 2000
"""How much of the newest text is kept to show its last lines; up to twice as much between two cuts."""


class Thoughts:
    """What a model thought before it answered.

    Folded, it keeps the newest text only, so that a long one costs no more than a short one.

    Args:
        ms: How long it took, in milliseconds; None if that is not known (yet).
    """

    __slots__ = ("is_growing", "is_open", "ms", "recent", "revision", "splitter")

    def __init__(self, *, ms: int | None = None) -> None:
        self.ms = ms
        self.is_growing = False
        self.is_open = False
        self.recent = ""
        """The newest text while it grows, from the start of a line where possible."""
        self.revision = 0
        self.splitter: Splitter | None = None
        """Only while opened."""

    @property
    def pieces(self) -> list[Piece]:
        """The frozen pieces; none while folded."""
        return self.splitter.pieces if self.splitter is not None else []

    @property
    def seconds(self) -> int | None:
        """How long it took, in whole seconds; None if that is not known."""
        return None if self.ms is None else self.ms // 1000

    def add(self, text: str) -> None:
        """Take more text at the end."""
        self.is_growing = True
        self.recent += text
        if len(self.recent) > 2 * _RECENT_CHARS:
            cut = len(self.recent) - _RECENT_CHARS
            line = self.recent.find("\n", cut)
            self.recent = self.recent[line + 1 if line >= 0 else cut :]
        if self.splitter is not None:
            self.splitter.push(text)
        self.revision += 1

    def end(self) -> None:
        """The answer begins, or the reply is over."""
        self.is_growing = False
        self.recent = ""
        self.revision += 1

    def set_ms(self, ms: int | None) -> bool:
        """Say how long it took so far; return whether that shows."""
        before, self.ms = self.seconds, ms
        if before == self.seconds:
            return False
        self.revision += 1
        return True

    def unfold(self, text: str) -> None:
        """Show all of the text."""
        self.is_open = True
        self.splitter = Splitter()
        self.splitter.push(text)
        self.revision += 1

    def fold(self) -> None:
        """Show one line."""
        self.is_open = False
        self.splitter = None
        self.revision += 1

    def split(self, max_chars: int) -> list[int]:
        """Split some pending text.

        Returns:
            The weights of the rows behind the frozen pieces: the unfinished tail, and text not split yet.
        """
        splitter = self.splitter
        if splitter is None:
            return []
        if not splitter.step(max_chars) and not self.is_growing:
            splitter.finish()
        tail = splitter.tail
        return [weight for weight in (len(tail.source) if tail else 0, splitter.pending_chars) if weight]
