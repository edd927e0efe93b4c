"""The question of the very first start: where to chat."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from gptalk_client.addresses import Address
from gptalk_client.errors import ConfigError
from gptalk_client.settings import GPTALK_URL
from gptalk_client.text import one_line
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.widgets.row_list import Row, RowList

GPTALK, LOCAL, OTHER = "gptalk", "local", "other"


@dataclass(frozen=True, slots=True)
class Choice:
    """Where to chat."""

    provider: Literal["gptalk", "local"]
    url: str = ""
    """Of a GPTalk service; empty for the local one."""


class SetupScreen(Dialog[Choice | None]):
    """Asks where to chat; returns the choice, or None where it was postponed.

    Args:
        reaches: Returns whether a service can be reached.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Later", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
    ]

    def __init__(self, reaches: Callable[[str], Awaitable[bool]]) -> None:
        super().__init__()
        self._reaches = reaches
        self._was_touched = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -setup"):
            yield Static("Where do you want to chat?", classes="dialog-title", markup=False)
            yield RowList(id="places")
            yield Input(placeholder="https://…  address of a GPTalk service", compact=True, id="address")
            yield Static(classes="dialog-error", markup=False)
            hint = "Up and Down: choose · Enter: use it · saved in the config file; Ctrl+T changes it"
            yield Static(hint, classes="dialog-hint", markup=False)

    def on_mount(self) -> None:
        self.add_class("-filtering")
        self.query_one("#address", Input).display = False
        self._show(None)
        self.query_one(RowList).focus()
        self.run_worker(self._probe(), description="probe")

    def _show(self, is_reachable: bool | None) -> None:
        reach = {None: "looking…", True: "reachable", False: "unreachable right now"}[is_reachable]
        places = self.query_one(RowList)
        rows = [
            Row(GPTALK, "gptalk.net", reach),
            Row(LOCAL, "This computer", "a small model, works offline"),
            Row(OTHER, "Another address", "any GPTalk service"),
        ]
        wanted = None
        if not self._was_touched and is_reachable is not None:
            wanted = GPTALK if is_reachable else LOCAL
        places.set_rows(rows, highlight=wanted)

    async def _probe(self) -> None:
        try:
            async with asyncio.timeout(5):
                is_reachable = await self._reaches(GPTALK_URL)
        except TimeoutError:
            is_reachable = False
        self._show(is_reachable)

    @on(RowList.Highlighted)
    def _touched(self) -> None:
        self._was_touched = True

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        if event.key == GPTALK:
            self.dismiss(Choice("gptalk", GPTALK_URL))
        elif event.key == LOCAL:
            self.dismiss(Choice("local"))
        else:
            self._was_touched = True
            address = self.query_one("#address", Input)
            address.display = True
            address.focus()

    @on(Input.Submitted, "#address")
    def _addressed(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if "://" not in text:
            text = "https://" + text
        try:
            url = Address.parse(text, "The address").base
        except ConfigError as err:
            self.complain(one_line(err.message))
            return
        self.dismiss(Choice("gptalk", url))

    def action_move(self, by: int) -> None:
        """Go back from the address to the places."""
        places = self.query_one(RowList)
        places.focus()
        places.action_move(by)
