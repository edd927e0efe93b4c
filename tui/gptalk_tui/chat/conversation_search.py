"""Searching all conversations, and going to what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError
from gptalk_tui.chat.find import Query
from gptalk_tui.chat.groups import OPENING

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.find import Find
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.opener import Opener
    from gptalk_tui.chat.services import Services
    from gptalk_tui.dialogs.search import Found
    from gptalk_tui.widgets.transcript.widget import Transcript


class ConversationSearch:
    """Opens the search dialog, and the conversation that it returns."""

    def __init__(
        self, services: Services, host: Host, *, find: Find, opener: Opener, transcript: Transcript
    ) -> None:
        self._services = services
        self._host = host
        self._find = find
        self._opener = opener
        self._transcript = transcript

    def open(self, query: str = "") -> None:
        """Search all conversations."""
        from gptalk_tui.dialogs.search import SearchScreen

        self._find.close()
        self._host.open_dialog(SearchScreen(self._services.store, query), self._chosen)

    async def _chosen(self, found: Found | None) -> None:
        if found is None:
            return
        if found.conversation_id is None:
            await self._find.open(found.query)
        else:
            work = self._go_to(found.conversation_id, found.message_id, found.query)
            self._host.start(work, OPENING, exclusive=True)

    async def _go_to(self, conversation_id: str, message_id: str | None, query: str) -> None:
        """Open a conversation at a message, on the branch that it is on."""

        def turn_to(store: Store) -> None:
            if message_id is not None and message_id not in {e.id for e in store.branch(conversation_id)}:
                store.set_active(conversation_id, store.newest_leaf(message_id))

        try:
            await self._services.store.call(turn_to)
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
            return
        await self._opener.open(conversation_id, at=message_id)
        transcript = self._transcript
        index = transcript.document.index_of(message_id) if message_id is not None else None
        if index is not None:
            transcript.focus()
            transcript.choose(index)
            self._find.look(Query.of_words(query), at=index)
            self._host.refresh_bars()
