"""The list of providers: use one, add, test, change or remove one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from gptalk_client.errors import GptalkError
from gptalk_client.settings import BUILT_IN
from gptalk_client.text import one_line
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.dialogs.confirm import ConfirmScreen
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.widgets.row_list import Row, RowList

if TYPE_CHECKING:
    from gptalk_tui.dialogs.engine_book import EngineBook

TEST_LIMIT_S = 15.0
"""How long a test may take, in seconds."""


class ProvidersScreen(Dialog[str | None]):
    """Returns the name of the provider to use, or None.

    Args:
        book: The providers.
        current: The one in use.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False),
        Binding("a,insert", "add", "Add", show=False),
        Binding("t", "test", "Test", show=False),
        Binding("e,f2", "change", "Change", show=False),
        Binding("d,delete", "remove", "Remove", show=False),
    ]

    def __init__(self, book: EngineBook, *, current: str = "") -> None:
        super().__init__()
        self._book = book
        self._current = current

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -tall"):
            yield Static("Providers", classes="dialog-title", markup=False)
            yield RowList()
            yield Static(classes="dialog-note", markup=False)
            yield Static(classes="dialog-error", markup=False)
            yield KeyHints(
                ("Enter", "use"),
                ("a", "add"),
                ("t", "test"),
                ("e", "change"),
                ("d", "remove"),
                ("Esc", "back"),
            )

    def on_mount(self) -> None:
        self.query_one(RowList).focus()
        self._show(self._current)

    def _show(self, highlight: str | None = None) -> None:
        in_use, rows = self._current, []
        for name, place in self._book.providers():
            rows.append(Row(name, one_line(name), place, "●" if name == in_use else ""))
        self.query_one(RowList).set_rows(rows, highlight=highlight)

    @property
    def _highlighted_name(self) -> str:
        row = self.query_one(RowList).highlighted
        return row.key if row is not None else ""

    @on(RowList.Highlighted)
    def _highlighted(self) -> None:
        self.stop_asking()
        self._say("")

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        self.dismiss(event.key)

    def action_add(self) -> None:
        """Add a provider."""
        from gptalk_tui.dialogs.add_provider import AddProviderScreen

        self.app.push_screen(AddProviderScreen(self._book), self._changed)

    def action_change(self) -> None:
        """Change the highlighted provider."""
        from gptalk_tui.dialogs.provider_form import ProviderForm

        if not self._is_ours():
            settings = self._book.settings.providers[self._highlighted_name]
            form = ProviderForm(self._book, name=self._highlighted_name, settings=settings, is_new=False)
            self.app.push_screen(form, self._changed)

    def _changed(self, name: str | None) -> None:
        self._say("")
        self._show(name)

    def action_test(self) -> None:
        """Ask the highlighted provider what a chat would ask it first."""
        if name := self._highlighted_name:
            self._say(f"asking {one_line(name)}…")
            self.ask_server(self._test(name))

    async def _test(self, name: str) -> None:
        try:
            async with asyncio.timeout(TEST_LIMIT_S):
                models = await self._book.check(name)
        except TimeoutError:
            self._say("", f"{one_line(name)} did not answer in {TEST_LIMIT_S:.0f} s.")
        except GptalkError as err:
            self._say("", one_line(err.for_humans(), max_chars=400))
        else:
            listed = {0: "it lists no models", 1: "1 model"}.get(len(models), f"{len(models)} models")
            self._say(f"{one_line(name)} answers: {listed}.")

    def action_remove(self) -> None:
        """Remove the highlighted provider, after a question."""
        name = self._highlighted_name
        if self._is_ours():
            return

        async def answered(is_meant: bool | None) -> None:
            if not is_meant:
                return
            try:
                await self._book.remove_provider(name)
            except GptalkError as err:
                self._say("", one_line(err.for_humans(), max_chars=400))
            self._show()

        detail = (
            "Its key is forgotten too. Conversations that use it stay; they need another provider to go on."
        )
        self.app.push_screen(ConfirmScreen(f"Remove “{one_line(name)}”?", detail, yes="remove"), answered)

    def _is_ours(self) -> bool:
        """Say that a built-in provider cannot be changed; return whether the highlighted one is."""
        if self._highlighted_name in BUILT_IN:
            self._say("gptalk and local are built in.")
            return True
        return self._highlighted_name not in self._book.settings.providers

    def _say(self, words: str, error: str = "") -> None:
        note = self.query_one(".dialog-note", Static)
        note.update(words)
        note.set_class(bool(words), "-shown")
        self.complain(error)
