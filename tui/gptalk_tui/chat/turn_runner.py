"""Asking: a prompt from the key press to the end of its reply, in one background task per turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError
from gptalk_client.models import (
    Conversation,
    Message,
    Role,
    Status,
    TextAdded,
    TextReplaced,
    TurnEvent,
    TurnOpened,
)
from gptalk_tui.chat.turns import LiveTurn

if TYPE_CHECKING:
    from gptalk_tui.chat.drafts import Drafts
    from gptalk_tui.chat.editing import Editing
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.notifier import Notifier
    from gptalk_tui.chat.prompt_history import PromptHistory
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.transcript_view import TranscriptView
    from gptalk_tui.widgets.composer import Composer
    from gptalk_tui.widgets.transcript.widget import Transcript

FRAME_S = 1 / 30
"""How often at most a reply is painted, in seconds."""

PATIENCE_S = 0.2
"""How long a reply waits at most for a slow terminal before more of it is taken, in seconds."""


class TurnRunner:
    """Runs turns and shows what comes."""

    def __init__(
        self,
        session: Session,
        services: Services,
        host: Host,
        *,
        view: TranscriptView,
        transcript: Transcript,
        composer: Composer,
        drafts: Drafts,
        editing: Editing,
        history: PromptHistory,
        notifier: Notifier,
    ) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._view = view
        self._transcript = transcript
        self._composer = composer
        self._drafts = drafts
        self._editing = editing
        self._history = history
        self._notifier = notifier

    def send(self, text: str, *, beside: Message | None = None) -> None:
        """Send a prompt in the open conversation, or in a new one; no turn may run there yet.

        Args:
            text: The prompt, whole.
            beside: The prompt that it is a new version of.
        """
        session = self._session
        turn = LiveTurn(session.conversation_id or "", session.opened, text, beside)
        self._begin(turn, session.chosen, "")

    def regenerate(self, prompt_id: str) -> None:
        """Ask again for the reply to a prompt, beside the replies that are there."""
        session = self._session
        if session.conversation is not None and session.turn is None:
            self._begin(LiveTurn(session.conversation.id, session.opened), session.conversation, prompt_id)

    def try_again(self) -> None:
        """Ask again for the last reply."""
        last = self._transcript.last_entry
        if last is not None and last.role is Role.ASSISTANT and last.parent_id is not None:
            self.regenerate(last.parent_id)

    def stop(self) -> None:
        """Stop the reply that streams here."""
        if (turn := self._session.turn) is not None:
            self._session.turns.stop(turn)
            self._host.refresh_bars()

    def _begin(self, turn: LiveTurn, chosen: Conversation, prompt_id: str) -> None:
        self._session.turns.begin(turn)
        self._view.show_unstored(turn)
        self._host.start(self._run(turn, chosen, prompt_id), "turn")

    # One turn

    async def _run(self, turn: LiveTurn, chosen: Conversation, prompt_id: str) -> None:
        try:
            events = await self._events(turn, chosen, prompt_id)
            if events is not None:
                await self._follow(turn, events)
        except GptalkError as err:
            turn.failure = err
        finally:
            self._session.turns.end(turn)
            if turn.reply is None and turn.prompt:
                self._view.withdraw(turn)
                self._give_back(turn)
            if not self._session.is_leaving:
                self._host.start(self._after(turn), "after")

    async def _events(
        self, turn: LiveTurn, chosen: Conversation, prompt_id: str
    ) -> AsyncGenerator[TurnEvent, None] | None:
        """Return the turn's events; None if it is not to be begun after all."""
        services = self._services
        await services.prepare(chosen)
        if await asyncio.to_thread(services.lacks_model, chosen) and not await self._offer_model():
            return None
        if prompt_id:
            return services.regenerate(chosen, prompt_id)
        conversation = await self._drafts.stored(chosen, turn.opened)
        turn.conversation_id = conversation.id
        if turn.is_stopping:
            return None
        return services.reply(conversation, turn.prompt, instead_of=turn.beside)

    async def _offer_model(self) -> bool:
        """Ask whether to download the small model, and do it; return whether it is there."""
        from gptalk_tui.dialogs.model_download import ModelDownloadScreen

        return await self._host.ask(ModelDownloadScreen(self._services.paths.models))

    async def _follow(self, turn: LiveTurn, events: AsyncGenerator[TurnEvent, None]) -> None:
        task = asyncio.current_task()
        assert task is not None
        async with aclosing(events):
            async for event in events:
                turn.take(event)
                if isinstance(event, TurnOpened):
                    turn.cancel = task.cancel
                    self._session.list_changed()
                    if turn.is_stopping:
                        turn.cancel()
                is_shown = self._session.shows(turn)
                before = time.perf_counter()
                if is_shown:
                    self._view.show(turn, event)
                if isinstance(event, TextAdded | TextReplaced):
                    await self._next_frame(time.perf_counter() - before, is_shown)

    async def _next_frame(self, cost_s: float, is_shown: bool) -> None:
        """Wait until more may be painted: longer where painting is dear, the terminal slow, or nobody looks.

        A terminal that hangs is not waited for: what comes is stored meanwhile.
        """
        await asyncio.sleep(max(FRAME_S, 3 * cost_s) if is_shown else 4 * FRAME_S)
        until_s = time.monotonic() + PATIENCE_S
        while is_shown and self._host.is_output_behind and time.monotonic() < until_s:  # noqa: ASYNC110
            await asyncio.sleep(FRAME_S)

    # After it

    def _give_back(self, turn: LiveTurn) -> None:
        """Put a prompt that was not stored back where it came from; never over what was typed meanwhile."""
        if turn.opened != self._session.opened or self._composer.text or self._session.is_leaving:
            self._history.remember(turn.prompt)
            self._host.say("The prompt was not sent. Up restores it.", is_error=True)
        elif turn.beside is not None:
            self._editing.resume(turn.beside, turn.prompt)
        else:
            self._composer.set_text(turn.prompt)

    async def _after(self, turn: LiveTurn) -> None:
        try:
            if turn.failure is not None:
                self._host.say(turn.failure.for_humans(), is_error=True)
            elif turn.reply is not None:
                await self._show_end(turn, turn.reply)
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
        self._host.refresh_bars()
        self._session.list_changed()

    async def _show_end(self, turn: LiveTurn, reply: Message) -> None:
        services, unsaved = self._services, self._services.unsaved
        reply_id = reply.id
        stored = await services.store.run(lambda store: store.message(reply_id))
        if stored.status is Status.STREAMING:  # not on disk as it ended: that is tried again
            stored = unsaved.get(reply_id, reply)
            why = turn.save_trouble or "The conversations cannot be written now."
            self._host.say(f"The reply is not saved: {why} Saving is tried again.", is_error=True)
        if self._notifier.wants(stored):
            conversation = await services.store.run(lambda store: store.conversation(turn.conversation_id))
            self._notifier.notify(conversation, stored)
        if self._session.shows(turn):
            self._view.end_reply(stored)
            await self._return_prompt(stored)
        else:
            await services.store.run(lambda store: store.set_unread(turn.conversation_id, True))

    async def _return_prompt(self, reply: Message) -> None:
        """Put the prompt of a turn that failed before any text back, unless something else was typed."""
        if reply.status is not Status.FAILED or self._composer.text or reply.parent_id is None:
            return
        prompt_id, opened = reply.parent_id, self._session.opened
        prompt = await self._services.store.run(lambda store: store.message(prompt_id))
        if not self._composer.text and opened == self._session.opened:
            self._session.returned = prompt
            self._composer.set_text(prompt.content)
