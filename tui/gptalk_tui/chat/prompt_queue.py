"""Queued prompts: written while a reply streams, sent one after another as replies become complete."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError, UsageError
from gptalk_client.models import Conversation, QueuedPrompt, Status
from gptalk_client.text import one_line
from gptalk_tui.chat.queues import Waiting
from gptalk_tui.widgets.listing import title_of
from gptalk_tui.widgets.queue_pane import QueuePane
from gptalk_tui.widgets.row_list import Row

if TYPE_CHECKING:
    from gptalk_client.models import TurnEnded
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.drafts import Drafts
    from gptalk_tui.chat.editing import Editing
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.prompt_history import PromptHistory
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.turn_runner import TurnRunner
    from gptalk_tui.chat.turns import LiveTurn
    from gptalk_tui.chat.undo import Undo
    from gptalk_tui.chat.unsaved import Unsaved
    from gptalk_tui.widgets.composer import Composer
    from gptalk_tui.widgets.transcript.widget import Transcript

UNSTORED_S = 0.1
"""How long a prompt may wait for the store before it goes to the journal, in seconds."""

RETRY_S = 1.0
"""How long the store is left alone after it refused a prompt, in seconds."""

ROW_CHARS = 300


class PromptQueue:
    """Keeps queued prompts on disk, shows them, and sends them."""

    def __init__(
        self,
        session: Session,
        services: Services,
        host: Host,
        *,
        transcript: Transcript,
        composer: Composer,
        drafts: Drafts,
        editing: Editing,
        history: PromptHistory,
        unsaved: Unsaved,
        undo: Undo,
        runner: TurnRunner,
    ) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._transcript = transcript
        self._composer = composer
        self._drafts = drafts
        self._editing = editing
        self._history = history
        self._unsaved = unsaved
        self._undo = undo
        self._runner = runner
        self._pane: QueuePane | None = None
        runner.when_over.append(self._turn_over)
        session.queues.when_changed.append(self.refresh)
        session.turns.when_changed.append(self.refresh)
        session.when_opened.append(self.refresh)

    # Queuing

    def add(self, text: str) -> None:
        """Queue a prompt behind the turn that runs in the open conversation."""
        session = self._session
        prompt = QueuedPrompt(os.urandom(16).hex(), session.chosen.id, text)
        new = session.chosen if session.conversation is None else None
        session.queues.add(prompt)
        self._host.set_timer(UNSTORED_S, lambda: self._keep_unstored(prompt))
        self._host.start(self._store(prompt, new, self._drafts.text), "queue")

    async def _store(self, prompt: QueuedPrompt, new: Conversation | None, draft: str) -> None:
        """Store a prompt, however often the store has to be asked."""
        queues = self._session.queues
        wants_draft: str | None = draft
        while queues.find(prompt.id) is not None and not self._session.is_leaving:
            try:
                now = queues.find(prompt.id)
                stored, conversation = await self._services.store.call(
                    partial(_enqueue, new=new, draft=wants_draft), prompt if now is None else now.prompt
                )
                now = queues.find(prompt.id)
                if now is not None and now.prompt.content != stored.content:  # edited meanwhile
                    await self._services.store.call(_change, now.prompt)
            except UsageError as err:  # the conversation was deleted for good
                self._give_up(prompt, err)
                return
            except GptalkError as err:
                if wants_draft is not None:
                    self._host.say(f"The queued prompt is not stored yet. {err.for_humans()}", is_error=True)
                    self._keep_unstored(prompt)
                wants_draft = None  # another may have been typed since
                await asyncio.sleep(RETRY_S)
                continue
            queues.update(prompt.id, place=stored.place, is_stored=True)
            await self._unsaved.drop_queued(prompt)
            if wants_draft is not None and conversation.id == self._session.chosen.id:
                self._drafts.saved(wants_draft)
            self._session.take_news([conversation])
            self._advance(conversation)
            return

    def _keep_unstored(self, prompt: QueuedPrompt) -> None:
        """Keep a prompt on disk that the store takes its time for: the program may be killed meanwhile."""
        waiting = self._session.queues.find(prompt.id)
        if waiting is not None and not waiting.is_kept:
            self._host.start(self._keep(waiting.prompt), "journal")

    async def _keep(self, prompt: QueuedPrompt) -> None:
        await self._unsaved.keep_queued(prompt)
        self._session.queues.update(prompt.id)

    def _give_up(self, prompt: QueuedPrompt, err: GptalkError) -> None:
        self._session.queues.take(prompt.id)
        self._history.remember(prompt.content)
        self._unsaved.keep(prompt.content)
        self._host.say(f"{err.for_humans()} Up restores the queued prompt.", is_error=True)

    # Sending

    def go_on(self) -> None:
        """Send what is held in the open conversation: the first now, or after the reply that streams."""
        session = self._session
        chosen = session.chosen
        session.queues.release(chosen.id)
        if session.is_replying:
            self._host.say("The queue goes on after this reply.")
        else:
            self._advance(chosen)

    @property
    def may_go_on(self) -> bool:
        """Whether a queue is held here."""
        session = self._session
        return session.queues.is_held(session.chosen.id) and not self._is_written_elsewhere

    @property
    def has_any(self) -> bool:
        """Whether anything is queued here."""
        return bool(self._session.queues.of(self._session.chosen.id))

    def _advance(self, conversation: Conversation, *, below: str | None = None) -> None:
        """Send the next prompt of a conversation, if it may be sent and no turn runs there."""
        session = self._session
        if session.is_leaving or conversation.id in session.turns.conversations:
            return
        waiting = session.queues.next_of(conversation.id)
        if waiting is None:
            return
        if session.edit is not None and session.edit.message.id == waiting.id:
            session.queues.hold(conversation.id)  # until the edit is sent
            return
        session.queues.take(waiting.id)
        chosen = session.chosen if conversation.id == session.chosen.id else conversation
        self._runner.send_queued(chosen, waiting, below=below)

    def _turn_over(self, turn: LiveTurn, ended: TurnEnded | None) -> None:
        """Send the next prompt after a complete reply; after anything else hold the queue and say so."""
        session, queues, where = self._session, self._session.queues, turn.conversation_id
        if turn.queued is not None and turn.reply is None:
            if isinstance(turn.failure, UsageError):
                self._history.remember(turn.prompt)
                self._host.start(self._look_again(where), "queue")
            else:
                queues.put_back(turn.queued)
        if session.is_leaving or turn.is_aside or not queues.of(where):
            return
        is_free = where not in session.turns.conversations  # and no other version is being compared
        if (
            is_free
            and ended is not None
            and ended.conversation is not None
            and ended.reply.status is Status.COMPLETE
        ):
            if turn.is_summary:
                return  # its branch is not there yet
            self._advance(ended.conversation, below=ended.reply.id)
            if where in session.turns.conversations or not queues.is_held(where):
                return
        else:
            queues.hold(where)
        if ended is not None and ended.conversation is not None:  # otherwise there is worse to say
            self._say_held(where, ended.conversation)

    def summary_shown(self, conversation_id: str, conversation: Conversation | None) -> None:
        """Go on in the branch that begins with a summary; None: it could not be made."""
        if conversation is not None:
            self._advance(conversation)
        else:
            self._session.queues.hold(conversation_id)

    def _say_held(self, where: str, conversation: Conversation | None) -> None:
        count = len(self._session.queues.of(where))
        what = "1 queued prompt is held" if count == 1 else f"{count} queued prompts are held"
        if where == self._session.chosen.id:
            send = self._host.keys.how("turn.send")
            self._host.say(f"{what}. {send} in the empty composer sends {'it' if count == 1 else 'them'}.")
        elif conversation is not None:
            self._host.say(f"{what} in “{title_of(conversation)}”.")

    async def _look_again(self, conversation_id: str) -> None:
        """Read a queue that another window changed."""
        try:
            stored = await self._services.store.call(lambda store: store.queued(conversation_id))
        except GptalkError:
            stored = []  # the conversation is gone, and its queue with it
        self._session.queues.load(conversation_id, stored, sending=self._session.turns.sending)

    # Editing and removing

    def edit_last(self) -> None:
        """Put the prompt that was queued last into the composer."""
        queue = self._session.queues.of(self._session.chosen.id)
        if queue:
            self._editing.begin_queued(queue[-1].prompt)

    def edit(self) -> None:
        """Put the highlighted prompt into the composer."""
        if (waiting := self._highlighted) is not None:
            self._editing.begin_queued(waiting.prompt)

    def finish_edit(self, text: str) -> bool:
        """Keep the change of a queued prompt; return False if it is queued no longer."""
        session, edit = self._session, self._session.edit
        waiting = session.queues.find(edit.message.id) if edit is not None else None
        if waiting is None:
            return False
        self._editing.take()
        session.queues.update(waiting.id, content=text, is_kept=False)
        self._host.start(self._change(waiting, text), "queue")
        return True

    async def _change(self, waiting: Waiting, text: str) -> None:
        prompt = waiting.prompt
        if not waiting.is_stored:  # the store gets it as it is then
            await self._unsaved.drop_queued(prompt)
            await self._unsaved.keep_queued(replace(prompt, content=text))
            return
        try:
            await self._services.store.call(_change, replace(prompt, content=text))
        except GptalkError as err:
            self._history.remember(text)
            self._unsaved.keep(text)
            self._host.say(f"The change is not stored. {err.for_humans()} Up restores it.", is_error=True)
            await self._look_again(prompt.conversation_id)
            return
        self._unsaved.stored(text)
        if waiting.is_held and not self._session.is_replying:
            self._say_held(prompt.conversation_id, None)

    async def remove(self) -> None:
        """Take the highlighted prompt out of the queue, so that it can be undone."""
        waiting = self._highlighted
        if waiting is None:
            return
        prompt, queues = waiting.prompt, self._session.queues
        queues.take(prompt.id)
        if waiting.is_stored:
            try:
                await self._services.store.call(lambda store: store.dequeue(prompt.id))
            except GptalkError as err:
                self._host.say(err.for_humans(), is_error=True)
                await self._look_again(prompt.conversation_id)
                return
        await self._unsaved.drop_queued(prompt)

        async def restore() -> None:
            def enqueue(store: Store) -> list[QueuedPrompt]:
                store.enqueue(prompt)
                return store.queued(prompt.conversation_id)

            stored = await self._services.store.call(enqueue)
            queues.load(prompt.conversation_id, stored, sending=self._session.turns.sending)
            if not waiting.is_held and self._session.turns.of(prompt.conversation_id) is not None:
                queues.release(prompt.conversation_id)

        self._undo.offer("Removed the queued prompt.", "Queued again.", restore)

    @property
    def _highlighted(self) -> Waiting | None:
        row = self._pane.highlighted if self._pane is not None and self._pane.has_focus else None
        if row is None:
            return next(reversed(self._session.queues.of(self._session.chosen.id)), None)
        return self._session.queues.find(row.key)

    # The pane

    @property
    def has_focus(self) -> bool:
        """Whether the pane has the focus."""
        return self._pane is not None and self._pane.has_focus

    def visit(self) -> None:
        """Go to the queued prompts."""
        if self._pane is not None and self.has_any:
            self._pane.focus()

    @property
    def _is_written_elsewhere(self) -> bool:
        """Whether another window writes the reply that the queue waits for."""
        last = self._transcript.last_entry
        is_streaming = last is not None and last.status is Status.STREAMING
        return is_streaming and not self._session.is_replying

    def refresh(self) -> None:
        """Show what waits in the open conversation."""
        session = self._session
        shown = [each for each in session.queues.of(session.chosen.id) if each.is_kept]
        if self._pane is None:
            if not shown:
                return
            self._pane = QueuePane(id="queue")
            self._host.start(self._mount(self._pane), "mount")
        had_focus = self._pane.has_focus
        rows = [Row("", self._heading(len(shown)))]
        rows += [Row(each.id, one_line(each.prompt.content, max_chars=ROW_CHARS)) for each in shown]
        self._pane.set_rows(rows if shown else [])
        self._pane.set_class(bool(shown), "-open")
        if had_focus and not shown:
            self._composer.focus()

    def _heading(self, count: int) -> str:
        what = "1 queued" if count == 1 else f"{count} queued"
        if not self.may_go_on:
            return f"{what} · sent when the reply is complete"
        send, them = self._host.keys.how("turn.send"), "it" if count == 1 else "them"
        return f"{what}, held · {send} in the empty composer sends {them}"

    async def _mount(self, pane: QueuePane) -> None:
        await self._host.mount_before(pane, "#status")


def _enqueue(
    store: Store, prompt: QueuedPrompt, *, new: Conversation | None, draft: str | None
) -> tuple[QueuedPrompt, Conversation]:
    return store.enqueue(prompt, new=new, draft=draft)


def _change(store: Store, prompt: QueuedPrompt) -> None:
    store.change_queued(prompt.id, prompt.content)
