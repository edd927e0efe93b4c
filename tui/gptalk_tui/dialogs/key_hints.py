"""The keys of a dialog, in one dim line or as many as it takes."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class KeyHints(Static):
    """Keys and what they do, such as `Enter use   Esc back`.

    Args:
        hints: Each key with a word or two.
    """

    DEFAULT_CSS = """
    KeyHints { height: auto; }
    """

    def __init__(self, *hints: tuple[str, str], id: str | None = None) -> None:
        super().__init__(_content(hints), markup=False, classes="dialog-hint", id=id)

    def show(self, *hints: tuple[str, str]) -> None:
        """Show other keys."""
        self.update(_content(hints))


def _content(hints: tuple[tuple[str, str], ...]) -> Content:
    parts = [
        Content.assemble(
            (key, "$ink-text"), (f"\N{NO-BREAK SPACE}{does}".replace(" ", "\N{NO-BREAK SPACE}"), "$ink-muted")
        )
        for key, does in hints
    ]
    return Content("   ").join(parts)
