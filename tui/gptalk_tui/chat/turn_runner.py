"""Asking: a prompt from the key press to the end of its reply, in one background task per turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError, UsageError
from gptalk_client.models import (
    Conversation,
    Message,
    ReasoningAdded,
    Role,
    Status,
    TextAdded,
    TextReplaced,
    TurnEnded,
    TurnOpened,
)
from gptalk_tui.chat.turns import LiveTurn

if TYPE_CHECKING:
    from gptalk_client.chat import Turn
    from gptalk_tui.chat.drafts import Drafts
    from gptalk_tui.chat.editing import Editing
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.notifier import Notifier
    from gptalk_tui.chat.opener import Opener
    from gptalk_tui.chat.prompt_history import PromptHistory
    from gptalk_tui.chat.queues import Waiting
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.titles import Titles
    from gptalk_tui.chat.transcript_view import TranscriptView
    from gptalk_tui.chat.unsaved import Unsaved
    from gptalk_tui.widgets.composer import Composer
    from gptalk_tui.widgets.transcript.widget import Transcript

FRAME_S = 1 / 30
"""How often at most a reply is painted, in seconds."""

UNSTORED_S = 0.5
"""How long a prompt may wait for the store before it goes to the journal, in seconds."""

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
        titles: Titles,
        unsaved: Unsaved,
        opener: Opener,
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
        self._titles = titles
        self._unsaved = unsaved
        self._opener = opener
        self.when_over: list[Callable[[LiveTurn, TurnEnded | None], None]] = []
        """Called after a turn, in the same step in which its conversation became free."""

    def send(self, text: str, *, beside: Message | None = None, is_whole: bool = False) -> LiveTurn:
        """Send a prompt in the open conversation, or in a new one; no turn may run there yet.

        Args:
            text: The prompt, whole.
            beside: The prompt that it is a new version of.
            is_whole: Send the whole branch with it, not only its newest messages.
        """
        session = self._session
        chosen, is_new, draft = session.chosen, session.conversation is None, self._drafts.text
        turn = LiveTurn(chosen.id, session.opened, text, beside)
        self._begin(
            turn,
            chosen,
            lambda: self._services.reply(
                chosen,
                text,
                instead_of=beside,
                is_new=is_new,
                draft=draft,
                is_whole=is_whole,
                is_read=lambda: session.shows(turn),
            ),
        )
        return turn

    def send_queued(self, chosen: Conversation, waiting: Waiting, *, below: str | None) -> None:
        """Send a queued prompt in any conversation; no turn may run there.

        Args:
            chosen: The conversation, with its settings.
            waiting: The prompt, which is stored.
            below: The message that it follows; None: the last one of the active branch.
        """
        session, prompt = self._session, waiting.prompt
        turn = LiveTurn(chosen.id, session.opened, prompt.content, queued=waiting, below=below)
        self._begin(
            turn,
            chosen,
            lambda: self._services.reply(
                chosen,
                prompt.content,
                below=below,
                queued_id=prompt.id,
                is_read=lambda: session.shows(turn),
            ),
        )

    def regenerate(self, prompt_id: str) -> None:
        """Ask again for the reply to a prompt, beside the replies that are there."""
        session, chosen = self._session, self._session.conversation
        if chosen is None or session.turn is not None:
            return
        turn = LiveTurn(chosen.id, session.opened)
        self._begin(
            turn,
            chosen,
            lambda: self._services.regenerate(chosen, prompt_id, is_read=lambda: session.shows(turn)),
        )

    def ask_aside(self, chosen: Conversation, prompt_id: str) -> LiveTurn:
        """Ask for another reply to a prompt while the one that is there stays on screen.

        Args:
            chosen: The open conversation, with the provider and the model that are to answer.
            prompt_id: The prompt.
        """
        session = self._session
        turn = LiveTurn(chosen.id, session.opened, is_aside=True)
        self._begin(
            turn,
            chosen,
            lambda: self._services.regenerate(
                chosen, prompt_id, is_shown=False, is_read=lambda: session.chosen.id == turn.conversation_id
            ),
        )
        return turn

    def continue_reply(self, reply_id: str) -> None:
        """Ask for the rest of a reply, to append to it."""
        session, chosen = self._session, self._session.conversation
        if chosen is None or session.turn is not None:
            return
        turn = LiveTurn(chosen.id, session.opened)
        self._begin(
            turn,
            chosen,
            lambda: self._services.continue_reply(chosen, reply_id, is_read=lambda: session.shows(turn)),
        )

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

    def _begin(self, turn: LiveTurn, chosen: Conversation, ask: Callable[[], Turn]) -> None:
        """Count a turn as running, show its prompt, and run it in the background."""
        self._session.turns.begin(turn)
        if turn.prompt and turn.queued is None:
            self._host.set_timer(UNSTORED_S, lambda: self._keep_unstored(turn))
        if self._session.shows(turn):
            self._view.show_unstored(turn)
        self._host.start(self._run(turn, chosen, ask), "turn")

    def _keep_unstored(self, turn: LiveTurn) -> None:
        """Keep a prompt on disk that the store takes its time for: the program may be killed meanwhile."""
        if turn.reply is None and turn in self._session.turns:
            self._unsaved.keep(turn.prompt)

    # One turn

    async def _run(self, turn: LiveTurn, chosen: Conversation, ask: Callable[[], Turn]) -> None:
        events: Turn | None = None
        try:
            await self._services.prepare(chosen)
            lacks_model = await asyncio.to_thread(self._services.lacks_model, chosen)
            if not lacks_model or await self._offer_model():
                events = ask()
                try:
                    await self._follow(turn, events)
                except UsageError:
                    is_lost = turn.reply is None and self._session.shows(turn)
                    if not is_lost or not await self._opener.restore_deleted():
                        raise
                    events = ask()
                    await self._follow(turn, events)
        except GptalkError as err:
            turn.failure = err
        finally:
            self._session.turns.end(turn)
            if turn.reply is None and turn.prompt:
                self._view.withdraw(turn)
                if turn.queued is None:
                    self._give_back(turn)
            ended = events.ended if events is not None else None
            if not self._session.is_leaving:
                self._end(turn, ended)
            for watcher in self.when_over:
                watcher(turn, ended)

    async def _offer_model(self) -> bool:
        """Ask whether to download the small model, and do it; return whether it is there."""
        from gptalk_tui.dialogs.model_download import ModelDownloadScreen

        return await self._host.ask(ModelDownloadScreen(self._services.paths.models))

    async def _follow(self, turn: LiveTurn, events: Turn) -> None:
        task = asyncio.current_task()
        assert task is not None
        async with aclosing(events):
            async for event in events:
                turn.take(event)
                if isinstance(event, TurnOpened):
                    turn.cancel = task.cancel
                    self._unsaved.stored(turn.prompt)
                    if event.conversation is not None and self._session.shows(turn):
                        self._drafts.saved(event.conversation.draft)
                    self._take_news(event.conversation)
                    if turn.is_stopping:
                        turn.cancel()
                is_shown = self._session.shows(turn)
                before = time.perf_counter()
                if is_shown:
                    self._view.show(turn, event)
                if isinstance(event, ReasoningAdded | TextAdded | TextReplaced):
                    await self._next_frame(time.perf_counter() - before, is_shown or bool(turn.when_taken))

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
        if self._session.is_leaving:
            self._session.unstored.append(turn.prompt)
            return
        self._unsaved.keep(turn.prompt)
        if turn.opened != self._session.opened or self._composer.text:
            self._history.remember(turn.prompt)
            self._host.say("The prompt was not sent. Up restores it.", is_error=True)
        elif turn.beside is not None:
            self._editing.resume(turn.beside, turn.prompt)
        else:
            self._composer.set_text(turn.prompt)

    def _end(self, turn: LiveTurn, ended: TurnEnded | None) -> None:
        """Show how a turn ended."""
        if turn.failure is not None:
            self._host.say(self._services.in_words(turn.failure), is_error=True)
        elif ended is not None:
            self._show_end(turn, ended)
        self._take_news(ended.conversation if ended is not None else None)
        self._host.refresh_bars()

    def _show_end(self, turn: LiveTurn, ended: TurnEnded) -> None:
        session, reply = self._session, ended.reply
        if ended.conversation is None and reply.id in self._services.unsaved:
            why = turn.save_trouble or "The conversations cannot be written now."
            self._host.say(f"The reply is not saved: {why} Saving is tried again.", is_error=True)
        self._notifier.notify(ended.conversation or session.chosen, reply)
        self._titles.improve(ended.conversation, reply)
        if session.shows(turn):
            self._view.end_reply(reply)
            # A prompt that failed before any text comes back, unless something else was typed.
            if reply.status is Status.FAILED and not self._composer.text and turn.prompt_message is not None:
                session.returned = turn.prompt_message
                self._composer.set_text(turn.prompt_message.content)

    def _take_news(self, conversation: Conversation | None) -> None:
        if conversation is not None:
            self._session.take_news([conversation])
        self._session.list_changed()
