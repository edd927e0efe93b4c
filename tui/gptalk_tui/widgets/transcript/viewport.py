"""The lines in view, anchored to a position rather than a line number, so that nothing jumps."""

from __future__ import annotations

from typing import TypeAlias

from gptalk_tui.widgets.transcript.document import Document
from gptalk_tui.widgets.transcript.position import START, Position
from gptalk_tui.widgets.transcript.rendering import PaintedLine

ViewLine: TypeAlias = tuple[Position, PaintedLine]


class Viewport:
    """A window on a document.

    Args:
        document: The lines to show.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.height = 0
        """Height of the window in lines."""
        self.top: Position = START
        self.is_following = True
        """Whether the window stays at the end as text arrives."""
        self.lines: list[ViewLine] = []
        """The lines in view, as of the last `place`."""

    @property
    def is_at_end(self) -> bool:
        """Whether the last line is in view."""
        lines = self.lines
        return len(lines) < self.height or not lines or lines[-1][0] == self.document.end()

    @property
    def top_line(self) -> int:
        """The number of lines above the window."""
        return self.document.line_of(self.top)

    def place(self, width: int, height: int) -> None:
        """Find the lines in view.

        Args:
            width: The window's width in cells.
            height: The window's height in lines.
        """
        document = self.document
        if document.frame.width != width:
            self._change_width(width)
        self.height = height
        if self.is_following:
            self._go_to_end()
        self._collect()
        if len(self.lines) < height and self.top != START:
            self._go_to_end()
            self._collect()
        document.heights.learn()

    def scroll(self, by: int) -> None:
        """Move the window by exactly this many lines. Call `place` afterwards."""
        self.top = self.document.move(self.top, by)

    def scroll_to(self, line: int) -> None:
        """Move the window to a line number, which may be based on estimates."""
        by = line - self.top_line
        if abs(by) <= 2 * self.height:
            self.scroll(by)
        else:
            self.top = self.document.position_at(line)

    def shows_all_of(self, message: int) -> bool:
        """Whether a message is in view from its first line to its last."""
        shown = sum(position.message == message for position, _ in self.lines)
        return 0 < shown == self.document.rows(message).heights.total

    def shows_start_of(self, message: int) -> bool:
        """Whether the first line of a message is in view."""
        return any(position == (message, 0, 0) for position, _ in self.lines)

    def _go_to_end(self) -> None:
        self.top = self.document.move(self.document.end(), 1 - self.height)

    def _collect(self) -> None:
        document, height = self.document, self.height
        self.lines = []
        if not document.entries:
            self.top = START
            return
        self.top = document.clamp(self.top)
        message, row, line = self.top
        while len(self.lines) < height:
            painted = document.rendered(message, row).lines
            for number in range(line, min(len(painted), line + height - len(self.lines))):
                self.lines.append((Position(message, row, number), painted[number]))
            row, line = row + 1, 0
            if row >= len(document.rows(message).heights):
                message, row = message + 1, 0
                if message >= len(document.entries):
                    break

    def _change_width(self, width: int) -> None:
        """Lay out for a new width, keeping the first word in view."""
        document, top = self.document, self.top
        place = None
        if document.entries and not self.is_following:
            top = document.clamp(top)
            line = document.rendered(top.message, top.row).lines[top.line].line
            place = (line.logical, line.start) if line is not None else None
        document.set_width(width)
        if place is not None:
            for number, painted in enumerate(document.rendered(top.message, top.row).lines):
                if painted.line is not None and (painted.line.logical, painted.line.start) <= place:
                    top = top._replace(line=number)
            self.top = top
