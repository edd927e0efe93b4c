"""A text area that survives a terminal with no room for it, and the way back from many lines to few."""

from __future__ import annotations

from textual.strip import Strip
from textual.widgets import TextArea


class TextBox(TextArea):
    """Textual's, which breaks its placeholder into lines of no width at all and fails."""

    def render_line(self, y: int) -> Strip:
        """Return a line; a blank one where there is no room."""
        return super().render_line(y) if self.content_size.width > 0 else Strip.blank(self.size.width)

    def _recompute_cursor_offset(self) -> None:
        # While lines are taken back and the scroll bar goes with them, the cursor still stands where they were;
        # its new place is set right behind.
        if self.cursor_location[0] < self.wrapped_document.document.line_count:
            super()._recompute_cursor_offset()  # type: ignore[no-untyped-call]
