"""One message as rows: head, reasoning, pieces, unfinished tail and foot; knows their heights, paints nothing."""

from __future__ import annotations

from collections.abc import Sequence

from gptalk_client.models import BranchEntry, Role, Status
from gptalk_tui.markdown.chips import find_chips
from gptalk_tui.markdown.pieces import Piece
from gptalk_tui.markdown.plain_splitter import PlainSplitter
from gptalk_tui.markdown.splitter import Splitter
from gptalk_tui.widgets.transcript.heights import HeightIndex
from gptalk_tui.widgets.transcript.position import HEAD, NOTE
from gptalk_tui.widgets.transcript.reply_words import details_words, has_mark, how_it_ended
from gptalk_tui.widgets.transcript.thoughts import Thoughts

SLICE_CHARS = 16_000
"""How much of a long text is split between two looks at the clock."""


class MessageRows:
    """The rows of one message.

    Row 0 is the head. Where reasoning is shown, row 1 is the line about it, then come its rows while it is open,
    and a blank one if text follows. From row `first` on come the frozen pieces, which never change, then the tail
    of a growing text, a placeholder for text not split yet, and a foot if the status needs words.

    Args:
        entry: The message.
        text: Its text, as stored.
        lines_per_char: The factor for height estimates.
    """

    __slots__ = ("_above", "_chunks", "_extra", "begins_context", "entry", "first", "has_shifted", "heights",
                 "pastes", "revision", "shows_all", "shows_details", "splitter", "thoughts")  # fmt: skip

    def __init__(
        self,
        entry: BranchEntry,
        text: str,
        lines_per_char: float,
        *,
        shows_details: bool = False,
        shows_all: bool = False,
        pastes: Sequence[str] = (),
    ) -> None:
        self.entry = entry
        self.shows_all = shows_all
        """Whether files and pasted text in a prompt are shown as they are."""
        self.pastes = pastes
        """Texts that are known to be pasted."""
        self.shows_details = shows_details
        """Whether the foot says what wrote it, how long it is and how long that took."""
        self.thoughts: Thoughts | None = None
        """Its reasoning; None if it has none, or shows none."""
        self.begins_context = False
        """Whether the messages above it are not sent any more."""
        self.first = 1
        """The first row of the text."""
        self.has_shifted = False
        """Whether rows have other numbers than before; whoever keeps rows by number takes this back."""
        self._above: tuple[int, list[int]] = (0, [])
        """The rows between head and text: how many of them are frozen, and the weights of the others."""
        self._chunks: list[str] = []
        self.heights = HeightIndex([1], lines_per_char)
        self.heights.measure(HEAD, self._head_height())
        self._extra = 0
        self.revision = 0
        self.splitter: Splitter | PlainSplitter
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
        """Whether there are words below the text: about the status, or the details."""
        return bool(self.foot_words or self.details)

    @property
    def details(self) -> str:
        """What wrote it, how long it is and how long that took, where that is shown."""
        return details_words(self.entry) if self.shows_details else ""

    @property
    def foot_words(self) -> str:
        """How the message ended; empty if there is nothing to say."""
        return how_it_ended(self.entry, has_text=bool(self._chunks))

    @property
    def foot(self) -> int:
        """The foot's row; -1 without one."""
        return len(self.heights) - 1 if self.has_foot else -1

    @property
    def tail(self) -> int:
        """The unfinished tail's row; -1 without one."""
        return self.first + len(self.splitter.pieces) if self.splitter.tail is not None else -1

    @property
    def rest(self) -> int:
        """The row of the placeholder for text not split yet; -1 without one."""
        if not self.splitter.pending_chars:
            return -1
        return self.first + len(self.splitter.pieces) + (self.splitter.tail is not None)

    def piece(self, row: int) -> Piece | None:
        """Return the piece of a row, of the reasoning or of the text; None for rows that have none."""
        if row < self.first:
            return self._thought(row)
        pieces, at = self.splitter.pieces, row - self.first
        if at < len(pieces):
            return pieces[at]
        return self.splitter.tail if row == self.tail else None

    def is_frozen(self, row: int) -> bool:
        """Whether a row is a piece that never changes."""
        if row < self.first:
            return self.thoughts is not None and NOTE < row <= NOTE + len(self.thoughts.pieces)
        return row - self.first < len(self.splitter.pieces)

    def is_gap(self, row: int) -> bool:
        """Whether a row is the blank line between reasoning and text."""
        return bool(self._chunks) and NOTE < row == self.first - 1

    def revision_of(self, row: int) -> int:
        """Return a number that changes with what a row shows, as long as rows keep their numbers."""
        if row == HEAD:
            return int(self.begins_context)
        if self.is_frozen(row):
            return 0
        if row == self.foot:
            return int(self.shows_details)
        if row < self.first:
            return self.thoughts.revision if self.thoughts is not None else 0
        return self.revision if self.is_growing or self.splitter.pending_chars else 0

    @property
    def pending_chars(self) -> int:
        """Characters of text and reasoning that wait to be split."""
        thoughts = self.thoughts.splitter if self.thoughts is not None else None
        return self.splitter.pending_chars + (thoughts.pending_chars if thoughts is not None else 0)

    def _thought(self, row: int) -> Piece | None:
        """Return the piece of a row of the reasoning."""
        if self.thoughts is None or row <= NOTE or self.thoughts.splitter is None:
            return None
        pieces, at = self.thoughts.pieces, row - NOTE - 1
        if at < len(pieces):
            return pieces[at]
        return self.thoughts.splitter.tail if at == len(pieces) else None

    def append(self, text: str) -> None:
        """Append text."""
        if text:
            self._push(text)
            self._refit(SLICE_CHARS)

    def think(self, text: str) -> None:
        """Take more reasoning."""
        if self.thoughts is None:
            self.thoughts = Thoughts()
        self.thoughts.add(text)
        if self._chunks:
            self.thoughts.end()  # it thinks again after it began to answer
        self._refit(SLICE_CHARS)

    def note_reasoning(self, so_far: str) -> None:
        """Show one line about the reasoning.

        Args:
            so_far: What has come, of a message that is still being written.
        """
        self.thoughts = Thoughts(ms=self.entry.reasoning_ms)
        if self.is_growing and not self._chunks:
            self.thoughts.add(so_far)
        self._refit(SLICE_CHARS)

    def unfold(self, reasoning: str) -> None:
        """Show all of the reasoning."""
        if self.thoughts is None:
            self.thoughts = Thoughts(ms=self.entry.reasoning_ms)
            self.thoughts.is_growing = self.is_growing and not self._chunks
        self.thoughts.unfold(reasoning)
        self._refit(SLICE_CHARS)

    def fold(self, *, hide: bool = False) -> None:
        """Show one line of the reasoning, or nothing."""
        if self.thoughts is not None:
            self.thoughts.fold()
            if hide:
                self.thoughts = None
            self._refit(SLICE_CHARS)

    def replace(self, text: str) -> None:
        """Replace the whole text."""
        self._chunks = []
        self._begin(text)

    def end(self, entry: BranchEntry) -> None:
        """Set the final status; no more text comes."""
        self.entry = entry
        if self.thoughts is not None:
            self.thoughts.set_ms(entry.reasoning_ms if entry.reasoning_ms is not None else self.thoughts.ms)
            self.thoughts.end()
        self._refit(SLICE_CHARS)

    def work(self) -> bool:
        """Split one more slice of a long text; return whether any is left."""
        self._refit(SLICE_CHARS)
        return bool(self.pending_chars)

    def forget_heights(self, lines_per_char: float) -> None:
        """Turn every piece back into an estimate after the width changed."""
        self.heights.forget_all(lines_per_char)
        self.heights.measure(HEAD, self._head_height())

    def show_details(self, shows_details: bool) -> None:
        """Show or hide what wrote it, how long it is and how long that took."""
        self.shows_details = shows_details
        self._refit(SLICE_CHARS)

    def begin_context(self, begins_context: bool) -> None:
        """Say whether the messages above it are not sent any more."""
        self.begins_context = begins_context
        self.heights.measure(HEAD, self._head_height())

    def _head_height(self) -> int:
        return 1 + has_mark(self.entry) + 2 * self.begins_context

    def _new_splitter(self, text: str) -> Splitter | PlainSplitter:
        if self.entry.role is not Role.USER:
            return Splitter()
        return PlainSplitter(() if self.shows_all else find_chips(text, self.pastes))

    @property
    def has_chips(self) -> bool:
        """Whether files or pasted text in a prompt are shown as one line, or could be."""
        if self.entry.role is not Role.USER:
            return False
        return self.shows_all or any(piece.label for piece in self.splitter.pieces)

    def _begin(self, text: str) -> None:
        self.splitter = self._new_splitter(text)
        self._pop_to(1)
        self.first, self._above, self._extra = 1, (0, []), 0
        if text:
            self._push(text)
        self._refit(SLICE_CHARS)

    def _push(self, text: str) -> None:
        self._chunks.append(text)
        self.splitter.push(text)
        if self.thoughts is not None and self.thoughts.is_growing:
            self.thoughts.end()

    def _refit(self, max_chars: int) -> None:
        """Split some pending text, and update the rows after the frozen pieces."""
        splitter = self.splitter
        if not splitter.step(max_chars) and not self.is_growing:
            splitter.finish()
        self._pop_to(len(self.heights) - self._extra)
        self._refit_above(max_chars)
        for piece in splitter.pieces[len(self.heights) - self.first :]:
            self.heights.append(piece.weight)
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

    def _refit_above(self, max_chars: int) -> None:
        """Bring the rows between head and text up to date."""
        thoughts, frozen, others = self.thoughts, 0, []
        if thoughts is not None:
            others = thoughts.split(max_chars)
            frozen = 1 + len(thoughts.pieces)
            if self._chunks:
                others.append(1)  # a blank line sets the text off
        if (frozen, others) == self._above:
            return
        was_frozen, were_others = self._above
        has_text_rows = len(self.heights) > self.first
        if has_text_rows and frozen == was_frozen and len(others) == len(were_others):
            self._above = frozen, others
            return
        if has_text_rows or frozen < was_frozen:
            self._pop_to(1)
            was_frozen = 0
            self.has_shifted = True
        else:
            self._pop_to(len(self.heights) - len(were_others))
        if thoughts is not None:
            if not was_frozen:
                self.heights.append(1)
            for piece in thoughts.pieces[max(0, was_frozen - 1) :]:
                self.heights.append(max(1, len(piece.source)))
        for weight in others:
            self.heights.append(weight)
        self.first, self._above = len(self.heights), (frozen, others)

    def _pop_to(self, count: int) -> None:
        while len(self.heights) > count:
            self.heights.pop()
