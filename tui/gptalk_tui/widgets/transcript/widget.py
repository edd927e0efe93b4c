"""The conversation pane: one scroll view that paints ready lines, at a cost that no length changes."""

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
from gptalk_tui.widgets.transcript.code import code_blocks
from gptalk_tui.widgets.transcript.document import START, Document, Fetch, Position
from gptalk_tui.widgets.transcript.marks import Marks
from gptalk_tui.widgets.transcript.overlay import with_overlays
from gptalk_tui.widgets.transcript.pointer import Pointer
from gptalk_tui.widgets.transcript.rendering import Renderer
from gptalk_tui.widgets.transcript.selection import Selection, selected_text, shifted
from gptalk_tui.widgets.transcript.styles import StyleTable
from gptalk_tui.widgets.transcript.viewport import Viewport

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
    class LinkClicked(Message):
        """A link was clicked; nothing was opened."""

        transcript: Transcript
        url: str
        """Begins with `http:`, `https:` or `mailto:`."""

    @dataclass
    class CodeClicked(Message):
        """The copy mark of a code block was clicked."""

        transcript: Transcript
        source: str

    @dataclass
    class MessageChosen(Message):
        """Another message has the marker; None when none has."""

        transcript: Transcript
        message_id: str | None

    def __init__(self, styles: StyleTable, *, fetch: Fetch | None = None, id: str | None = None) -> None:
        super().__init__(id=id)
        self.document = Document(Renderer(styles), fetch)
        self.viewport = Viewport(self.document)
        self.has_new_text = False
        self.chosen: int | None = None
        """The message with the marker."""
        self.selection: Selection | None = None
        """What is selected, by mouse or as a code block."""
        self.marks: Marks | None = None
        """Found words."""
        self._pointer = Pointer(self)
        self._strips: list[Strip] = []
        self._thumb = (-1, -1, -1)
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
        self.selection = None
        self._set_new_text(False)
        index = self.document.index_of(at) if at is not None else None
        self._set_following(index is None)
        if index is not None:
            self.viewport.top = self.document.position_of_message(index)
        self._place()

    def show_branch(
        self, entries: Sequence[BranchEntry], texts: Mapping[str, str], *, choose: str | None
    ) -> None:
        """Show another branch of the same conversation; what both have in common stays where it is on screen.

        Args:
            entries: Its messages, oldest first.
            texts: Texts at hand, by id; others are read when they come into view.
            choose: The message that gets the marker.
        """
        lines, chosen = self.viewport.lines, self.chosen
        heads = (y for y, (position, _) in enumerate(lines) if position.message == chosen)
        y = next(heads, 0) if self.viewport.shows_start_of(chosen or 0) else 0
        self.document.set_entries(entries, texts)
        self.chosen = self.document.index_of(choose) if choose is not None else None
        self.selection = None
        self._set_new_text(False)
        self._set_following(self.chosen is None)
        if self.chosen is not None:
            self.viewport.top = self.document.move(self.document.position_of_message(self.chosen), -y)
        self._place()
        self._follow_at_end()
        self.post_message(self.MessageChosen(self, choose))

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
        self.selection = None
        self._set_following(True)
        self._place()

    def append_text(self, message_id: str, text: str) -> None:
        """Let a reply grow; call it once a frame."""
        index = self.document.index_of(message_id)
        if index is not None and text:
            self.document.append_text(index, text)
            self._keep_selection(index)
            self._place(new_text=True)

    def replace_text(self, message_id: str, text: str) -> None:
        """Give a reply another text, where the service rewrote it."""
        index = self.document.index_of(message_id)
        if index is not None:
            self.document.replace_text(index, text)
            self.selection = None
            self._place(new_text=True)

    def end_message(self, entry: BranchEntry, text: str | None = None) -> None:
        """Give a message its final status, and its final text where that is known."""
        index = self.document.index_of(entry.id)
        if index is not None:
            if text is not None and text != self.document.text(index):
                self.document.replace_text(index, text)
            self.document.end_message(entry)
            self._keep_selection(index)
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
        return None if self.chosen is None else self.document.entries[self.chosen]

    # Scrolling

    @property
    def is_following(self) -> bool:
        """Whether the pane stays at the newest text."""
        return self.viewport.is_following

    def follow_end(self) -> None:
        """Go to the end and follow the newest text."""
        self._set_following(True)
        self._place()

    def scroll_lines(self, by: int) -> None:
        """Scroll by lines, exactly."""
        if by > 0 and self.is_following:
            return
        self._set_following(False)
        self.viewport.scroll(by)
        self._place()
        self._follow_at_end()

    def scroll_page(self, by: int) -> None:
        """Scroll by pages; one line of the page before stays in view."""
        self.scroll_lines(by * max(1, self.size.height - 1))

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
        self.viewport.top = START
        self._place()
        self._follow_at_end()

    def action_bottom(self) -> None:
        """Go to the end and follow the newest text."""
        self.follow_end()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the scroll bar's thumb, and whatever else sets the position in lines."""
        if self._is_placing or round(old_value) == round(new_value):
            return
        self._set_following(False)
        self.viewport.scroll_to(round(new_value))
        self._place()
        self._follow_at_end()

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_lines(WHEEL_LINES)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_lines(-WHEEL_LINES)

    def _follow_at_end(self) -> None:
        if self.viewport.is_at_end:
            self._set_following(True)

    def _set_following(self, is_following: bool) -> None:
        if is_following != self.is_following:
            self.viewport.is_following = is_following
            if is_following:
                self.has_new_text = False
            self.post_message(self.FollowChanged(self, self.is_following, self.has_new_text))

    def _set_new_text(self, has_new_text: bool) -> None:
        if has_new_text != self.has_new_text:
            self.has_new_text = has_new_text
            self.post_message(self.FollowChanged(self, self.is_following, self.has_new_text))

    # Choosing a message and its code

    def walk(self, by: int) -> None:
        """Put the marker on the next message up or down; from none it starts at the last one in view."""
        count = len(self.document.entries)
        if not count:
            return
        if self.chosen is None:
            lines = self.viewport.lines
            self.choose(lines[-1][0].message if lines else count - 1)
        else:
            self.choose(min(max(0, self.chosen + by), count - 1))

    def choose(self, index: int | None) -> None:
        """Put the marker on a message, or on none."""
        if index == self.chosen:
            return
        self.chosen = index
        if index is not None and not (
            self.viewport.shows_all_of(index) or self.viewport.shows_start_of(index)
        ):
            self._set_following(False)
            self.viewport.top = self.document.position_of_message(index)
        self._place()
        self._follow_at_end()
        entry = self.chosen_entry
        self.post_message(self.MessageChosen(self, entry.id if entry else None))

    def choose_code(self) -> bool:
        """Select the next code block of the chosen message, the first one after the last; False without any."""
        if self.chosen is None:
            return False
        blocks = code_blocks(self.document, self.chosen)
        if not blocks:
            return False
        starts = [block.selection.anchor for block in blocks]
        at = starts.index(self.selection.anchor) if self.selection and self.selection.anchor in starts else -1
        block = blocks[(at + 1) % len(blocks)]
        self._set_following(False)
        self.viewport.top = self.document.move(self.document.clamp(block.position), -2)
        self.selection = block.selection
        self._place()
        self.refresh()
        return True

    @property
    def chosen_code(self) -> str | None:
        """The source of the selected code block; of the only one of the chosen message if none is selected."""
        if self.chosen is None:
            return None
        blocks = code_blocks(self.document, self.chosen)
        for block in blocks:
            if block.selection == self.selection:
                return block.source
        return blocks[0].source if len(blocks) == 1 else None

    # Selecting

    def set_selection(self, selection: Selection | None) -> None:
        """Select something, or nothing."""
        if selection != self.selection:
            self.selection = selection
            self.refresh()

    def set_marks(self, marks: Marks | None) -> None:
        """Mark found words, or none."""
        self.marks = marks
        self.refresh()

    def show_position(self, position: Position) -> None:
        """Bring a line into view, with some lines above it; what is in view already stays where it is."""
        if not any(shown == position for shown, _ in self.viewport.lines):
            self._set_following(False)
            self.viewport.top = self.document.move(self.document.clamp(position), -(self.size.height // 3))
            self._place()
            self._follow_at_end()
        self.refresh()

    @property
    def selected_text(self) -> str:
        """The selected text; empty without a selection."""
        return selected_text(self.document, self.selection) if self.selection is not None else ""

    def _keep_selection(self, index: int) -> None:
        """Keep the selection on its text while what it stands in is frozen."""
        if self.marks is not None:
            self.marks.keep(self.document, index)
        chosen = self.selection
        if chosen is not None and index in (chosen.anchor.message, chosen.head.message):
            anchor, head = shifted(self.document, chosen.anchor), shifted(self.document, chosen.head)
            self.selection = Selection(anchor, head, chosen.unit)

    async def _on_mouse_down(self, event: events.MouseDown) -> None:
        self._pointer.down(event)

    def _on_mouse_move(self, event: events.MouseMove) -> None:
        self._pointer.move(event)

    async def _on_mouse_up(self, event: events.MouseUp) -> None:
        self._pointer.up(event)

    # Laying out what is in view

    def _place(self, *, new_text: bool = False) -> None:
        """Find the lines in view, tell the scroll bar, and have painted what differs from what is on screen."""
        width, height = max(1, self.size.width), self.size.height
        if not height or not self.is_attached:
            return
        viewport, document = self.viewport, self.document
        viewport.place(width, height)
        self._tell_scroll_bar(viewport.top_line, document.total, height)
        self._paint_changes(width)
        if new_text and not self.is_following and not viewport.is_at_end:
            self._set_new_text(True)
        if document.has_work and not self._work_is_due:
            self._work_is_due = True
            self.set_timer(1 / 60, self._work)

    def _work(self) -> None:
        self._work_is_due = False
        until = time.perf_counter() + WORK_SLICE_S
        while self.document.work() and time.perf_counter() < until:
            pass
        self._place()

    def _paint_changes(self, width: int) -> None:
        strips = [
            line.chosen_strip if position.message == self.chosen else line.strip
            for position, line in self.viewport.lines
        ]
        old, self._strips = self._strips, strips
        count, common = max(len(strips), len(old)), min(len(strips), len(old))
        changed = [y for y in range(count) if y >= common or strips[y] is not old[y]]
        regions: list[Region] = []
        for y in changed:
            if regions and regions[-1].bottom == y:
                regions[-1] = Region(0, regions[-1].y, width, y + 1 - regions[-1].y)
            else:
                regions.append(Region(0, y, width, 1))
        if regions:
            self.refresh(*regions)

    def _tell_scroll_bar(self, top: int, total: int, height: int) -> None:
        """Set the position without a new layout; touch the bar only when its thumb moves an eighth of a cell."""
        self._is_placing = True
        try:
            self.set_reactive(Widget.virtual_size, Size(self.size.width, max(total, 1)))
            self.set_reactive(Widget.scroll_y, float(top))
            self.set_reactive(Widget.scroll_target_y, float(top))
            size = max(height, total)
            thumb = (height * height * 8 // size, top * height * 8 // size, height)
            if thumb != self._thumb:
                self._thumb = thumb
                bar = self.vertical_scrollbar
                bar.window_virtual_size = size
                bar.window_size = height
                bar.position = top
        finally:
            self._is_placing = False

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
        strip = self._with_overlays(y, self.render_line(y))
        width = crop.right
        if strip.cell_length != width:
            strip = strip.adjust_cell_length(width, self.document.renderer.base_style)
        if crop.x:
            strip = strip.crop(crop.x, width)
        for each in filters:
            strip = strip.apply_filter(each, self.background_colors[1])
        return strip

    def _with_overlays(self, y: int, strip: Strip) -> Strip:
        if (self.selection is None and self.marks is None) or y >= len(self.viewport.lines):
            return strip
        return with_overlays(strip, self.viewport.lines[y], self.document, self.selection, self.marks)

    def _blank_line(self, width: int) -> Strip:
        strip = self._blank.get(width)
        if strip is None:
            strip = self._blank[width] = Strip.blank(width, self.document.renderer.base_style)
        return strip
