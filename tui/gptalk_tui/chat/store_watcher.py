"""Watches the store for what other programs change: a second app, the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError, StoreError, UsageError
from gptalk_client.models import BranchEntry, Conversation, QueuedPrompt, Status
from gptalk_tui.chat.branch import as_ended

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.sidebar import Sidebar
    from gptalk_tui.chat.transcript_view import TranscriptView
    from gptalk_tui.widgets.transcript.widget import Transcript

EVERY_S = 2.0
"""How often the store is asked whether anything has changed, in seconds."""


class StoreWatcher:
    """Brings list and transcript up to date with what others have written."""

    def __init__(
        self,
        session: Session,
        services: Services,
        host: Host,
        *,
        sidebar: Sidebar,
        view: TranscriptView,
        transcript: Transcript,
    ) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._sidebar = sidebar
        self._view = view
        self._transcript = transcript
        self._version: int | None = None

    def begin(self) -> None:
        """Ask from now on."""
        self._services.store.on_writable = self._tell_writable
        self._host.set_interval(EVERY_S, self.look_soon)

    def _tell_writable(self) -> None:
        self._host.say("There is space on the disk again. Conversations are saved.")
        self._host.refresh_bars()
        self._sidebar.refresh_soon()

    def look_soon(self) -> None:
        """Ask in the background."""
        self._host.start(self._look(), "watch", exclusive=True)

    async def _look(self) -> None:
        self._sidebar.grow_older()
        last = self._transcript.last_entry
        is_written_elsewhere = (
            last is not None and last.status is Status.STREAMING and not self._session.is_replying
        )

        def ask(store: Store) -> int:
            if is_written_elsewhere:
                store.recover()  # its writer may have died
            return store.data_version()

        try:
            version = await self._services.store.call(ask)
            before, self._version = self._version, version
            if version != before and before is not None:
                await self._sidebar.refresh()
                await self._refresh_transcript()
            elif is_written_elsewhere:
                await self._refresh_transcript()
        except StoreError as err:
            if self._services.store.is_open:
                self._host.say(err.for_humans(), is_error=True)
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)

    async def _refresh_transcript(self) -> None:
        """Show what was added to the open conversation, unless it is being added here."""
        session, unsaved = self._session, self._services.unsaved
        conversation_id, opened = session.conversation_id, session.opened
        if conversation_id is None or session.is_replying:
            return

        def read(store: Store) -> tuple[Conversation, list[BranchEntry], list[QueuedPrompt]] | None:
            try:
                return (
                    store.conversation(conversation_id),
                    store.branch(conversation_id),
                    store.queued(conversation_id),
                )
            except UsageError:
                return None  # deleted for good elsewhere; what is shown can still be read and copied

        found = await self._services.store.call(read)
        if found is None or opened != session.opened or session.is_replying:
            return
        conversation, entries, queued = found
        session.queues.load(conversation_id, queued)
        session.take_news([conversation])
        self._view.show_news(as_ended(entries, unsaved))
