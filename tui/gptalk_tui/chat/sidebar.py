"""The list of conversations: what it shows, and whether it is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError, UsageError
from gptalk_client.models import Conversation
from gptalk_tui.chat.groups import OPENING

if TYPE_CHECKING:
    from textual.widget import Widget

    from gptalk_client.store.store import Store
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.widgets.composer import Composer
    from gptalk_tui.widgets.list_pane import ListPane

OPEN_FROM_WIDTH = 110
"""From this width on the list is beside the transcript; below, it opens over it."""

WIDE_FROM_WIDTH = 150
"""From this width on the list has room for the counts of messages."""

FIRST_ROWS = 200
"""How many conversations are read before the list is painted, at least."""

ROWS_BELOW = 100
"""How many are read below the highlighted one, so that the one below it is at hand."""

MORE_ROWS = 1000
"""How many are read at a time after them, while somebody looks through the list."""

MORE_AFTER_S = 0.15
"""How long the rest waits, in seconds: while somebody types a filter, only the first part is read."""


class Shown(Enum):
    """Which conversations the list shows; the value is its heading."""

    CURRENT = ""
    ARCHIVED = "Archived · Esc goes back"
    TRASH = "Trash · Esc goes back"


class Sidebar:
    """Keeps the list pane up to date."""

    def __init__(
        self,
        session: Session,
        services: Services,
        host: Host,
        *,
        pane: ListPane,
        composer: Composer,
        body: Widget,
        switch_to: Callable[[str], None],
    ) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._pane = pane
        self._composer = composer
        self._body = body
        self._switch_to = switch_to
        self.shown = Shown.CURRENT
        self._is_open_beside = services.settings.ui.show_list
        """Whether the list is wanted where there is room beside the transcript; over it only for a visit."""
        self._is_visited = False
        self._wants_all = False
        self._going_to: str | None = None
        self._filtered_by = ""
        self._listed: tuple[str, Shown] | None = None
        """The filter and the kind of what the list shows."""
        session.when_opened += [self.mark, self.refresh_soon]
        session.when_listed.append(self.refresh_soon)
        session.turns.when_changed.append(self.mark)

    # What it shows

    def refresh_soon(self) -> None:
        """Read the list again in the background; a later request replaces an earlier one."""
        self._host.start(self.refresh(), "list", exclusive=True)

    async def refresh(self) -> None:
        """Read the list again: a first part at once; the rest after it, if somebody looks through the list."""
        session, pane, wanted, shown = self._session, self._pane, self._pane.filter, self.shown
        open_id = session.conversation_id
        found: list[Conversation] = []
        limit = FIRST_ROWS
        if (wanted, shown) == self._listed:
            limit = max(limit, pane.depth + ROWS_BELOW)  # the highlight keeps its place

        def read(store: Store) -> tuple[list[Conversation], Conversation | None]:
            listed = store.conversations(
                limit=limit,
                offset=len(found),
                filter=wanted,
                archived=shown is Shown.ARCHIVED,
                trash=shown is Shown.TRASH,
            )
            return listed, None if found else _conversation(store, open_id, listed)

        store = self._services.store
        try:
            while True:
                # Without a filter the list is read after what was just written; with one it may take its time.
                more, open_one = await (store.look_up(read) if wanted else store.call(read))
                if open_one is not None:
                    session.take_news([open_one])
                if (wanted, shown) != (pane.filter, self.shown):
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
            self._host.say(err.for_humans(), is_error=True)

    def _lacks_the_open_one(self, found: Sequence[Conversation]) -> bool:
        """Whether the open conversation is listed further down, beyond what was read."""
        open_one = self._session.conversation
        return (
            open_one is not None
            and self._listed == ("", Shown.CURRENT)
            and not (open_one.archived or open_one.trashed)
            and all(each.id != open_one.id for each in found)
        )

    @property
    def is_behind(self) -> bool:
        """Whether the list does not show yet what its filter leaves."""
        return self._filtered_by != self._pane.filter

    @property
    def target(self) -> Conversation | None:
        """The highlighted conversation in the list; elsewhere the open one."""
        return self._pane.highlighted if self.has_focus else self._session.conversation

    @property
    def has_focus(self) -> bool:
        """Whether the list has the focus."""
        return self._pane.has_focus_within

    @property
    def is_open(self) -> bool:
        """Whether the list is on screen."""
        return self._pane.has_class("-open")

    def grow_older(self) -> None:
        """Show the ages and days of the present moment."""
        self._pane.grow_older()

    def want_all(self) -> None:
        """Read all of the list, because its end comes into view."""
        if not self._wants_all:
            self._wants_all = True
            self.refresh_soon()

    def show(self, shown: Shown) -> None:
        """Go to the list of other conversations."""
        self.shown = shown
        self._pane.set_heading(shown.value)
        self.refresh_soon()
        if shown is Shown.CURRENT:
            self._host.refresh_bars()
        else:
            self.visit()

    def go(self, by: int) -> None:
        """Open the conversation above (-1) or below (1) the open one."""
        here = self._going_to if self._host.is_working(OPENING) else self._session.conversation_id
        target = self._pane.neighbour(by, here)
        if target is None:
            self._host.say("That is the last conversation." if by > 0 else "That is the first conversation.")
            return
        if by > 0 and self._pane.neighbour(1, target) is None:
            self.want_all()
        self._going_to = target
        self._switch_to(target)

    def mark(self) -> None:
        """Show which conversation is open and where replies stream, without reading anything."""
        session = self._session
        if not self._pane.query("#rows"):
            return  # a late call, while the app closes
        self._pane.mark(active=session.conversation_id, streaming=session.turns.conversations)

    def _show(self, found: list[Conversation]) -> None:
        session = self._session
        self._pane.show(found, active=session.conversation_id, streaming=session.turns.conversations)
        if self.has_focus:
            self._host.refresh_bars()

    # Whether it is open

    def fit(self) -> None:
        """Open or close the list: for the width, for what the person chose, and whether they are in it."""
        pane = self._pane
        self._body.set_class(self._is_narrow, "-narrow")
        is_open = self._is_visited or (self._is_open_beside and not self._is_narrow)
        was_open = self.is_open
        pane.set_class(is_open, "-open")
        if was_open and not is_open:
            self._show_all()
        pane.set_wide(self._host.size.width >= WIDE_FROM_WIDTH)

    @property
    def covers_all(self) -> bool:
        """Whether the list lies over the conversation."""
        return self.is_open and self._is_narrow

    @property
    def _is_narrow(self) -> bool:
        return self._host.size.width < OPEN_FROM_WIDTH

    def visit(self) -> None:
        """Open the list and put the focus on its filter."""
        self._is_visited = True
        self.want_all()
        self.refresh_soon()
        self.fit()
        self._pane.enter()

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
        self._composer.focus()

    def chosen(self) -> None:
        """A conversation was chosen: all of the current ones are listed again."""
        self._show_all()
        self.close()

    def _show_all(self) -> None:
        """List all of the current conversations again."""
        self._pane.clear_filter()
        if self.shown is not Shown.CURRENT:
            self.show(Shown.CURRENT)

    def toggle(self) -> None:
        """Show or hide the list for good; where it opens over the transcript, for a visit."""
        pane, is_open = self._pane, self.is_open
        if self._is_narrow:
            if is_open:
                self.close()
            else:
                self.visit()
            return
        self._is_visited = False
        self._is_open_beside = not is_open
        if is_open and pane.has_focus_within:
            self._composer.focus()
        self.fit()


def _conversation(store: Store, id: str | None, listed: Sequence[Conversation]) -> Conversation | None:
    """Return what is known about a conversation, whether it is listed or not; None if it is gone."""
    if id is None:
        return None
    found = next((each for each in listed if each.id == id), None)
    try:
        return found or store.conversation(id)
    except UsageError:
        return None  # deleted for good by another program
