"""A text area that survives having no room, and shrinking from many lines to few."""

from __future__ import annotations

from textual.strip import Strip
from textual.widgets import TextArea


class TextBox(TextArea):
    """Textual's text area without two of its failures.

    Textual 8.2 wraps its placeholder at a width of 0 and raises, and reads a cursor position beyond the last
    line after an undo that removes lines (no upstream issues).
    """

    def render_line(self, y: int) -> Strip:
        """Return a line; a blank one if there is no room."""
        return super().render_line(y) if self.content_size.width > 0 else Strip.blank(self.size.width)

    def _recompute_cursor_offset(self) -> None:
        # While an undo removes lines and the scroll bar with them, the cursor still points at the removed lines;
        # its new position is set right after.
        if self.cursor_location[0] < self.wrapped_document.document.line_count:
            super()._recompute_cursor_offset()  # type: ignore[no-untyped-call]
