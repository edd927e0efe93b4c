"""The keys of a dialog, in one dim line or as many as it takes."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

Hint = tuple[str, str]

GAP = "   "


class KeyHints(Widget):
    """Keys and what they do, such as `Enter use   Esc back`; a key is never apart from its words.

    Args:
        hints: Each key with a word or two.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyHints { height: auto; }
    """

    def __init__(self, *hints: Hint) -> None:
        super().__init__(classes="dialog-hint")
        self._hints = hints

    def show(self, *hints: Hint) -> None:
        """Show other keys."""
        self._hints = hints
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines the keys take."""
        return len(self._lines(width))

    def render(self) -> Content:
        """Return the keys, as many to a line as fit."""
        lines = self._lines(self.content_size.width)
        return Content("\n").join(
            Content(GAP).join(
                Content.assemble((key, "$ink-text"), (f" {does}", "$ink-muted")) for key, does in line
            )
            for line in lines
        )

    def _lines(self, width: int) -> list[list[Hint]]:
        lines: list[list[Hint]] = []
        room = 0
        for key, does in self._hints:
            cells = cell_len(key) + 1 + cell_len(does)
            if not lines or room < len(GAP) + cells:
                lines.append([])
                room = width + len(GAP)
            lines[-1].append((key, does))
            room -= len(GAP) + cells
        return lines
