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
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.widgets.listing import title_of


class RenameScreen(Dialog[str | None]):
    """Returns the new title; None where it stays the same, also for an empty one.

    Args:
        conversation: What is renamed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Close", show=False)]

    def __init__(self, conversation: Conversation) -> None:
        super().__init__()
        self._conversation = conversation
        self._shown = one_line(conversation.title, max_chars=400)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(f"Rename “{title_of(self._conversation)}”", classes="dialog-title", markup=False)
            yield Input(self._shown, placeholder="the title", select_on_focus=True)
            yield KeyHints(("Enter", "save"), ("Esc", "cancel"))

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        title = event.value.strip()
        self.dismiss(title if title and title != self._shown.strip() else None)
