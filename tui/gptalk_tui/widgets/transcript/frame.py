"""Where on a line things stand: margins, gutter and measure for a width."""

from __future__ import annotations

from dataclasses import dataclass

MEASURE = 100
"""Text is no wider than this many cells, however wide the terminal."""

CENTRED_FROM = 130
"""From this width on the text is centred to its measure."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The columns of the transcript for one width, in cells."""

    width: int
    """All of the widget, the scroll bar left out."""
    left: int
    """Blank cells before the gutter."""
    gutter: int
    """Cells of the gutter, which holds the bar."""
    text_width: int
    """For prose."""
    full_width: int
    """For code and tables."""

    @classmethod
    def of(cls, width: int) -> Frame:
        """Return the columns for a width in cells; every part is at least one cell."""
        gutter = 4 if width >= 60 else 2
        right = 2 if width >= 60 else 0
        room = max(1, width - gutter - right)
        text_width = min(MEASURE, room)
        left = (width - text_width - gutter) // 2 if width >= CENTRED_FROM else 0
        return cls(width, max(0, left), gutter, text_width, max(text_width, room - max(0, left)))

    @property
    def content(self) -> int:
        """The column where the text begins."""
        return self.left + self.gutter
