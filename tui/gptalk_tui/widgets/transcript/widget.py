"""The conversation pane: one scroll view that paints ready lines, at a cost that no length changes.

What is on screen is pinned to a position in the document, not to a number of lines, so that nothing jumps when
heights above become known, when the width changes or while text streams in.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from gptalk_client.models import BranchEntry
from gptalk_tui.widgets.transcript.document import START, Document, Fetch, Position
from gptalk_tui.widgets.transcript.rendering import PaintedLine, Renderer
from gptalk_tui.widgets.transcript.styles import StyleTable

WHEEL_LINES = 3
WORK_SLICE_S = 0.008
"""How long a long text is split before keys are looked at again, in seconds."""


class Transcript(ScrollView, can_focus=True):
    """A conversation to read: follows the newest text while at the end, and keeps its place otherwise."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Transcript { height: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "lines(-1)", "Up", show=False),
        Binding("down,j", "lines(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("ctrl+u", "half(-1)", "Half a page up", show=False),
        Binding("ctrl+d", "half(1)", "Half a page down", show=False),
        Binding("home,g", "top", "Start", show=False),
        Binding("end,G,shift+g", "bottom", "End", show=False),
    ]

    @dataclass
    class FollowChanged(Message):
        """The pane began or ceased to follow the newest text, or new text came below."""

        transcript: Transcript
        is_following: bool
        has_new_text: bool

    @dataclass
    class MessageChosen(Message):
        """Another message has the marker; None when none has."""

        transcript: Transcript
        message_id: str | None

    def __init__(self, styles: StyleTable, *, fetch: Fetch | None = None, id: str | None = None) -> None:
        super().__init__(id=id)
        self.document = Document(Renderer(styles), fetch)
        self.is_following = True
        self.has_new_text = False
        self.chosen: int | None = None
        """The message with the marker."""
        self._top: Position = START
        self._view: list[tuple[Position, PaintedLine]] = []
        self._strips: list[Strip] = []
        self._thumb: tuple[int, int, int] = (-1, -1, -1)
        self._is_placing = False
        self._work_is_due = False
        self._blank: dict[int, Strip] = {}

    # What is shown

    def show_conversation(
        self, entries: Sequence[BranchEntry], texts: Mapping[str, str] | None = None, *, at: str | None = None
    ) -> None:
        """Show another conversation.

        Args:
            entries: Its messages, oldest first.
            texts: Texts at hand, by id.
            at: The message to begin with; None: the end.
        """
        self.document.set_entries(entries, texts)
        self.chosen = None
        self._set_new_text(False)
        index = self.document.index_of(at) if at is not None else None
        if index is None:
            self._set_following(True)
        else:
            self._set_following(False)
            self._top = self.document.position_of_message(index)
        self._place()

    def begin_turn(self, prompt: BranchEntry, text: str, reply: BranchEntry) -> None:
        """Show a prompt and the empty reply below it; what stood below the prompt, or in its place, goes."""
        document = self.document
        if (index := document.index_of(prompt.id)) is not None:
            document.truncate(index + 1)
        else:
            parent = document.index_of(prompt.parent_id) if prompt.parent_id else None
            document.truncate(0 if parent is None else parent + 1)
            document.append(prompt, text)
        document.append(reply)
        self.chosen = None
        self._set_following(True)
        self._place()

    def append_text(self, message_id: str, text: str) -> None:
        """Let a reply grow; call it once a frame."""
        index = self.document.index_of(message_id)
        if index is not None and text:
            self.document.append_text(index, text)
            self._place(new_text=True)

    def replace_text(self, message_id: str, text: str) -> None:
        """Give a reply another text, where the service rewrote it."""
        index = self.document.index_of(message_id)
        if index is not None:
            self.document.replace_text(index, text)
            self._place(new_text=True)

    def end_message(self, entry: BranchEntry, text: str | None = None) -> None:
        """Give a message its final status, and its final text where that is known."""
        index = self.document.index_of(entry.id)
        if index is not None:
            if text is not None and text != self.document.text(index):
                self.document.replace_text(index, text)
            self.document.end_message(entry)
            self._place()

    def restyle(self, styles: StyleTable) -> None:
        """Paint with other colours."""
        self.document.renderer.styles = styles
        self.document.restyle()
        self._blank.clear()
        self._place()
        self.refresh()

    @property
    def last_entry(self) -> BranchEntry | None:
        """The last message."""
        return self.document.entries[-1] if self.document.entries else None

    @property
    def chosen_entry(self) -> BranchEntry | None:
        """The message with the marker."""
        if self.chosen is None or self.chosen >= len(self.document.entries):
            return None
        return self.document.entries[self.chosen]

    # Scrolling

    def follow_end(self) -> None:
        """Go to the end and follow the newest text."""
        self._set_following(True)
        self._place()

    def scroll_lines(self, by: int) -> None:
        """Scroll by lines, exactly."""
        if by < 0:
            self._set_following(False)
        elif self.is_following:
            return
        self._top = self.document.move(self._top, by)
        self._place()
        if by > 0 and self._is_at_end():
            self._set_following(True)

    def scroll_page(self, by: int) -> None:
        """Scroll by pages; one line of the page before stays in view."""
        self.scroll_lines(by * max(1, self.size.height - 1))

    def show_message(self, index: int) -> None:
        """Bring a message into view, its first line at the top if it does not fit."""
        first = self.document.position_of_message(index)
        shown = [position.message for position, _ in self._view]
        if index in shown and (shown.count(index) == self._rows_height(index) or first in dict(self._view)):
            return
        self._set_following(False)
        self._top = first
        self._place()
        if self._is_at_end():
            self._set_following(True)

    def walk(self, by: int) -> None:
        """Put the marker on the next message up or down; from none it starts at the last one in view."""
        count = len(self.document.entries)
        if not count:
            return
        if self.chosen is None:
            start = self._view[-1][0].message if self._view else count - 1
            self.choose(start if by < 0 else min(count - 1, start))
        else:
            self.choose(min(max(0, self.chosen + by), count - 1))

    def choose(self, index: int | None) -> None:
        """Put the marker on a message, or on none."""
        if index == self.chosen:
            return
        self.chosen = index
        if index is not None:
            self.show_message(index)
        self._place()
        entry = self.chosen_entry
        self.post_message(self.MessageChosen(self, entry.id if entry else None))

    def action_lines(self, by: int) -> None:
        """Scroll by one line."""
        self.scroll_lines(by)

    def action_page(self, by: int) -> None:
        """Scroll by one page."""
        self.scroll_page(by)

    def action_half(self, by: int) -> None:
        """Scroll by half a page."""
        self.scroll_lines(by * max(1, self.size.height // 2))

    def action_top(self) -> None:
        """Go to the start."""
        self._set_following(False)
        self._top = START
        self._place()

    def action_bottom(self) -> None:
        """Go to the end and follow the newest text."""
        self.follow_end()

    def _rows_height(self, index: int) -> int:
        return self.document.rows(index).heights.total

    def _is_at_end(self) -> bool:
        return (
            not self._view or len(self._view) < self.size.height or self._view[-1][0] == self.document.end()
        )

    def _set_following(self, is_following: bool) -> None:
        if is_following != self.is_following:
            self.is_following = is_following
            if is_following:
                self.has_new_text = False
            self.post_message(self.FollowChanged(self, self.is_following, self.has_new_text))

    def _set_new_text(self, has_new_text: bool) -> None:
        if has_new_text != self.has_new_text:
            self.has_new_text = has_new_text
            self.post_message(self.FollowChanged(self, self.is_following, self.has_new_text))

    # Laying out what is in view

    def _place(self, *, new_text: bool = False) -> None:
        """Find the lines in view, tell the scroll bar, and have painted what differs from what is on screen."""
        height = self.size.height
        if not height or not self.is_attached:
            return
        document = self.document
        document.set_width(self._line_width)
        if self.is_following:
            self._top = document.move(document.end(), 1 - height)
        self._view = self._lines_from(self._top, height)
        if len(self._view) < height and self._top != START:
            self._top = document.move(document.end(), 1 - height)
            self._view = self._lines_from(self._top, height)
        document.heights.learn()
        self._tell_scroll_bar(document.line_of(self._top), document.total, height)
        self._paint_changes()
        if new_text and not self.is_following and not self._is_at_end():
            self._set_new_text(True)
        if document.has_work and not self._work_is_due:
            self._work_is_due = True
            self.set_timer(1 / 60, self._work)

    def _lines_from(self, top: Position, height: int) -> list[tuple[Position, PaintedLine]]:
        document = self.document
        if not document.entries:
            return []
        message, row, line = document.clamp(top)
        self._top = Position(message, row, line)
        view: list[tuple[Position, PaintedLine]] = []
        while len(view) < height:
            lines = document.rendered(message, row).lines
            for number in range(line, min(len(lines), line + height - len(view))):
                view.append((Position(message, row, number), lines[number]))
            row, line = row + 1, 0
            if row >= len(document.rows(message).heights):
                message, row = message + 1, 0
                if message >= len(document.entries):
                    break
        return view

    def _work(self) -> None:
        self._work_is_due = False
        until = time.perf_counter() + WORK_SLICE_S
        while self.document.work() and time.perf_counter() < until:
            pass
        self._place()

    def _paint_changes(self) -> None:
        width = self._line_width
        strips = [
            line.chosen_strip if position.message == self.chosen else line.strip
            for position, line in self._view
        ]
        old = self._strips
        self._strips = strips
        for y in range(max(len(strips), len(old))):
            if y >= len(strips) or y >= len(old) or strips[y] is not old[y]:
                self.refresh(Region(0, y, width, 1))

    @property
    def _line_width(self) -> int:
        return max(1, self.size.width)

    # The scroll bar, which is touched only when its thumb moves by an eighth of a cell

    def _tell_scroll_bar(self, top: int, total: int, height: int) -> None:
        self._is_placing = True
        try:
            self.set_reactive(Widget.virtual_size, Size(self.size.width, max(total, 1)))
            self.set_reactive(Widget.scroll_y, float(top))
            self.set_reactive(Widget.scroll_target_y, float(top))
            bar = self.vertical_scrollbar
            size = max(height, total)
            thumb = (height * height * 8 // size, top * height * 8 // size, height)
            if thumb != self._thumb:
                self._thumb = thumb
                bar.window_virtual_size = size
                bar.window_size = height
                bar.position = top
        finally:
            self._is_placing = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the scroll bar's thumb, and whatever else sets the position in lines."""
        if self._is_placing or round(old_value) == round(new_value):
            return
        by = round(new_value) - round(old_value)
        if abs(by) <= self.size.height * 2:
            self._top = self.document.move(self._top, by)
        else:
            self._top = self.document.position_at(round(new_value))
        self._set_following(False)
        self._place()
        if self._is_at_end():
            self._set_following(True)

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_lines(WHEEL_LINES)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_lines(-WHEEL_LINES)

    def on_resize(self) -> None:
        """Lay out again for another size."""
        self._strips = []
        self._place()
        self.refresh()

    # Painting

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines of the viewport; everything was made ready before."""
        filters = [each for each in self.get_line_filters() if not isinstance(each, ANSIToTruecolor)]
        return [self._painted(y, crop, filters) for y in range(crop.y, crop.bottom)]

    def render_line(self, y: int) -> Strip:
        """Return one line of the viewport."""
        return self._strips[y] if 0 <= y < len(self._strips) else self._blank_line(self.size.width)

    def _painted(self, y: int, crop: Region, filters: list[LineFilter]) -> Strip:
        strip = self.render_line(y)
        width = crop.right
        if strip.cell_length != width:
            strip = strip.adjust_cell_length(width, self.document.renderer.base_style)
        if crop.x:
            strip = strip.crop(crop.x, width)
        for each in filters:
            strip = strip.apply_filter(each, self.background_colors[1])
        return strip

    def _blank_line(self, width: int) -> Strip:
        strip = self._blank.get(width)
        if strip is None:
            strip = self._blank[width] = Strip.blank(width, self.document.renderer.base_style)
        return strip
