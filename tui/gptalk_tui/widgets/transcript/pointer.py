"""The mouse in a pane of lines: dragging selects, and a click may hit a link or a code block's copy mark."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual import events
from textual.timer import Timer

from gptalk_tui.widgets.transcript.code import code_source
from gptalk_tui.widgets.transcript.pane import LinePane
from gptalk_tui.widgets.transcript.position import NOTE
from gptalk_tui.widgets.transcript.selection import Selection, Spot, Unit, select

CLICK_AGAIN_S = 0.4
"""Time within which another click on the same cell selects a word, then a line, in seconds."""

DRAG_SCROLL_S = 1 / 20
_UNITS = (Unit.CHARACTER, Unit.WORD, Unit.LINE)


class Pointer:
    """Follows the mouse over a pane.

    Args:
        pane: The pane under the mouse.
        on_link: Called with the address of a link that was clicked.
        on_code: Called with the source of a code block whose copy mark was clicked.
        on_note: Called with the index of a message if the line about its reasoning was clicked.
        on_chip: Called with the index of a prompt if a file or a pasted text was clicked that is one line.
    """

    def __init__(
        self,
        pane: LinePane,
        *,
        on_link: Callable[[str], object],
        on_code: Callable[[str], object],
        on_note: Callable[[int], object],
        on_chip: Callable[[int], object],
    ) -> None:
        self._on_chip = on_chip
        self._pane = pane
        self._on_link = on_link
        self._on_code = on_code
        self._on_note = on_note
        self._anchor: Spot | None = None
        self._unit = Unit.CHARACTER
        self._pressed_at = (-1, -1)
        self._pressed_s = 0.0
        self._clicks = 0
        self._has_moved = False
        self._last = (0, 0)
        self._scroller: Timer | None = None

    def down(self, event: events.MouseDown) -> None:
        """Start a selection; a second or third click selects a word or a line."""
        if event.button != 1:
            return
        now, place = time.monotonic(), (event.x, event.y)
        is_again = place == self._pressed_at and now - self._pressed_s < CLICK_AGAIN_S
        self._clicks = self._clicks % 3 + 1 if is_again else 1
        self._pressed_at, self._pressed_s = place, now
        self._unit = _UNITS[self._clicks - 1]
        self._has_moved = False
        pane = self._pane
        self._anchor = self._spot_at(*place)
        if self._anchor is None or self._unit is Unit.CHARACTER:
            pane.set_selection(None)
        else:
            self._show(self._anchor)
        pane.capture_mouse()

    def move(self, event: events.MouseMove) -> None:
        """Extend the selection, scrolling beyond the edges."""
        if self._anchor is None or not event.button:
            return
        self._last = (event.x, event.y)
        if self._last != self._pressed_at:
            self._has_moved = True
        self._extend()
        is_outside = not 0 <= event.y < self._pane.size.height
        if is_outside and self._scroller is None:
            self._scroller = self._pane.set_interval(DRAG_SCROLL_S, self._scroll)
        elif not is_outside:
            self._stop_scrolling()

    def up(self, event: events.MouseUp) -> None:
        """End the selection, or handle a click."""
        self._pane.release_mouse()
        self._stop_scrolling()
        self._anchor = None
        if event.button == 1 and not self._has_moved and self._clicks == 1:
            self._click(event.x, event.y)

    def _spot_at(self, x: int, y: int) -> Spot | None:
        """Return the place in the text at a cell, or the nearest one; None if there is no text."""
        pane = self._pane
        lines = pane.viewport.lines
        for index in sorted(range(len(lines)), key=lambda index: abs(index - y)):
            (message, row, _), painted = lines[index]
            if painted.line is None:
                continue
            cell = x - pane.document.frame.content
            if index != y:
                cell = pane.size.width if index < y else 0
            return Spot(message, row, painted.line.logical, painted.line.offset_at(cell))
        return None

    def _click(self, x: int, y: int) -> None:
        """Report a click on a link, on a code block's copy mark, or on the line about reasoning."""
        pane = self._pane
        document, lines = pane.document, pane.viewport.lines
        if not 0 <= y < len(lines):
            return
        (message, row, line), _ = lines[y]
        if row == NOTE and document.rows(message).first > NOTE:
            self._on_note(message)
            return
        piece = document.rows(message).piece(row)
        if piece is not None and piece.label:
            self._on_chip(message)
            return
        rendered = document.rendered(message, row)
        cell = x - document.frame.content
        for link in rendered.painted.links if rendered.painted is not None else ():
            if link.line == line and link.x0 <= cell < link.x1:
                self._on_link(link.url)
                return
        for code in rendered.codes:
            if code.first_line == line and code.copy_x0 <= cell < code.copy_x1:
                self._on_code(code_source(document, message, row, code.ident))
                return

    def _scroll(self) -> None:
        height = self._pane.size.height
        _, y = self._last
        self._pane.scroll_lines(min(3, y - height + 1) if y >= height else max(-3, y))
        self._extend()

    def _stop_scrolling(self) -> None:
        if self._scroller is not None:
            self._scroller.stop()
            self._scroller = None

    def _extend(self) -> None:
        x, y = self._last
        height = self._pane.size.height
        head = self._spot_at(x, min(max(y, 0), height - 1))
        if head is not None:
            self._show(head)

    def _show(self, head: Spot) -> None:
        assert self._anchor is not None
        found: Selection = select(self._pane.document, self._anchor, head, self._unit)
        self._pane.set_selection(None if found.is_empty else found)
