"""A small dialog that finds one of many: type to filter, Enter chooses, Esc leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from gptalk_tui.widgets.row_list import Row, RowList


class PickerScreen(ModalScreen[str | None]):
    """Returns the key of the chosen row, or None.

    Args:
        title: What is chosen.
        rows: What there is to choose from.
        empty_text: What to say when nothing matches.
    """

    CSS_PATH = "../styles/dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
    ]

    def __init__(self, title: str, rows: Sequence[Row], *, empty_text: str) -> None:
        super().__init__()
        self._title = title
        self._all = list(rows)
        self._empty_text = empty_text

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -tall"):
            yield Static(self._title, classes="dialog-title", markup=False)
            yield Input(placeholder="type to find", compact=True)
            yield RowList(empty_text=self._empty_text)

    def on_mount(self) -> None:
        self.query_one(RowList).set_rows(self._all)
        self.query_one(Input).focus()

    def on_key(self) -> None:
        self.add_class("-filtering")

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        words = event.value.casefold().split()
        rows = [row for row in self._all if all(word in row.text.casefold() for word in words)]
        self.query_one(RowList).set_rows(rows)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.query_one(RowList).action_choose()

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        self.dismiss(event.key)

    def action_move(self, by: int) -> None:
        """Move the highlight."""
        self.query_one(RowList).action_move(by)

    def action_page(self, by: int) -> None:
        """Move the highlight by a page."""
        self.query_one(RowList).action_page(by)

    def action_leave(self) -> None:
        """Close without a choice."""
        self.dismiss(None)
