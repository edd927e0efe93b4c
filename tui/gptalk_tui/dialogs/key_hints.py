"""The keys of a dialog, in one dim line or as many as it takes."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from gptalk_tui.keymap import key_name

Hint = tuple[str, str]

GAP = "   "


class KeyHints(Widget):
    """Keys and what they do, such as `Enter use   Esc back`; a key is never apart from its words.

    A click on one presses it; of `Enter or y` the first one.

    Args:
        hints: Each key, as people write it, with a word or two.
        id: The widget's id.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyHints { height: auto; }
    """

    def __init__(self, *hints: Hint, id: str | None = None) -> None:
        super().__init__(classes="dialog-hint", id=id)
        self._hints = hints
        self._notice = Content.empty()

    def show(self, *hints: Hint) -> None:
        """Show other keys."""
        self._hints = hints
        self.refresh(layout=True)

    def show_notice(self, notice: Content) -> None:
        """Show a notice in place of the keys, or the keys if it is empty."""
        self._notice = notice
        self.refresh(layout=True)

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        place = event.get_content_offset(self)
        lines = [] if self._notice or place is None else self._lines(self.content_size.width)
        if place is None or place.y >= len(lines):
            return
        start = 0
        for title, does in lines[place.y]:
            end = start + cell_len(title) + 1 + cell_len(does)
            if start <= place.x < end:
                event.stop()
                self._press(title.partition(" or ")[0])
            start = end + len(GAP)

    def _press(self, title: str) -> None:
        try:
            key = events.Key(key_name(title), None)
        except ValueError:
            return  # two keys, such as the arrows
        key.set_sender(self.app)  # a key of this widget's own would not bubble up to the screen
        self.app.post_message(key)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines the keys take."""
        return len(self._lines(width))

    def render(self) -> Content:
        """Return the keys, as many to a line as fit, or the notice."""
        if self._notice:
            return self._notice
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
