"""The question of the very first start: where to chat."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from gptalk_client.settings import GPTALK, GPTALK_URL, LOCAL
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.widgets.row_list import Row, RowList

if TYPE_CHECKING:
    from gptalk_client.providers.discovery import FoundEngine
    from gptalk_tui.dialogs.engine_book import EngineBook

ENGINE = "engine"

REACH_S = 5.0
"""How long the public service may take to accept a connection, in seconds."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Where to chat."""

    provider: str
    url: str = ""
    """Of the GPTalk service; empty for other providers."""


class SetupScreen(Dialog[Choice | None]):
    """Asks where to chat; returns the choice, or None where it was postponed.

    Args:
        reaches: Returns whether a service can be reached.
        book: Finds engines and keeps the one that is added.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Later", show=False)]

    def __init__(self, reaches: Callable[[str], Awaitable[bool]], book: EngineBook) -> None:
        super().__init__()
        self._reaches = reaches
        self._book = book
        self._is_reachable: bool | None = None
        self._found: Sequence[FoundEngine] | None = None
        self._was_touched = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -setup"):
            yield Static("Where do you want to chat?", classes="dialog-title", markup=False)
            yield RowList(id="places")
            yield KeyHints(("↑ ↓", "choose"), ("Enter", "use it"), ("Esc", "later"))

    def on_mount(self) -> None:
        self.add_class("-filtering")
        self._show()
        self.query_one(RowList).focus()
        self.run_worker(self._probe(), description="probe")
        self.run_worker(self._discover(), description="discovery")

    def _show(self) -> None:
        reach = {None: "looking…", True: "reachable", False: "unreachable right now"}[self._is_reachable]
        runs = " and ".join(each.preset.title for each in (self._found or ())[:2])
        rows = [
            Row(LOCAL, "This computer", "a small model, works offline"),
            Row(GPTALK, "gptalk.net", reach),
            Row(
                ENGINE, "An engine that you run or rent", f"{runs} runs here" if runs else "Ollama, OpenAI, …"
            ),
        ]
        self.query_one(RowList).set_rows(rows, highlight=None if self._was_touched else self._best)

    @property
    def _best(self) -> str | None:
        """What to offer first, once that is known: what runs here, else the service, else the small model."""
        if self._found:
            return ENGINE
        if self._found is None or self._is_reachable is None:
            return None
        return GPTALK if self._is_reachable else LOCAL

    async def _probe(self) -> None:
        try:
            async with asyncio.timeout(REACH_S):
                self._is_reachable = await self._reaches(GPTALK_URL)
        except TimeoutError:
            self._is_reachable = False
        self._show()

    async def _discover(self) -> None:
        self._found = await self._book.discover()
        self._show()

    @on(RowList.Highlighted)
    def _touched(self) -> None:
        self._was_touched = True

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        if event.key == ENGINE:
            self._add()
        else:
            self.dismiss(Choice(event.key, GPTALK_URL if event.key == GPTALK else ""))

    def _add(self) -> None:
        from gptalk_tui.dialogs.add_provider import AddProviderScreen

        self._was_touched = True

        def added(name: str | None) -> None:
            if name is not None:
                self.dismiss(Choice(name))

        self.app.push_screen(AddProviderScreen(self._book, found=self._found or ()), added)
