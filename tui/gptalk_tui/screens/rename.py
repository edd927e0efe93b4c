"""A small dialog for a conversation's title."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from gptalk_client.models import Conversation
from gptalk_client.text import one_line
from gptalk_tui.screens.base import Dialog
from gptalk_tui.widgets.listing import title_of


class RenameScreen(Dialog[str | None]):
    """Returns the new title, empty for the one that the first prompt gives, or None.

    Args:
        conversation: What is renamed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Close", show=False)]

    def __init__(self, conversation: Conversation) -> None:
        super().__init__()
        self._conversation = conversation

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(f"Rename “{title_of(self._conversation)}”", classes="dialog-title", markup=False)
            title = one_line(self._conversation.title, max_chars=400)
            yield Input(title, placeholder="the title", compact=True, select_on_focus=True)
            yield Static(
                "Enter keeps the title · Esc leaves it as it was", classes="dialog-hint", markup=False
            )

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)

    def action_leave(self) -> None:
        """Close without a change."""
        self.dismiss(None)
