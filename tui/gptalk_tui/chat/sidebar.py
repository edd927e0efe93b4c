"""The list of conversations on the chat screen: what it shows, and whether it is open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError
from gptalk_client.models import Conversation

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.screen import ChatScreen

OPEN_FROM_WIDTH = 110
"""From this width on the list stands beside the transcript; below, it opens over it."""

WIDE_FROM_WIDTH = 150
"""From this width on the list has room for the counts of messages."""

FIRST_ROWS = 200
"""How many conversations are read before the list is painted, at least."""

ROWS_BELOW = 100
"""How many are read below the highlighted one, so that the one below it is at hand."""

MORE_ROWS = 1000
"""How many are read at a time behind them, while somebody looks through the list."""


MORE_AFTER_S = 0.15
"""How long the rest waits, in seconds: while somebody types a filter, only the first part is read."""


class Shown(Enum):
    """Which conversations the list shows; the value is its heading."""

    CURRENT = ""
    ARCHIVED = "Archived · Esc goes back"
    TRASH = "Trash · Esc goes back"


class Shelf:
    """Keeps the list pane up to date.

    Args:
        screen: Whose list it is.
        is_open: Whether the list is open at first, where there is room.
    """

    def __init__(self, screen: ChatScreen, *, is_open: bool = True) -> None:
        self._screen = screen
        self.shown = Shown.CURRENT
        self._is_open_beside = is_open
        """Whether the list is wanted where there is room beside the transcript; over it only for a visit."""
        self._is_visited = False
        self._wants_all = False
        self._going_to: str | None = None
        self._filtered_by = ""
        self._listed: tuple[str, Shown] | None = None
        """The filter and the kind of what the list shows."""

    # What it shows

    def refresh_soon(self) -> None:
        """Read the list again in the background; a later wish replaces an earlier one."""
        self._screen.run_worker(self.refresh(), group="list", exclusive=True, description="list")

    async def refresh(self) -> None:
        """Read the list again: a first part at once; the rest behind it, if somebody looks through the list."""
        screen = self._screen
        if screen.services is None:
            return
        store, wanted, shown = screen.services.store, screen.list_pane.filter, self.shown
        found: list[Conversation] = []
        limit = FIRST_ROWS
        if (wanted, shown) == self._listed:
            limit = max(limit, screen.list_pane.depth + ROWS_BELOW)  # the highlight keeps its place

        def read(store: Store) -> list[Conversation]:
            return store.conversations(
                limit=limit,
                offset=len(found),
                filter=wanted,
                archived=shown is Shown.ARCHIVED,
                trash=shown is Shown.TRASH,
            )

        try:
            await screen.desk.refresh_news()
            while True:
                more = await store.run(read)
                if (wanted, shown) != (screen.list_pane.filter, self.shown):
                    return  # something else is wanted meanwhile, and being read
                self._filtered_by, self._listed = wanted, (wanted, shown)
                is_first = not found
                found = [*found, *more]
                self._show(found)
                if len(more) < limit or not (self._wants_all or self._lacks_the_open_one(found)):
                    return
                if is_first and self._wants_all:
                    await asyncio.sleep(MORE_AFTER_S)
                limit = MORE_ROWS
        except GptalkError as err:
            self._filtered_by = wanted  # nothing better will come of it
            screen.say(err.for_humans(), is_error=True)

    def _lacks_the_open_one(self, found: Sequence[Conversation]) -> bool:
        """Whether the open conversation is listed further down, beyond what was read."""
        open_one = self._screen.desk.conversation
        return (
            open_one is not None
            and self._listed == ("", Shown.CURRENT)
            and not (open_one.archived or open_one.trashed)
            and all(each.id != open_one.id for each in found)
        )

    @property
    def is_behind(self) -> bool:
        """Whether the list does not show yet what its filter leaves."""
        return self._filtered_by != self._screen.list_pane.filter

    def want_all(self) -> None:
        """Read all of the list, because its end comes into view."""
        if not self._wants_all:
            self._wants_all = True
            self.refresh_soon()

    def show(self, shown: Shown) -> None:
        """Go to the list of other conversations."""
        self.shown = shown
        self._screen.list_pane.set_heading(shown.value)
        self.refresh_soon()
        if shown is Shown.CURRENT:
            self._screen.update_bars()
        else:
            self.visit()

    def go(self, by: int) -> None:
        """Open the conversation above (-1) or below (1) the open one."""
        screen = self._screen
        is_opening = any(worker.group == "open" and not worker.is_finished for worker in screen.workers)
        here = self._going_to if is_opening else screen.desk.conversation_id
        target = screen.list_pane.neighbour(by, here)
        if target is None:
            screen.say("That is the last conversation." if by > 0 else "That is the first conversation.")
            return
        if by > 0 and screen.list_pane.neighbour(1, target) is None:
            self.want_all()
        self._going_to = target
        screen.desk.switch_to(target)

    def mark(self) -> None:
        """Show which conversation is open and where replies stream, without reading anything."""
        screen = self._screen
        screen.list_pane.mark(active=screen.desk.conversation_id, streaming=screen.desk.turns.conversations)

    def _show(self, found: list[Conversation]) -> None:
        screen = self._screen
        screen.list_pane.show(
            found, active=screen.desk.conversation_id, streaming=screen.desk.turns.conversations
        )
        if screen.is_in_list:
            screen.update_bars()

    # Whether it is open

    def fit(self) -> None:
        """Open or close the list: for the width, the wish of the person, and whether they are in it."""
        screen = self._screen
        screen.query_one("#body").set_class(self._is_narrow, "-narrow")
        is_open = self._is_visited or (self._is_open_beside and not self._is_narrow)
        was_open = screen.list_pane.has_class("-open")
        screen.list_pane.set_class(is_open, "-open")
        if was_open and not is_open:
            self._show_all()
        screen.list_pane.set_wide(screen.size.width >= WIDE_FROM_WIDTH)

    @property
    def _is_narrow(self) -> bool:
        return self._screen.size.width < OPEN_FROM_WIDTH

    def visit(self) -> None:
        """Open the list and put the focus on its filter."""
        self._is_visited = True
        self.want_all()
        self._screen.outside.look_soon()
        self.fit()
        self._screen.list_pane.enter()

    def leave(self) -> None:
        """Go back to the current conversations; from those, close a list that was opened for a visit."""
        if self.shown is not Shown.CURRENT:
            self.show(Shown.CURRENT)
            return
        self.close()

    def close(self) -> None:
        """Close the list if it was opened for a visit, and go back to the composer."""
        self._is_visited = self._wants_all = False
        self.fit()
        self._screen.composer.focus()

    def chosen(self) -> None:
        """A conversation was chosen: all of the current ones are listed again."""
        self._show_all()
        self.close()

    def _show_all(self) -> None:
        """List all of the current conversations: so it is from a choice on, and where nobody sees the list."""
        self._screen.list_pane.clear_filter()
        if self.shown is not Shown.CURRENT:
            self.show(Shown.CURRENT)

    def toggle(self) -> None:
        """Show or hide the list for good; where it stands over the transcript, for a visit."""
        pane = self._screen.list_pane
        is_open = pane.has_class("-open")
        if self._is_narrow:
            if is_open:
                self.close()
            else:
                self.visit()
            return
        self._is_visited = False
        self._is_open_beside = not is_open
        if is_open and pane.has_focus_within:
            self._screen.composer.focus()
        self.fit()
