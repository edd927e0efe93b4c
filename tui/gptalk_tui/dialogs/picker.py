"""A small dialog that finds one of many: type to filter, Enter chooses, Esc leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from gptalk_client.errors import GptalkError
from gptalk_tui.dialogs.base import LOOKING, LOW_HEIGHT, Dialog
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.widgets.row_list import Row, RowList


def _findable(row: Row) -> str:
    return f"{row.text} {row.detail} {row.words}".casefold()


class PickerScreen(Dialog[str | None]):
    """Returns the key of the chosen row, or None.

    Args:
        title: What is chosen.
        rows: What there is to choose from.
        empty_text: What to say when nothing matches.
        find: Returns the rows for what is typed, where there are too many to hand over; `rows` is not used then.
        highlight: The key of the row that has the highlight at first.
        preview: Is told which row gets the highlight.
        is_wide: Whether the rows have details to show.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
    ]

    def __init__(
        self,
        title: str,
        rows: Sequence[Row],
        *,
        empty_text: str,
        find: Callable[[str], Awaitable[list[Row]]] | None = None,
        highlight: str | None = None,
        preview: Callable[[str], None] | None = None,
        is_wide: bool = False,
    ) -> None:
        super().__init__()
        self._is_wide = is_wide
        self._first = highlight
        self._preview = preview
        self._find = find
        self._title = title
        self._all = list(rows)
        self._empty_text = empty_text

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -tall -wide" if self._is_wide else "dialog -tall"):
            yield Static(self._title, classes="dialog-title", markup=False)
            yield Input(placeholder="type to find")
            yield RowList(empty_text=self._empty_text)
            yield KeyHints(("Enter", "choose"), ("Esc", "back"))

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._look("")

    def on_resize(self) -> None:
        """Let the rows take the room that title, field and keys leave."""
        height = self.size.height
        is_low = height < LOW_HEIGHT
        self.query_one(RowList).styles.max_height = height - 5 if is_low else height * 92 // 100 - 8

    def on_key(self) -> None:
        self.add_class("-filtering")

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        self._look(event.value)

    def _look(self, text: str) -> None:
        if self._find is not None:
            work = self._show_found(self._find, text)
            self.run_worker(work, group=LOOKING, exclusive=True, description="find")
            return
        words = text.casefold().split()
        rows = [row for row in self._all if all(word in _findable(row) for word in words)]
        if words:  # what is named so comes before what only tells of it
            rows.sort(key=lambda row: (row.is_dim, not all(word in row.text.casefold() for word in words)))
        best = rows[0].key if words and rows else self._first
        self.query_one(RowList).set_rows(rows, highlight=best)
        self._first = None

    @on(RowList.Highlighted)
    def _highlighted(self, event: RowList.Highlighted) -> None:
        event.stop()
        if self._preview is not None:
            self._preview(event.key)

    async def _show_found(self, find: Callable[[str], Awaitable[list[Row]]], text: str) -> None:
        try:
            rows = await find(text)
        except GptalkError as err:
            self.notify(err.for_humans(), severity="error")
            return
        self.query_one(RowList).set_rows(rows, highlight=rows[0].key if rows else None)

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
