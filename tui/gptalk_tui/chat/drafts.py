"""What stands in the composer and is not sent yet: kept with its conversation, however the program ends."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.timer import Timer

from gptalk_client.errors import GptalkError
from gptalk_client.models import Conversation

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.screen import ChatScreen

AUTOSAVE_S = 1.0
"""How far what is on disk may lag behind what is typed, in seconds."""

_ROUNDS = 3
"""How often what was typed while a draft was stored is stored in turn."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A text to keep with what lies open."""

    conversation: Conversation
    """The open one; its id is empty while it is new."""
    opened: int
    """Which opening that was."""
    text: str


class Drafts:
    """Keeps what is typed.

    Args:
        screen: Whose composer it is typed in.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._timer: Timer | None = None
        self._making = asyncio.Lock()
        self._made: dict[int, Conversation] = {}
        """The conversations that were made for new ones, by opening."""

    @property
    def pending(self) -> Draft | None:
        """What is not on disk yet; None if all is."""
        screen, desk = self._screen, self._screen.desk
        text = screen.branches.draft or screen.writing.aside_of(desk.opened)
        if (returned := desk.returned) is not None and text == returned.content:
            return None  # it is on disk as the prompt that failed
        if text == desk.chosen.draft or not (text.strip() or desk.chosen.id):
            return None
        return Draft(desk.chosen, desk.opened, text)

    def typed(self) -> None:
        """Store soon what was typed."""
        if self._timer is None and self._screen.services is not None:
            self._timer = self._screen.set_timer(AUTOSAVE_S, self._autosave)

    def _autosave(self) -> None:
        self._timer = None
        draft = self.pending
        # A command that is being typed makes no conversation.
        if draft is not None and (draft.conversation.id or not self._screen.writing.is_command(draft.text)):
            self._screen.run_worker(self._save(draft), group="draft", description="draft")

    async def save(self) -> None:
        """Store what was typed."""
        if (draft := self.pending) is not None:
            await self._save(draft)

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
        if self._screen.desk.conversation_id != before:
            await self._discard(self._screen.desk.conversation)

    def put_away_soon(self) -> None:
        """Store what was typed, in the background, while something new is opened."""
        draft, conversation = self.pending, self._screen.desk.conversation

        async def put_away() -> None:
            if draft is not None:
                await self._save(draft)
            await self._discard(conversation)
            self._screen.shelf.refresh_soon()  # it may be listed for the first time, or no more

        self._screen.run_worker(put_away(), group="draft", description="draft")

    async def _discard(self, conversation: Conversation | None) -> None:
        """Leave nothing in the store of a conversation in which there is nothing."""
        services = self._screen.services
        if services is not None and conversation is not None and not conversation.message_count:
            with contextlib.suppress(GptalkError):  # a blank row in the list is no loss
                await services.store.run(lambda store: store.discard_blank(conversation.id))

    async def stored(self, chosen: Conversation, opened: int) -> Conversation:
        """Return a conversation that lies open as one of the store, made now if it is new.

        Args:
            chosen: What lies open; its id is empty while it is new.
            opened: Which opening that was.

        Raises:
            StoreError: It could not be made.
        """
        desk, services = self._screen.desk, self._screen.services
        assert services is not None
        if chosen.id:
            return chosen
        async with self._making:
            if opened not in self._made:
                self._made[opened] = await services.store.run(
                    lambda store: store.create_conversation(
                        system_prompt=chosen.system_prompt,
                        model=chosen.model,
                        provider=chosen.provider,
                        options=chosen.options,
                    )
                )
            made = self._made[opened]
        if opened == desk.opened and desk.conversation is None:
            desk.conversation = made
        return made

    async def _save(self, draft: Draft) -> bool:
        services = self._screen.services
        if services is None:
            return False
        try:
            conversation = await self.stored(draft.conversation, draft.opened)

            def write(store: Store) -> Conversation:
                return store.set_draft(conversation.id, draft.text)

            self._screen.desk.take_news([await services.store.run(write)])
        except GptalkError as err:
            self._screen.writing.prompts.remember(draft.text)
            self._screen.say(f"{err.for_humans()} Up brings the text back.", is_error=True)
            return False
        return True
