"""Drafts: what is typed and not sent is kept with its conversation, however the program ends."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from textual.timer import Timer

from gptalk_client.errors import GptalkError, UsageError
from gptalk_client.models import Conversation
from gptalk_client.records import Record
from gptalk_tui.chat.slash import is_command

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.prompt_history import PromptHistory
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.unsaved import Unsaved
    from gptalk_tui.widgets.composer import Composer

AUTOSAVE_S = 1.0
"""How far what is on disk may lag behind what is typed, in seconds."""

_ROUNDS = 3
"""How often what was typed while a draft was being stored is stored in turn."""


class Draft(Record, frozen=True):
    """A text to keep with the open conversation."""

    conversation: Conversation
    is_new: bool
    """It is not stored yet."""
    text: str


class Drafts:
    """Keeps what is typed."""

    def __init__(
        self,
        session: Session,
        services: Services,
        host: Host,
        *,
        composer: Composer,
        history: PromptHistory,
        unsaved: Unsaved,
    ) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._composer = composer
        self._history = history
        self._unsaved = unsaved
        self._timer: Timer | None = None
        self._saved = ""
        """The draft of the open conversation as it was opened, or as it was last saved here."""
        session.when_opened.append(self._opened)
        session.when_changed.append(self._changed)

    @property
    def text(self) -> str:
        """All that was typed and is not sent, also while a message is edited."""
        text, edit = self._composer.text, self._session.edit
        if edit is None:
            return text
        if not text.strip() or text == edit.message.content:
            return edit.set_aside
        return f"{edit.set_aside}\n\n{text}" if edit.set_aside.strip() else text

    @property
    def pending(self) -> Draft | None:
        """What is not on disk yet; None if all is."""
        session = self._session
        text = self.text or session.cleared
        if (returned := session.returned) is not None and text == returned.content:
            return None  # it is on disk as the prompt that failed
        is_new = session.conversation is None
        if text == self._saved or (is_new and not text.strip()):
            return None
        return Draft(session.chosen, is_new, text)

    def typed(self) -> None:
        """Store soon what was typed."""
        if self._timer is None:
            self._timer = self._host.set_timer(AUTOSAVE_S, self._autosave)

    def _autosave(self) -> None:
        self._timer = None
        draft = self.pending
        # A command that is being typed makes no conversation.
        if draft is not None and not (draft.is_new and is_command(draft.text)):
            self._host.start(self._save_quietly(draft), "draft")

    async def save(self) -> None:
        """Store what was typed."""
        if (draft := self.pending) is not None:
            await self._save(draft)

    async def _save_quietly(self, draft: Draft) -> None:
        await self._save(draft)

    def saved(self, text: str) -> None:
        """A turn stored this as the open conversation's draft."""
        self._saved = text

    def _opened(self) -> None:
        self._saved = self._session.chosen.draft

    def _changed(self) -> None:
        """Let Up recall a draft that was written in another window; what is typed here stays."""
        draft = self._session.chosen.draft
        if draft.strip() and draft not in (self._saved, self.text):
            self._history.remember(draft)

    # Going elsewhere

    async def put_away(self, *, before: str = "") -> None:
        """Store what was typed, also what is typed meanwhile.

        Args:
            before: The conversation that is opened afterwards, maybe the same; empty for none.
        """
        for _ in range(_ROUNDS):
            draft = self.pending
            if draft is None or not await self._save(draft):
                break
        if self._session.conversation_id != before:
            await self._discard(self._session.conversation)

    def put_away_soon(self) -> None:
        """Store what was typed, in the background, while something new is opened."""
        draft, conversation = self.pending, self._session.conversation

        async def put_away() -> None:
            if draft is not None:
                await self._save(draft)
            await self._discard(conversation)
            self._session.list_changed()  # it may be listed for the first time, or no more

        self._host.start(put_away(), "draft")

    async def _discard(self, conversation: Conversation | None) -> None:
        """Remove a conversation that has neither messages nor a draft."""
        if conversation is not None and not conversation.message_count:
            with contextlib.suppress(GptalkError):  # a blank row in the list is no loss
                await self._services.store.call(lambda store: store.discard_blank(conversation.id))

    async def _save(self, draft: Draft) -> bool:
        new = draft.conversation if draft.is_new else None

        def write(store: Store) -> Conversation:
            return store.set_draft(draft.conversation.id, draft.text, new=new)

        try:
            stored = await self._services.store.call(write)
        except UsageError:  # another program deleted the conversation: it is restored when something is sent
            self._history.remember(draft.text)
            self._unsaved.keep(draft.text)
            return False
        except GptalkError as err:
            self._history.remember(draft.text)
            self._unsaved.keep(draft.text)
            self._host.say(f"{err.for_humans()} Up restores the text.", is_error=True)
            return False
        if stored.id == self._session.chosen.id:
            self._saved = draft.text
        self._session.take_news([stored])
        self._unsaved.stored(draft.text)
        return True
