"""All keys and what they do, from the action table."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from gptalk_tui.actions import ACTIONS, Where, key_titles

_HEADINGS = {
    Where.COMPOSER: "In the composer",
    Where.ANYWHERE: "Anywhere",
    Where.MESSAGE: "On a message (Alt+Up goes to one)",
    Where.LIST: "In the list of conversations (Ctrl+S goes there)",
}


def help_text() -> Content:
    """Return the keys, by where they work."""
    parts: list[tuple[str, str] | str] = []
    for where, heading in _HEADINGS.items():
        actions = [action for action in ACTIONS if action.where is where]
        if not actions:
            continue
        parts += [(heading, "bold $ink-accent"), "\n"]
        for action in actions:
            keys = ", ".join(key_titles(action.keys)) or "Ctrl+P"
            parts += [(f"  {keys:<14}", "$ink-text"), (action.help, "$ink-muted"), "\n"]
        parts.append("\n")
    return Content.assemble(*parts)


class HelpScreen(ModalScreen[None]):
    """Help to read; any of Esc, F1, q closes it."""

    CSS_PATH = "../styles/dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,q,enter", "leave", "Close", show=False)]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -tall -wide"):
            yield Static("Help", classes="dialog-title", markup=False)
            with VerticalScroll():
                yield Static(help_text(), markup=False)
            yield Static("Esc closes · PgUp and PgDn scroll", classes="dialog-hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)
