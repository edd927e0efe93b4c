"""A small question that one key answers."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.dialogs.key_hints import KeyHints


class ConfirmScreen(Dialog[bool | None]):
    """Returns whether the person agreed; None where they left.

    Args:
        question: Names what it is about; made harmless by the caller.
        detail: What else to know; made harmless by the caller.
        yes: What Enter does, in a word.
        no: What n does, where that is more than Esc.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "answer(True)", "Yes", show=False),
        Binding("n", "answer(False)", "No", show=False),
        Binding("escape", "answer(None)", "Leave", show=False),
    ]

    def __init__(self, question: str, detail: str = "", *, yes: str = "Yes", no: str = "") -> None:
        super().__init__()
        self._question = question
        self._detail = detail
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, classes="dialog-title", markup=False)
            if self._detail:
                yield Static(self._detail, markup=False)
            no = (("n", self._no), ("Esc", "back")) if self._no else (("Esc or n", "no"),)
            yield KeyHints(("Enter or y", self._yes), *no)

    def action_answer(self, is_yes: bool | None) -> None:
        """Close with an answer."""
        self.dismiss(is_yes)
