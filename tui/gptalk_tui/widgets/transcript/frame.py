"""The columns of a line: margins, gutter and measure at a given width."""

from __future__ import annotations

from gptalk_client.records import Record

MEASURE = 104
"""Text and code are no wider than this many cells; in a wider pane they are centred."""

SCROLL_BAR_CELLS = 1
"""The scroll bar covers the last cells of every line."""


class Frame(Record, frozen=True):
    """The columns of the transcript for one width, in cells."""

    width: int
    """The whole widget, scroll bar included."""
    left: int
    """Blank cells before the gutter."""
    gutter: int
    """Cells of the gutter, where the bar goes."""
    text_width: int
    """Cells for prose and code."""
    full_width: int
    """Cells for tables."""

    @classmethod
    def of(cls, width: int) -> Frame:
        """Return the columns for a width in cells; every part is at least one cell."""
        gutter = 4 if width >= 60 else 2
        right = SCROLL_BAR_CELLS + (width >= 60)
        room = max(1, width - gutter - right)
        text_width = min(MEASURE, room)
        left = (room - text_width) // 2
        return cls(width, left, gutter, text_width, room - left)

    @property
    def content(self) -> int:
        """The column where text starts."""
        return self.left + self.gutter
