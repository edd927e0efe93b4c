"""The list of conversations on the chat screen: what it shows, and whether it is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError
from gptalk_client.models import Conversation

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_tui.screens.chat import ChatScreen

OPEN_FROM_WIDTH = 110
"""From this width on the list stands beside the transcript; below, it opens over it."""

FIRST_ROWS = 200
"""How many conversations are read before the list is painted."""

MORE_ROWS = 2000
"""How many are read at a time behind them."""


class Shelf:
    """Keeps the list pane up to date.

    Args:
        screen: Whose list it is.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._wish: bool | None = None
        self._is_visited = False

    # What it shows

    def refresh_soon(self) -> None:
        """Read the list again in the background; a later wish replaces an earlier one."""
        self._screen.run_worker(self.refresh(), group="list", exclusive=True, description="list")

    async def refresh(self) -> None:
        """Read the list again: a first part at once, the rest behind it."""
        screen = self._screen
        if screen.services is None:
            return
        store, wanted = screen.services.store, screen.list_pane.filter
        found: list[Conversation] = []
        limit = FIRST_ROWS
        try:
            while True:
                more = await store.run(_page(limit, len(found), wanted))
                found = [*found, *more]
                self._show(found)
                if len(more) < limit:
                    return
                limit = MORE_ROWS
        except GptalkError as err:
            screen.say(err.for_humans(), is_error=True)

    def mark(self) -> None:
        """Show which conversation is open and where replies stream, without reading anything."""
        screen = self._screen
        screen.list_pane.mark(active=screen.desk.conversation_id, streaming=screen.desk.turns.conversations)

    def _show(self, found: list[Conversation]) -> None:
        screen = self._screen
        screen.desk.take_news(found)
        screen.list_pane.show(
            found, active=screen.desk.conversation_id, streaming=screen.desk.turns.conversations
        )

    # Whether it is open

    def fit(self) -> None:
        """Open or close the list: for the width, the wish of the person, and whether they are in it."""
        screen = self._screen
        is_narrow = screen.size.width < OPEN_FROM_WIDTH
        wish = not is_narrow if self._wish is None else self._wish
        screen.query_one("#body").set_class(is_narrow, "-narrow")
        screen.list_pane.set_class(wish or self._is_visited, "-open")

    def visit(self) -> None:
        """Open the list and put the focus on its filter."""
        self._is_visited = True
        self.fit()
        self._screen.list_pane.enter()

    def leave(self) -> None:
        """Close the list if it was opened for a visit, and go back to the composer."""
        self._is_visited = False
        self.fit()
        self._screen.composer.focus()

    def toggle(self) -> None:
        """Show or hide the list for good."""
        pane = self._screen.list_pane
        is_open = pane.has_class("-open")
        self._is_visited = False
        self._wish = not is_open
        if is_open and pane.has_focus_within:
            self._screen.composer.focus()
        self.fit()


def _page(limit: int, offset: int, wanted: str) -> Callable[[Store], list[Conversation]]:
    return lambda store: store.conversations(limit=limit, offset=offset, filter=wanted)
