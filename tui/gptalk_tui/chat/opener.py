"""Opening conversations: what is shown, and what comes back to the composer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError, UsageError
from gptalk_client.models import Conversation
from gptalk_tui.chat.branch import as_ended, as_imported, is_unstored
from gptalk_tui.chat.groups import OPENING

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.drafts import Drafts
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.transcript_view import TranscriptView
    from gptalk_tui.widgets.composer import Composer
    from gptalk_tui.widgets.transcript.widget import Transcript

SHOWN_TEXTS = 24
"""How many of the newest messages are read together with the branch when a conversation is opened."""


class Opener:
    """Puts conversations on screen."""

    def __init__(
        self,
        session: Session,
        services: Services,
        host: Host,
        *,
        drafts: Drafts,
        view: TranscriptView,
        transcript: Transcript,
        composer: Composer,
    ) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._drafts = drafts
        self._view = view
        self._transcript = transcript
        self._composer = composer

    def switch_to(self, conversation_id: str) -> None:
        """Open a conversation in the background; a later request replaces an earlier one."""
        self._host.start(self.open(conversation_id), OPENING, exclusive=True)

    async def open_first(self, wanted: str | None) -> None:
        """Open what the app starts with, unless something was opened or sent meanwhile.

        Args:
            wanted: An id, a prefix of one or a title; None for the latest conversation.
        """
        session = self._session
        opened = session.opened

        def find(store: Store) -> Conversation | None:
            return store.find_conversation(wanted) if wanted is not None else store.latest_conversation()

        try:
            first = await self._services.store.call(find)
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
            return
        if first is not None and opened == session.opened and not session.conversation and not session.turn:
            await self.open(first.id, is_first=True)

    async def open(self, conversation_id: str, *, at: str | None = None, is_first: bool = False) -> None:
        """Show a conversation.

        Args:
            conversation_id: Its id.
            at: The message to begin with; None: the end.
            is_first: The app starts with it: what was typed meanwhile is for it.
        """
        session, services = self._session, self._services
        try:
            if not is_first:
                await self._drafts.put_away(before=conversation_id)
            unsaved = services.unsaved  # before the reading, which may see one of them saved
            found = await services.store.call(
                lambda store: store.open_conversation(conversation_id, newest_texts=SHOWN_TEXTS)
            )
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
            return
        if is_first and session.turn is not None:
            return  # a prompt was sent meanwhile, in a new conversation
        conversation, texts = found.conversation, found.texts
        session.queues.load(conversation_id, found.queued, sending=session.turns.sending)
        session.open(conversation)
        typed = self._composer.text if is_first else ""
        if not typed:
            session.returned = returned = found.returned
            self._composer.set_text(returned.content if returned is not None else conversation.draft)
        elif conversation.draft:
            self._composer.set_text(f"{conversation.draft}\n{typed}")
        entries = as_ended(found.entries, unsaved)
        texts |= {
            each.id: each.content for each in unsaved.values() if each.conversation_id == conversation_id
        }
        turn = session.turn
        if turn is not None and turn.reply is not None:
            texts[turn.reply.id] = turn.text
        self._transcript.show_conversation(entries, texts, at=at)
        self._host.show_welcome(not entries)
        if turn is not None and turn.reply is None:
            self._view.show_unstored(turn)
        self._host.refresh_bars()
        try:
            await services.prepare(conversation)
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
        self._host.refresh_bars()

    async def restore_deleted(self) -> bool:
        """Store the open conversation again as it is on screen, if another program deleted it for good.

        Messages whose texts were never on screen are gone; the others keep their ids.

        Returns:
            Whether it was deleted, and is stored again.

        Raises:
            StoreError: It could not be stored.
        """
        conversation, document = self._session.conversation, self._transcript.document
        if conversation is None:
            return False
        entries = [entry for entry in document.entries if not is_unstored(entry)]
        texts = {entry.id: document.text(index) for index, entry in enumerate(entries)}

        def restore(store: Store) -> bool:
            try:
                store.conversation(conversation.id)
            except UsageError:
                store.import_conversations(OWN_SOURCE, [as_imported(conversation, entries, texts)])
                return True
            return False

        from gptalk_client.store.imported import OWN_SOURCE

        is_restored = await self._services.store.call(restore)
        if is_restored:
            self._host.say(
                "Another program deleted this conversation. It goes on as a new one, with what was on screen."
            )
        return is_restored

    def open_new(self) -> None:
        """Begin a conversation; it is stored with its first prompt."""
        self._drafts.put_away_soon()
        self._session.open(None)
        self._composer.set_text("")
        self._transcript.show_conversation([])
        self._host.show_welcome(True)
        self._host.refresh_bars()
        self._composer.focus()

    def texts(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Read texts that come into view."""
        try:
            return self._services.texts(ids)
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
            return {}
