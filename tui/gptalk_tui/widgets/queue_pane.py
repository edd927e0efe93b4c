"""The queued prompts below the reply that they wait for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from gptalk_tui.widgets.row_list import RowList


class QueuePane(RowList):
    """Prompts to edit and remove. Hidden while there are none."""

    DEFAULT_CSS = """
    QueuePane { display: none; height: auto; max-height: 6; }
    QueuePane.-open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back", show=False)]

    @dataclass
    class Left(Message):
        """Esc was pressed, or there is nothing left to choose."""

        pane: QueuePane

    def action_leave(self) -> None:
        """Go back."""
        self.post_message(self.Left(self))
