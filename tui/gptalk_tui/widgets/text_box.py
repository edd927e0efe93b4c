"""A text area that survives a terminal with no room for it."""

from __future__ import annotations

from textual.strip import Strip
from textual.widgets import TextArea


class TextBox(TextArea):
    """Textual's, which breaks its placeholder into lines of no width at all and fails."""

    def render_line(self, y: int) -> Strip:
        """Return a line; a blank one where there is no room."""
        return super().render_line(y) if self.content_size.width > 0 else Strip.blank(self.size.width)
