"""One message as rows: a head, its pieces, the unfinished tail and a foot, with their heights."""

from __future__ import annotations

from gptalk_client.models import BranchEntry, Role, Status
from gptalk_tui.markdown.pieces import Piece
from gptalk_tui.markdown.plain_splitter import PlainSplitter
from gptalk_tui.markdown.splitter import Splitter
from gptalk_tui.widgets.transcript.heights import HeightIndex
from gptalk_tui.widgets.transcript.position import HEAD

SLICE_CHARS = 16_000
"""How much of a long text is split between two looks at the clock."""


class MessageRows:
    """The rows of one message.

    Row 0 is the head. Then come the frozen pieces, which never change, then the tail of a growing text, a
    placeholder for text not split yet, and a foot if the status needs words.

    Args:
        entry: The message.
        text: Its text, as stored.
        lines_per_char: The factor for height estimates.
    """

    __slots__ = ("_chunks", "_extra", "entry", "heights", "revision", "splitter")

    def __init__(self, entry: BranchEntry, text: str, lines_per_char: float) -> None:
        self.entry = entry
        self._chunks: list[str] = []
        self.heights = HeightIndex([1], lines_per_char)
        self.heights.measure(HEAD, self._head_height())
        self._extra = 0
        self.revision = 0
        self.splitter: Splitter | PlainSplitter = self._new_splitter()
        self._begin(text)

    @property
    def text(self) -> str:
        """The message's whole source text."""
        if len(self._chunks) > 1:
            self._chunks = ["".join(self._chunks)]
        return self._chunks[0] if self._chunks else ""

    @property
    def is_growing(self) -> bool:
        """Whether more text may come."""
        return self.entry.status is Status.STREAMING

    @property
    def has_foot(self) -> bool:
        """Whether the status is shown in words below the text."""
        return self.entry.status in (Status.INCOMPLETE, Status.STOPPED, Status.FAILED) or (
            self.entry.status is Status.COMPLETE and self.entry.role is Role.ASSISTANT and not self._chunks
        )

    @property
    def foot(self) -> int:
        """The foot's row; -1 without one."""
        return len(self.heights) - 1 if self.has_foot else -1

    @property
    def tail(self) -> int:
        """The unfinished tail's row; -1 without one."""
        return 1 + len(self.splitter.pieces) if self.splitter.tail is not None else -1

    @property
    def rest(self) -> int:
        """The row of the placeholder for text not split yet; -1 without one."""
        if not self.splitter.pending_chars:
            return -1
        return 1 + len(self.splitter.pieces) + (self.splitter.tail is not None)

    def piece(self, row: int) -> Piece | None:
        """Return a row's piece; None for the head, the foot and the placeholder."""
        pieces = self.splitter.pieces
        if 1 <= row <= len(pieces):
            return pieces[row - 1]
        return self.splitter.tail if row == self.tail else None

    def is_final(self, row: int) -> bool:
        """Whether a row stays the same while the text grows."""
        if row == HEAD or row <= len(self.splitter.pieces):
            return True
        return not self.is_growing and not self.splitter.pending_chars

    def append(self, text: str) -> None:
        """Append text."""
        if text:
            self._chunks.append(text)
            self.splitter.push(text)
            self._refit(SLICE_CHARS)

    def replace(self, text: str) -> None:
        """Replace the whole text."""
        self._chunks = []
        self._begin(text)

    def end(self, entry: BranchEntry) -> None:
        """Set the final status; no more text comes."""
        self.entry = entry
        self._refit(SLICE_CHARS)

    def work(self) -> bool:
        """Split one more slice of a long text; return whether any is left."""
        self._refit(SLICE_CHARS)
        return bool(self.splitter.pending_chars)

    def forget_heights(self, lines_per_char: float) -> None:
        """Turn every piece back into an estimate after the width changed."""
        self.heights.forget_all(lines_per_char)
        self.heights.measure(HEAD, self._head_height())

    def _head_height(self) -> int:
        return 2 if self.entry.siblings > 1 else 1

    def _new_splitter(self) -> Splitter | PlainSplitter:
        return Splitter() if self.entry.role is Role.ASSISTANT else PlainSplitter()

    def _begin(self, text: str) -> None:
        self.splitter = self._new_splitter()
        while len(self.heights) > 1:
            self.heights.pop()
        self._extra = 0
        if text:
            self._chunks.append(text)
            self.splitter.push(text)
        self._refit(SLICE_CHARS)

    def _refit(self, max_chars: int) -> None:
        """Split some pending text, and update the rows after the frozen pieces."""
        splitter = self.splitter
        if not splitter.step(max_chars) and not self.is_growing:
            splitter.finish()
        for _ in range(self._extra):
            self.heights.pop()
        for piece in splitter.pieces[len(self.heights) - 1 :]:
            self.heights.append(max(1, len(piece.source)))
        self._extra = 0
        for weight in (
            len(splitter.tail.source) if splitter.tail is not None else 0,
            splitter.pending_chars,
            1 if self.has_foot else 0,
        ):
            if weight:
                self.heights.append(weight)
                self._extra += 1
        self.revision += 1
