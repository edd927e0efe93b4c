"""A one-line bar with text at both ends: the header, the status line and the footer."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


class Bar(Widget):
    """One line of text; the left part is cut short when both do not fit."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Bar { height: 1; width: 1fr; padding: 0 1; }
    """

    left: reactive[Content] = reactive(Content.empty)
    """Text at the left edge."""
    right: reactive[Content] = reactive(Content.empty)
    """Text at the right edge."""

    def render(self) -> Content:
        width = self.content_size.width
        room = width - self.right.cell_length
        if room < 1 or not self.right.cell_length:
            return self.left.truncate(max(0, width), ellipsis=True)
        left = self.left.truncate(room - 1, ellipsis=True)
        return Content.assemble(left, " " * (room - left.cell_length), self.right)
