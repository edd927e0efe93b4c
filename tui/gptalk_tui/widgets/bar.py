"""One line of text with a part at the right: the header, the status line and the footer are such bars."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


class Bar(Widget):
    """One line: the left part gives way to the right one when there is no room for both."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Bar { height: 1; width: 1fr; padding: 0 1; }
    """

    left: reactive[Content] = reactive(Content.empty)
    """What stands at the left edge."""
    right: reactive[Content] = reactive(Content.empty)
    """What stands at the right edge."""

    def render(self) -> Content:
        width = self.content_size.width
        room = width - self.right.cell_length
        if room < 1 or not self.right.cell_length:
            return self.left.truncate(max(0, width), ellipsis=True)
        left = self.left.truncate(room - 1, ellipsis=True)
        return Content.assemble(left, " " * (room - left.cell_length), self.right)
