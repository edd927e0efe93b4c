"""A scroll view over a document of lines: places, scrolls and paints, at a cost independent of its length."""

from __future__ import annotations

import time
from dataclasses import dataclass

from textual import events
from textual.color import Color
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.widget import Widget

from gptalk_tui.widgets.scroll_bar import LineScrollBar
from gptalk_tui.widgets.transcript.document import Document, Fetch
from gptalk_tui.widgets.transcript.marks import Marks
from gptalk_tui.widgets.transcript.overlay import with_overlays
from gptalk_tui.widgets.transcript.position import START
from gptalk_tui.widgets.transcript.rendering import Renderer
from gptalk_tui.widgets.transcript.selection import Selection
from gptalk_tui.widgets.transcript.styles import StyleTable
from gptalk_tui.widgets.transcript.viewport import Viewport

WHEEL_LINES = 3
WORK_SLICE_S = 0.008
"""How long to split a long text before handling keys again, in seconds."""


class LinePane(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines to read. Follows the end while it is in view, else keeps its place. The screen handles keys."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LinePane { height: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """

    @dataclass
    class FollowChanged(Message):
        """The pane started or stopped following the newest text, or new text arrived below."""

        pane: LinePane
        is_following: bool
        has_new_text: bool

    def __init__(self, styles: StyleTable, *, fetch: Fetch | None = None, id: str | None = None) -> None:
        super().__init__(id=id)
        self.document = Document(Renderer(styles), fetch)
        self.viewport = Viewport(self.document)
        self.has_new_text = False
        self.chosen: int | None = None
        """Index of the message with the marker."""
        self.selection: Selection | None = None
        """The selection, made with the mouse or by choosing a code block."""
        self.marks: Marks | None = None
        """Matches to highlight."""
        self._strips: list[Strip] = []
        self._thumb = (-1, -1, -1)
        self._is_placing = False
        self._work_is_due = False
        self._blank: dict[int, Strip] = {}

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The scroll bar, made when it is first asked for, as Textual does."""
        if self._vertical_scrollbar is None:
            self._vertical_scrollbar = LineScrollBar(name="vertical", thickness=self.scrollbar_size_vertical)
            self._vertical_scrollbar.display = False
            self.app._start_widget(self, self._vertical_scrollbar)
        return self._vertical_scrollbar

    # Scrolling

    @property
    def is_following(self) -> bool:
        """Whether the pane follows the newest text."""
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
        """Scroll by pages, with one line of overlap."""
        self.scroll_lines(by * max(1, self.size.height - 1))

    def scroll_half(self, by: int) -> None:
        """Scroll by half pages."""
        self.scroll_lines(by * max(1, self.size.height // 2))

    def scroll_to_top(self) -> None:
        """Go to the start."""
        self._set_following(False)
        self.viewport.top = START
        self._place()
        self._follow_at_end()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Go where the scroll bar, or anything else, set the position in lines."""
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

    def set_selection(self, selection: Selection | None) -> None:
        """Select something, or nothing."""
        if selection != self.selection:
            self.selection = selection
            self.refresh()

    # Laying out the lines in view

    def _place(self, *, new_text: bool = False) -> None:
        """Find the lines in view, update the scroll bar, and repaint the lines that changed."""
        width, height = max(1, self.size.width), self.size.height
        if not height or not self.is_attached:
            return
        viewport, document = self.viewport, self.document
        viewport.place(width, height)
        self._update_scroll_bar(viewport.top_line, document.total, height)
        self._paint_changes()
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

    def _paint_changes(self) -> None:
        strips = [
            line.chosen_strip if position.message == self.chosen else line.strip
            for position, line in self.viewport.lines
        ]
        old, self._strips = self._strips, strips
        count, common = max(len(strips), len(old)), min(len(strips), len(old))
        changed = [y for y in range(count) if y >= common or strips[y] is not old[y]]
        width = self.size.width - self.scrollbar_size_vertical  # the bar is painted when it moves
        regions: list[Region] = []
        for y in changed:
            if regions and regions[-1].bottom == y:
                regions[-1] = Region(0, regions[-1].y, width, y + 1 - regions[-1].y)
            else:
                regions.append(Region(0, y, width, 1))
        if regions:
            self.refresh(*regions)

    def _update_scroll_bar(self, top: int, total: int, height: int) -> None:
        """Set the position without a layout; touch the bar only if its thumb moves by an eighth of a cell."""
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

    def _size_updated(
        self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True
    ) -> bool:
        """Take a new size. Textual may clamp the old position to it, which is not the user scrolling."""
        self._is_placing = True
        try:
            return super()._size_updated(size, virtual_size, container_size, layout)
        finally:
            self._is_placing = False

    def on_resize(self) -> None:
        """Lay out again for the new size."""
        self._strips = []
        self._place()
        self.refresh()

    # Painting

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return lines of the viewport, all prepared before."""
        filters = [each for each in self.get_line_filters() if not isinstance(each, ANSIToTruecolor)]
        background = self.background_colors[1]
        return [self._painted(y, crop, filters, background) for y in range(crop.y, crop.bottom)]

    def render_line(self, y: int) -> Strip:
        """Return one line of the viewport."""
        return self._strips[y] if 0 <= y < len(self._strips) else self._blank_line(self.size.width)

    def _painted(self, y: int, crop: Region, filters: list[LineFilter], background: Color) -> Strip:
        strip = self._with_overlays(y, self.render_line(y))
        width = crop.right
        if strip.cell_length != width:
            strip = strip.adjust_cell_length(width, self.document.renderer.base_style)
        if crop.x:
            strip = strip.crop(crop.x, width)
        for each in filters:
            strip = strip.apply_filter(each, background)
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
