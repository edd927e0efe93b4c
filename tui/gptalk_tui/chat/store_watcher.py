"""What other programs change in the conversations while the app runs: a second app, the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError, UsageError
from gptalk_client.models import BranchEntry, Conversation, Status
from gptalk_tui.chat.message_actions import as_ended

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.screen import ChatScreen

EVERY_S = 2.0
"""How often it is asked whether anything has changed, in seconds."""


class Outside:
    """Brings list and transcript up to date with what others have written.

    Args:
        screen: What is brought up to date.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._version: int | None = None

    def begin(self) -> None:
        """Ask from now on."""
        self._screen.set_interval(EVERY_S, self.look_soon)

    def look_soon(self) -> None:
        """Ask in the background."""
        if self._screen.services is not None:
            self._screen.run_worker(self._look(), group="outside", exclusive=True, description="outside")

    async def _look(self) -> None:
        screen, services = self._screen, self._screen.services
        if services is None:
            return
        screen.list_pane.grow_older()
        last = screen.transcript.last_entry
        is_written_elsewhere = last is not None and last.status is Status.STREAMING and not screen.is_replying

        def ask(store: Store) -> int:
            if is_written_elsewhere:
                store.recover()  # its writer may have died
            return store.data_version()

        try:
            version = await services.store.run(ask)
            before, self._version = self._version, version
            if version != before and before is not None:
                await screen.shelf.refresh()
                await self._refresh_transcript()
            elif is_written_elsewhere:
                await self._refresh_transcript()
        except GptalkError as err:
            screen.say(err.for_humans(), is_error=True)

    async def _refresh_transcript(self) -> None:
        """Show what was added to the open conversation, unless it is being added here."""
        screen, services, desk = self._screen, self._screen.services, self._screen.desk
        conversation_id, opened = desk.conversation_id, desk.opened
        if services is None or conversation_id is None or screen.is_replying:
            return

        def read(store: Store) -> tuple[Conversation, list[BranchEntry]] | None:
            try:
                return store.conversation(conversation_id), store.branch(conversation_id)
            except UsageError:
                return None  # deleted for good elsewhere; what is shown can still be read and copied

        unsaved = services.chat.unsaved
        found = await services.store.run(read)
        if found is None or opened != desk.opened or screen.is_replying:
            return
        conversation, entries = found
        entries = as_ended(entries, unsaved)
        desk.take_news([conversation])
        if entries != screen.transcript.document.entries:
            screen.transcript.show_news(entries)
            screen.finding.text_changed()
            screen.show_emptiness(not entries)
            screen.update_bars()
