"""The open conversation in the transcript: its branch, and a turn from its prompt to its end."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError
from gptalk_client.models import (
    BranchEntry,
    Conversation,
    Message,
    ReasoningAdded,
    Role,
    Status,
    TextAdded,
    TextReplaced,
    TurnEnded,
    TurnEvent,
    TurnOpened,
)
from gptalk_tui.chat.branch import UNSTORED, as_ended, as_newest, entry_of

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.find import Find
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.turns import LiveTurn
    from gptalk_tui.widgets.composer import Composer
    from gptalk_tui.widgets.transcript.widget import Transcript

_NUMBERS = itertools.count()


class TranscriptView:
    """Keeps the transcript true to the open conversation."""

    def __init__(
        self,
        session: Session,
        services: Services,
        host: Host,
        *,
        transcript: Transcript,
        composer: Composer,
        find: Find,
    ) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._transcript = transcript
        self._composer = composer
        self._find = find
        transcript.document.reasoning = services.settings.chat.reasoning
        transcript.document.fetch_reasoning = self._reasoning

    # Branches

    async def show_branch(
        self, conversation_id: str, message_id: str | None, *, index: int | None = None
    ) -> None:
        """Read and show the active branch; the chosen message, or its place, stays where it is on screen.

        Args:
            conversation_id: Nothing happens unless it is still the open one.
            message_id: What is chosen.
            index: Where the chosen message was that is gone; without both, none is chosen.

        Raises:
            StoreError: It could not be read.
        """

        def read(store: Store) -> tuple[Conversation, list[BranchEntry]]:
            return store.conversation(conversation_id), store.branch(conversation_id)

        session, unsaved = self._session, self._services.unsaved
        conversation, entries = await self._services.store.call(read)
        entries = as_ended(entries, unsaved)
        if conversation_id != session.conversation_id:
            return
        session.take_news([conversation])
        session.turns.bring_to_front({entry.id for entry in entries[-1:]})
        turn = session.turn
        texts = {turn.reply.id: turn.text} if turn is not None and turn.reply is not None else {}
        if index is not None and entries:
            message_id = entries[min(index, len(entries) - 1)].id
        self._transcript.show_branch(entries, texts, choose=message_id)
        if turn is not None and turn.reply is None:
            self.show_unstored(turn)
        if not entries:
            self._composer.focus()
        self._entries_changed()

    def show_news(self, entries: list[BranchEntry]) -> None:
        """Show what came, grew or went elsewhere; the reader stays in place."""
        if entries != self._transcript.document.entries:
            self._transcript.show_news(entries)
            self._entries_changed()

    def _entries_changed(self) -> None:
        self._find.text_changed()
        self._host.show_welcome(not self._transcript.document.entries)
        self._host.refresh_bars()

    # Turns

    def _reasoning(self, message_id: str) -> str:
        """Return the reasoning of a message; of one that is being written here, as far as it has come."""
        session = self._session
        turn = session.turn if message_id.startswith(UNSTORED) else session.turns.writing(message_id)
        if turn is not None or message_id.startswith(UNSTORED):
            return turn.reasoning if turn is not None else ""
        try:
            return self._services.reasoning(message_id)
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
            return ""

    def show_unstored(self, turn: LiveTurn) -> None:
        """Show a prompt that is on its way to the store, where it will be: below its parent."""
        if not turn.prompt:
            return
        transcript = self._transcript
        shown = list(transcript.document.entries)
        if turn.beside is None and turn.below is None:
            parent_id = shown[-1].id if shown else None
        else:
            parent_id = turn.beside.parent_id if turn.beside is not None else turn.below
            if parent_id is not None and transcript.document.index_of(parent_id) is None:
                return  # its branch is not shown
        turn.shown_before = shown
        prompt_id = f"{UNSTORED}{next(_NUMBERS)}"
        prompt = BranchEntry(prompt_id, parent_id, Role.USER, Status.COMPLETE, 0, len(turn.prompt))
        reply = BranchEntry(f"{prompt_id}-reply", prompt_id, Role.ASSISTANT, Status.STREAMING, 0, 0)
        transcript.begin_turn(as_newest(shown, prompt), turn.prompt, reply)
        self._entries_changed()

    def withdraw(self, turn: LiveTurn) -> None:
        """Show what was shown before a prompt that could not be stored."""
        shown, turn.shown_before = turn.shown_before, None
        if shown is not None and self._session.shows(turn):
            self.show_news(shown)

    def show(self, turn: LiveTurn, event: TurnEvent) -> None:
        """Show an event of a turn of the open conversation."""
        transcript = self._transcript
        self._find.text_changed()
        match event:
            case TurnOpened():
                self._begin(turn, event)
            case ReasoningAdded() if turn.reply is not None:
                transcript.append_reasoning(turn.reply.id, event.text)
                self.show_reasoning_time(turn)
            case TextAdded() if turn.reply is not None:
                self.show_reasoning_time(turn)
                transcript.append_text(turn.reply.id, event.text)
            case TextReplaced() if turn.reply is not None:
                transcript.replace_text(turn.reply.id, event.text)
            case TurnEnded():
                transcript.end_message(entry_of(event.reply))

    def show_reasoning_time(self, turn: LiveTurn) -> None:
        """Show how long the model has thought so far."""
        if turn.reply is not None and turn.reasoning_ms is not None:
            self._transcript.show_reasoning_time(turn.reply.id, turn.reasoning_ms)

    def end_reply(self, reply: Message) -> None:
        """Show a reply as it is stored."""
        self._transcript.end_message(entry_of(reply), reply.content)

    def _begin(self, turn: LiveTurn, event: TurnOpened) -> None:
        transcript = self._transcript
        shown = transcript.document.entries if turn.shown_before is None else turn.shown_before
        turn.shown_before = None
        above = event.prompt.parent_id if turn.prompt else event.prompt.id
        if above is not None and transcript.document.index_of(above) is None:
            # It begins where the branch that is shown does not lead.
            self._host.start(self._show_turn(turn), "branch")
            return
        self._host.show_welcome(False)
        is_walking = transcript.has_focus and transcript.chosen is not None
        prompt, reply = as_newest(shown, entry_of(event.prompt)), as_newest(shown, entry_of(event.reply))
        transcript.begin_turn(prompt, event.prompt.content, reply, event.reply.content)
        if is_walking:
            transcript.choose(len(transcript.document.entries) - 1)

    async def _show_turn(self, turn: LiveTurn) -> None:
        try:
            await self.show_branch(turn.conversation_id, None)
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
