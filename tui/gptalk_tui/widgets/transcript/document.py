"""A conversation as lines: finds, measures and renders the lines in view, at a cost independent of its length.

There are two levels of height index: messages in the conversation, rows in a message. A message is opened (its
text read and split) when it comes into view, and so is a row rendered; both are kept in bounded caches. Knows
no widget and no provider: texts come through a callback.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from gptalk_client.models import BranchEntry, Status
from gptalk_tui.widgets.transcript.frame import Frame
from gptalk_tui.widgets.transcript.heights import HeightIndex
from gptalk_tui.widgets.transcript.position import HEAD, START, Position
from gptalk_tui.widgets.transcript.rendering import Rendered, Renderer
from gptalk_tui.widgets.transcript.reply_words import ran_out

if TYPE_CHECKING:
    from gptalk_tui.widgets.transcript.message_rows import MessageRows

Fetch = Callable[[Sequence[str]], Mapping[str, str]]
"""Reads messages' texts by id."""

FetchReasoning: TypeAlias = Callable[[str], str]
"""Reads the reasoning of a message."""

Reasoning: TypeAlias = Literal["folded", "open", "hidden"]
"""How reasoning is shown that nobody folded or opened."""

MAX_OPEN_MESSAGES = 256
MAX_CACHED_LINES = 1000
_FETCH_AHEAD = 8
_MESSAGE_OVERHEAD_CHARS = 80
"""Extra weight of a message for its blank line and short last lines, in characters."""


@dataclass(slots=True)
class _CacheEntry:
    rendered: Rendered
    revision: int


class Document:
    """The lines of one conversation at one width.

    Args:
        renderer: Turns rows into lines.
        fetch: Reads texts that were not passed in.
    """

    def __init__(self, renderer: Renderer, fetch: Fetch | None = None) -> None:
        self.renderer = renderer
        self.fetch: Fetch = fetch or (lambda ids: {})
        self.fetch_reasoning: FetchReasoning = lambda message_id: ""
        self.reasoning: Reasoning = "folded"
        self.frame = Frame.of(80)
        self.entries: list[BranchEntry] = []
        self.heights = HeightIndex()
        self.rendered_rows = 0
        """Number of rows rendered so far, for tests and benchmarks."""
        self.pastes: Callable[[], Sequence[str]] = lambda: ()
        """Returns texts that are known to be pasted."""
        self._shown_whole: set[str] = set()
        """The prompts whose files and pasted texts are shown as they are."""
        self.shows_details = False
        """Whether each reply says what wrote it, how long it is and how long that took."""
        self._unfolded: dict[str, bool] = {}
        """By message, whether the person opened or folded its reasoning."""
        self._context_start: str | None = None
        self._index_of: dict[str, int] = {}
        self._open: OrderedDict[int, MessageRows] = OrderedDict()
        self._cache: OrderedDict[tuple[int, int], _CacheEntry] = OrderedDict()
        self._cached_lines = 0

    # What is shown

    def set_entries(self, entries: Sequence[BranchEntry], texts: Mapping[str, str] | None = None) -> None:
        """Show another conversation.

        Args:
            entries: Its messages, oldest first.
            texts: Known texts by id; others are fetched when they come into view.
        """
        self.entries = list(entries)
        self._index_of = {entry.id: index for index, entry in enumerate(self.entries)}
        self._open.clear()
        self._drop_cache()
        self.heights = HeightIndex((_weight(entry) for entry in self.entries), self._guess())
        for message_id, text in (texts or {}).items():
            if message_id in self._index_of:
                self._open_message(self._index_of[message_id], text)

    def append(self, entry: BranchEntry, text: str = "") -> None:
        """Add a message at the end."""
        self._index_of[entry.id] = len(self.entries)
        self.entries.append(entry)
        self.heights.append(_weight(entry))
        self._open_message(len(self.entries) - 1, text)

    def truncate(self, count: int) -> None:
        """Keep only the first messages."""
        while len(self.entries) > count:
            index = len(self.entries) - 1
            self._index_of.pop(self.entries.pop().id, None)
            self._open.pop(index, None)
            self._forget_rendered(index)
            self.heights.pop()

    def index_of(self, id: str) -> int | None:
        """Return the index of a message; None if it is not shown."""
        return self._index_of.get(id)

    def append_text(self, index: int, text: str) -> None:
        """Append text to a message."""
        self.rows(index).append(text)
        self._note_height(index)

    def replace_text(self, index: int, text: str) -> None:
        """Replace a message's text."""
        self.rows(index).replace(text)
        self._forget_rendered(index)
        self._note_height(index)

    def end_message(self, entry: BranchEntry) -> None:
        """Set a message's final status."""
        index = self._index_of[entry.id]
        shown = self.entries[index]
        entry = replace(entry, sibling=shown.sibling, siblings=shown.siblings)
        self.entries[index] = entry
        rows = self.rows(index)
        rows.end(entry)
        if rows.thoughts is None or (self._is_unfolded(entry) and not rows.thoughts.is_open):
            self._show_reasoning(rows)
        self._note_height(index)

    # Reasoning, and where the context begins

    def add_reasoning(self, index: int, text: str) -> None:
        """Let the reasoning of a message grow."""
        rows = self.rows(index)
        if rows.thoughts is None:
            if self._is_unfolded(rows.entry):
                rows.unfold("")
            elif self.reasoning == "hidden":
                return
        rows.think(text)
        self._note_height(index)

    def set_reasoning_ms(self, index: int, ms: int) -> bool:
        """Say how long the reasoning of a message took so far, in milliseconds; return whether that shows."""
        rows = self._open.get(index)
        return rows is not None and rows.thoughts is not None and rows.thoughts.set_ms(ms)

    def toggle_reasoning(self, index: int) -> None:
        """Show all of a message's reasoning, or fold it."""
        rows, entry = self.rows(index), self.entries[index]
        is_open = rows.thoughts is None or not rows.thoughts.is_open
        self._unfolded[entry.id] = is_open
        if is_open:
            rows.unfold(self.fetch_reasoning(entry.id))
        else:
            rows.fold(hide=self.reasoning == "hidden")
        self._note_height(index)

    def set_reasoning(self, reasoning: Reasoning) -> None:
        """Show the reasoning of every message in another way from now on, also what was opened or folded."""
        self.reasoning = reasoning
        self._unfolded.clear()
        for index, rows in self._open.items():
            if not rows.entry.reasoning_chars:
                continue
            if rows.thoughts is not None and not self._is_unfolded(rows.entry):
                rows.fold(hide=reasoning == "hidden")
            else:
                self._show_reasoning(rows)
            self._note_height(index)

    def has_chips(self, index: int) -> bool:
        """Whether a prompt has files or pasted text that are shown as one line, or could be."""
        return self.rows(index).has_chips

    def toggle_chips(self, index: int) -> None:
        """Show a prompt's files and pasted text as they are, or each as one line."""
        rows = self.rows(index)
        rows.shows_all = not rows.shows_all
        self._shown_whole ^= {rows.entry.id}
        self.replace_text(index, rows.text)

    def toggle_details(self) -> None:
        """Show under each reply what wrote it, how long it is and how long that took, or hide it."""
        self.shows_details = not self.shows_details
        for index, rows in self._open.items():
            rows.show_details(self.shows_details)
            self._note_height(index)

    def set_context_start(self, id: str | None) -> bool:
        """Say which message is the first that is sent, None for all of them; return whether that is news."""
        before, self._context_start = self._context_start, id
        if before == id:
            return False
        for each in {before, id} - {None}:
            index = self._index_of.get(str(each))
            if index is not None and index in self._open:
                self._open[index].begin_context(each == id)
                self._note_height(index)
        return True

    def _is_unfolded(self, entry: BranchEntry) -> bool:
        """Whether a message shows all of its reasoning."""
        wanted = self._unfolded.get(entry.id)
        if wanted is not None:
            return wanted
        return self.reasoning == "open" or (self.reasoning == "folded" and ran_out(entry))

    def _show_reasoning(self, rows: MessageRows) -> None:
        """Show the reasoning of a message as it is wanted, if it has any. Folded, that does not read it."""
        entry = rows.entry
        is_unfolded, is_growing = self._is_unfolded(entry), entry.status is Status.STREAMING
        if not entry.reasoning_chars and not is_growing:
            return
        text = self.fetch_reasoning(entry.id) if is_unfolded or is_growing else ""
        if is_growing and not text:
            return
        if is_unfolded:
            rows.unfold(text)
        elif self.reasoning != "hidden":
            rows.note_reasoning(text)

    def set_width(self, width: int) -> bool:
        """Set the width; return whether anything changed."""
        frame = Frame.of(max(1, width))
        if frame == self.frame:
            return False
        ratio = self.frame.text_width / frame.text_width
        learned = self.heights.lines_per_weight * ratio
        self.frame = frame
        self.heights.forget_all(learned)
        for rows in self._open.values():
            rows.forget_heights(learned)
        for entry in self._cache.values():
            entry.rendered.lines_width = -1
        for index in self._open:
            self._note_height(index)
        return True

    def restyle(self) -> None:
        """Drop painted lines after the colours changed."""
        self._drop_cache()

    def work(self) -> bool:
        """Split one more slice of a long text; return False if there was nothing to do."""
        for index, rows in self._open.items():
            if rows.pending_chars:
                rows.work()
                self._note_height(index)
                return True
        return False

    @property
    def has_work(self) -> bool:
        """Whether a long text is still to be split."""
        return any(rows.pending_chars for rows in self._open.values())

    # Messages and rows

    def text(self, index: int) -> str:
        """Return a message's source text."""
        return self.rows(index).text

    def rows(self, index: int) -> MessageRows:
        """Return the rows of a message, reading its text if necessary."""
        rows = self._open.get(index)
        if rows is not None:
            self._open.move_to_end(index)
            return rows
        near = range(max(0, index - _FETCH_AHEAD), min(len(self.entries), index + _FETCH_AHEAD))
        wanted = [
            self.entries[i].id for i in near if i not in self._open and self.entries[i].size_chars < 100_000
        ]
        if self.entries[index].id not in wanted:
            wanted.append(self.entries[index].id)
        texts = self.fetch(wanted)
        for i in near:
            if i != index and i not in self._open and self.entries[i].id in texts:
                self._open_message(i, texts[self.entries[i].id])
        return self._open_message(index, texts.get(self.entries[index].id, ""))

    def rendered(self, index: int, row: int) -> Rendered:
        """Return a row rendered at the current width, and record its height."""
        rows = self.rows(index)
        key = (index, row)
        revision = rows.revision_of(row)
        entry = self._cache.get(key)
        if entry is None or entry.revision != revision:
            if entry is not None:
                self._cached_lines -= len(entry.rendered.lines)
            rendered = self.renderer.render(rows, row, self.frame)
            self.rendered_rows += 1
            self._cache[key] = _CacheEntry(rendered, revision)
            self._cached_lines += len(rendered.lines)
        else:
            rendered = entry.rendered
            self._cache.move_to_end(key)
            if rendered.lines_width != self.frame.width:
                self._cached_lines -= len(rendered.lines)
                self.renderer.layout(rendered, self.frame)
                self.rendered_rows += 1
                self._cached_lines += len(rendered.lines)
        while self._cached_lines > MAX_CACHED_LINES and len(self._cache) > 1:
            _, oldest = self._cache.popitem(last=False)
            self._cached_lines -= len(oldest.rendered.lines)
        was_measured = rows.heights.is_measured(row)
        if rows.heights.measure(row, len(rendered.lines)) or not was_measured:
            # Even if the estimate was right: the remaining estimates round differently.
            self._note_height(index)
        return rendered

    # Positions

    @property
    def total(self) -> int:
        """Height of everything in lines, partly estimated."""
        return self.heights.total

    def line_of(self, position: Position) -> int:
        """Return the number of lines above a position."""
        if not self.entries:
            return 0
        message = min(position.message, len(self.entries) - 1)
        return self.heights.top_of(message) + self.rows(message).heights.top_of(position.row) + position.line

    def position_at(self, line: int) -> Position:
        """Return the position of a line, rendering its row."""
        if not self.entries:
            return START
        message, offset = self.heights.find(line)
        row, within = self.rows(message).heights.find(offset)
        return self.clamp(Position(message, row, within))

    def position_of_message(self, index: int) -> Position:
        """Return the first line of a message's text."""
        return self.clamp(Position(index, HEAD, 0))

    def clamp(self, position: Position) -> Position:
        """Return the position, or the nearest one that exists."""
        if not self.entries:
            return START
        message = min(max(position.message, 0), len(self.entries) - 1)
        row = min(position.row, len(self.rows(message).heights) - 1)
        height = len(self.rendered(message, row).lines)
        if position.line < height:
            return Position(message, row, position.line)
        if height:
            return Position(message, row, height - 1)
        return self.move(Position(message, row, 0), 1)

    def end(self) -> Position:
        """Return the last line."""
        if not self.entries:
            return START
        message = len(self.entries) - 1
        row = len(self.rows(message).heights) - 1
        height = len(self.rendered(message, row).lines)
        if not height:
            return self.move(Position(message, row, 0), -1)
        return Position(message, row, height - 1)

    def move(self, position: Position, by: int) -> Position:
        """Return the position some lines further down (or up); stops at the ends."""
        message, row, line = position
        if not self.entries:
            return START
        line += by
        while line < 0:
            if row > 0:
                row -= 1
            elif message > 0:
                message -= 1
                row = len(self.rows(message).heights) - 1
            else:
                return START
            line += len(self.rendered(message, row).lines)
        while line >= (height := len(self.rendered(message, row).lines)):
            if row + 1 < len(self.rows(message).heights):
                row += 1
            elif message + 1 < len(self.entries):
                message, row = message + 1, 0
            else:
                return self.end() if by > 0 or height else Position(message, max(0, row - 1), 0)
            line -= height
        return Position(message, row, line)

    def _open_message(self, index: int, text: str) -> MessageRows:
        # Imported with the first message: an empty screen needs no splitter.
        from gptalk_tui.widgets.transcript.message_rows import MessageRows

        rows = MessageRows(
            self.entries[index],
            text,
            self._guess(),
            shows_details=self.shows_details,
            shows_all=self.entries[index].id in self._shown_whole,
            pastes=self.pastes(),
        )
        if rows.entry.id == self._context_start:
            rows.begin_context(True)
        self._show_reasoning(rows)
        self._open[index] = rows
        while len(self._open) > MAX_OPEN_MESSAGES:
            oldest = next(i for i, each in self._open.items() if not each.is_growing and i != index)
            del self._open[oldest]
            self._forget_rendered(oldest)
        self._note_height(index)
        return rows

    def _note_height(self, index: int) -> None:
        rows = self._open.get(index)
        if rows is not None:
            if rows.has_shifted:
                rows.has_shifted = False
                self._forget_rendered(index)
            self.heights.measure(index, rows.heights.total)

    def _guess(self) -> float:
        return 1.25 / self.frame.text_width

    def _forget_rendered(self, index: int) -> None:
        for key in [key for key in self._cache if key[0] == index]:
            self._cached_lines -= len(self._cache.pop(key).rendered.lines)

    def _drop_cache(self) -> None:
        self._cache.clear()
        self._cached_lines = 0


def _weight(entry: BranchEntry) -> int:
    return entry.size_chars + _MESSAGE_OVERHEAD_CHARS
