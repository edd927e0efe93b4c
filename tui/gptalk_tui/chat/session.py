"""The conversation on the chat screen and its turns: opens it, sends prompts, shows what comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.worker import Worker

from gptalk_client.errors import ConfigError, GptalkError, UsageError
from gptalk_client.models import (
    BranchEntry,
    Conversation,
    Message,
    Role,
    Status,
    TextAdded,
    TextReplaced,
    TurnEnded,
    TurnEvent,
    TurnOpened,
)
from gptalk_tui.chat.drafts import Drafts
from gptalk_tui.chat.message_actions import as_ended, placed
from gptalk_tui.chat.notifier import Away
from gptalk_tui.chat.services import Services
from gptalk_tui.chat.turns import LiveTurn, Turns

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.screen import ChatScreen

BLANK = Conversation(id="", title="", created_at_ms=0, updated_at_ms=0)

SHOWN_TEXTS = 24
"""How many of the newest messages are read together with the branch when a conversation is opened."""


class Desk:
    """What lies open on the screen.

    Args:
        screen: Where it is shown.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self.turns = Turns(self)
        self.away = Away(screen)
        self.conversation: Conversation | None = None
        """None while a new one has no prompt yet."""
        self.blank = BLANK
        """What a conversation that is not stored yet begins with."""
        self.opened = 0
        """How often something else was opened."""
        self.drafts = Drafts(screen)
        self.returned: Message | None = None
        """The prompt of a turn that failed before any text, while it is back in the composer."""

    @property
    def conversation_id(self) -> str | None:
        """The id of what is open."""
        return self.conversation.id if self.conversation else None

    @property
    def chosen(self) -> Conversation:
        """What is open, with its settings; what a new one begins with if that is not stored yet."""
        return self.conversation or self.blank

    @property
    def turn(self) -> LiveTurn | None:
        """The turn that runs in what is open."""
        return self.turns.of(self.conversation_id)

    def take_news(self, conversations: Sequence[Conversation]) -> None:
        """Take what was read anew about the open conversation, such as its title."""
        news = next((each for each in conversations if each.id == self.conversation_id), None)
        if news is not None and news != self.conversation:
            self.conversation = news
            self._screen.update_bars()

    async def refresh_news(self) -> None:
        """Read anew what is known about the open conversation, listed or not."""
        services, conversation_id = self._screen.services, self.conversation_id
        if services is None or conversation_id is None:
            return
        try:
            self.take_news([await services.store.run(lambda store: store.conversation(conversation_id))])
        except UsageError:
            return  # deleted for good by another program

    # Opening

    def switch_to(self, conversation_id: str, *, at: str | None = None) -> None:
        """Open a conversation in the background; a later wish replaces an earlier one."""
        self._screen.run_worker(
            self.open(conversation_id, at=at), group="open", exclusive=True, description="open"
        )

    async def open(self, conversation_id: str, *, at: str | None = None, is_first: bool = False) -> None:
        """Show a conversation.

        Args:
            conversation_id: Its id.
            at: The message to begin with; None: the end.
            is_first: It is what the app starts with: what was typed meanwhile is for it.
        """
        screen, services = self._screen, self._screen.services
        if services is None:
            return
        try:
            wanted = await services.store.run(lambda store: store.conversation(conversation_id))
            await services.prepare(wanted)
        except ConfigError as err:
            screen.say(err.for_humans(), is_error=True)
        except GptalkError as err:
            screen.say(err.for_humans(), is_error=True)
            return
        try:
            if not is_first:
                await self.drafts.put_away(before=conversation_id)
            unsaved = services.chat.unsaved  # before the reading, which may see one of them saved
            conversation, entries, texts, returned = await services.store.run(
                lambda store: _read_to_open(store, conversation_id)
            )
        except GptalkError as err:
            screen.say(err.for_humans(), is_error=True)
            return
        self._put_down(conversation)
        typed = screen.composer.text if is_first else ""
        if not typed:
            self.returned = returned
            screen.composer.set_text(returned.content if returned is not None else conversation.draft)
        elif conversation.draft:
            screen.composer.set_text(f"{conversation.draft}\n{typed}")
        entries = as_ended(entries, unsaved)
        texts |= {
            each.id: each.content for each in unsaved.values() if each.conversation_id == conversation_id
        }
        turn = self.turns.of(conversation.id)
        if turn is not None and turn.reply is not None:
            texts[turn.reply.id] = turn.text
        screen.show_emptiness(not entries)
        screen.transcript.show_conversation(entries, texts, at=at)
        screen.shelf.refresh_soon()
        screen.update_bars()

    def open_new(self) -> None:
        """Begin a conversation; it is stored with its first prompt."""
        screen = self._screen
        self.drafts.put_away_soon()
        self._put_down(None)
        screen.composer.set_text("")
        screen.transcript.show_conversation([])
        screen.show_emptiness(True)
        screen.shelf.mark()
        screen.update_bars()
        screen.composer.focus()

    def _put_down(self, conversation: Conversation | None) -> None:
        """Let another conversation, or a new one, be the open one."""
        self.opened += 1
        self.conversation = conversation
        self.blank = BLANK
        self.returned = None
        self._screen.branches.forget_edit()
        self._screen.writing.forget_aside()
        self._screen.finding.close(refocus=False)

    def texts(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Read texts that come into view."""
        if self._screen.services is None:
            return {}
        try:
            return self._screen.services.texts(ids)
        except GptalkError as err:
            self._screen.say(err.for_humans(), is_error=True)
            return {}

    # Asking

    def send(self) -> None:
        """Send what the composer holds."""
        text = self._screen.composer.text
        if text.strip():
            self._screen.writing.submit(text)

    def submit(self, text: str) -> None:
        """Send a prompt in the conversation that is open, or in a new one."""
        screen = self._screen
        if self.turn is not None:
            stop, new = screen.keys.how("turn.stop"), screen.keys.how("conversation.new")
            screen.say(f"A reply still streams here: {stop} stops it, {new} starts another conversation.")
            return
        if screen.services is None:
            if screen.cannot_open:
                screen.say(screen.cannot_open, is_error=True)
            else:
                screen.say("The conversations are not open yet; the prompt stays here.")
            return
        screen.composer.set_text("")
        edited = screen.branches.take_edited()
        returned, self.returned = self.returned, None
        beside = edited or returned
        if beside is not None and beside.content == text:
            self.regenerate(beside.id)
            return
        work = self._send(screen.services, text, beside)
        screen.run_worker(work, group="send", description="send")

    async def _send(self, services: Services, text: str, beside: Message | None) -> None:
        screen, chosen, opened = self._screen, self.chosen, self.opened
        try:
            lacks_model = await asyncio.to_thread(services.lacks_model, chosen)
            if lacks_model and not await screen.dialogs.offer_model():
                self._give_back(text, beside)
                return
            conversation = await self.drafts.stored(chosen, opened)
            events = services.reply(conversation, text, instead_of=beside)
        except GptalkError as err:
            self._give_back(text, beside)
            screen.say(err.for_humans(), is_error=True)
            return
        self._start(conversation, text, events, beside)

    def _give_back(self, text: str, beside: Message | None) -> None:
        """Put a prompt that could not be sent back where it came from."""
        if beside is not None and beside.conversation_id == self.conversation_id:
            self._screen.branches.resume_edit(beside, text)
        else:
            self._screen.composer.set_text(text)

    def regenerate(self, prompt_id: str) -> None:
        """Ask again for the reply to a prompt, beside the replies that are there."""
        services = self._screen.services
        if services is not None and self.conversation is not None and self.turn is None:
            try:
                events = services.regenerate(self.conversation, prompt_id)
            except GptalkError as err:
                self._screen.say(err.for_humans(), is_error=True)
                return
            self._start(self.conversation, "", events)

    def try_again(self) -> None:
        """Ask again for the last reply."""
        last = self._screen.transcript.last_entry
        if last is not None and last.role is Role.ASSISTANT and last.parent_id is not None:
            self.regenerate(last.parent_id)

    def stop(self) -> None:
        """Stop the reply that streams here."""
        if self.conversation_id is not None:
            self.turns.stop(self.conversation_id)
            self._screen.update_bars()

    def _start(
        self,
        conversation: Conversation,
        prompt: str,
        events: AsyncGenerator[TurnEvent, None],
        beside: Message | None = None,
    ) -> None:
        def run(work: Coroutine[None, None, None]) -> Worker[None]:
            return self._screen.run_worker(work, group="turn", description="turn")

        self.turns.start(conversation.id, prompt, events, run).beside = beside
        self._screen.shelf.mark()
        self._screen.state.turn_started()

    # Showing what comes

    def is_output_behind(self) -> bool:
        """Whether the terminal has not taken yet what was painted before."""
        return getattr(self._screen.app._driver, "backlog", 0) > 1

    def turn_changed(self, turn: LiveTurn, event: TurnEvent) -> bool:
        """Show an event of a turn; return whether its conversation is on screen."""
        if turn.conversation_id != self.conversation_id:
            return False
        screen, transcript = self._screen, self._screen.transcript
        screen.finding.text_changed()
        match event:
            case TurnOpened() if self._is_on_another_branch(turn, event.prompt):
                work = screen.branches.show_turn(turn)
                screen.run_worker(work, group="branch", description="branch")
            case TurnOpened():
                screen.show_emptiness(False)
                shown, is_walking = transcript.document.entries, screen.has_message
                prompt, reply = placed(shown, entry_of(event.prompt)), placed(shown, entry_of(event.reply))
                transcript.begin_turn(prompt, event.prompt.content, reply)
                if is_walking:
                    transcript.choose(len(transcript.document.entries) - 1)
                screen.shelf.refresh_soon()
            case TextAdded() if turn.reply is not None:
                transcript.append_text(turn.reply.id, event.text)
            case TextReplaced() if turn.reply is not None:
                transcript.replace_text(turn.reply.id, event.text)
            case TurnEnded():
                transcript.end_message(entry_of(event.reply))
        return True

    def _is_on_another_branch(self, turn: LiveTurn, prompt: Message) -> bool:
        """Whether a turn begins where the branch that is shown does not lead."""
        index_of = self._screen.transcript.document.index_of
        above = prompt.parent_id if turn.prompt else prompt.id
        return above is not None and index_of(above) is None

    def turn_closed(self, turn: LiveTurn) -> None:
        """A turn is over, however it ended."""
        if not self._screen.is_leaving:
            self._screen.run_worker(self._after(turn), group="after", description="after")

    async def _after(self, turn: LiveTurn) -> None:
        screen, services = self._screen, self._screen.services
        if services is None:
            return
        try:
            if turn.failure is not None:
                screen.say(turn.failure.for_humans(), is_error=True)
                if not screen.composer.text:
                    self._give_back(turn.prompt, turn.beside)
            elif turn.reply is not None:
                reply_id, unsaved = turn.reply.id, services.chat.unsaved
                reply = await services.store.run(lambda store: store.message(reply_id))
                if reply.status is Status.STREAMING:  # not on disk as it ended: that is tried again
                    reply = unsaved.get(reply_id, turn.reply)
                    why = turn.save_trouble or "The conversations cannot be written now."
                    screen.say(f"The reply is not saved: {why} This is tried again.", is_error=True)
                if self.away.wants(reply):
                    told = await services.store.run(lambda store: store.conversation(turn.conversation_id))
                    self.away.tell(told, reply)
                if turn.conversation_id == self.conversation_id:
                    screen.transcript.end_message(entry_of(reply), reply.content)
                    await self._return_prompt(services, reply)
                else:
                    await services.store.run(lambda store: store.set_unread(turn.conversation_id, True))
        except GptalkError as err:
            screen.say(err.for_humans(), is_error=True)
        screen.update_bars()
        await screen.shelf.refresh()

    async def _return_prompt(self, services: Services, reply: Message) -> None:
        """Put the prompt of a turn that failed before any text back, unless something else was typed."""
        composer = self._screen.composer
        if reply.status is not Status.FAILED or composer.text or reply.parent_id is None:
            return
        prompt_id = reply.parent_id
        prompt = await services.store.run(lambda store: store.message(prompt_id))
        if not composer.text:
            self.returned = prompt
            composer.set_text(prompt.content)


def _read_to_open(
    store: Store, conversation_id: str
) -> tuple[Conversation, list[BranchEntry], dict[str, str], Message | None]:
    """Return a conversation, its branch, the newest texts, and the prompt that failed last and is to come back."""
    conversation = store.conversation(conversation_id)
    if conversation.unread:
        conversation = store.set_unread(conversation_id, False)
    entries = store.branch(conversation_id)
    last = entries[-1] if entries else None
    returned = None
    if last is not None and last.status is Status.FAILED and last.parent_id and not conversation.draft:
        returned = store.message(last.parent_id)
    return conversation, entries, store.texts([entry.id for entry in entries[-SHOWN_TEXTS:]]), returned


def entry_of(message: Message) -> BranchEntry:
    """Return a message as the transcript lists it."""
    return BranchEntry(
        id=message.id,
        parent_id=message.parent_id,
        role=message.role,
        status=message.status,
        created_at_ms=message.created_at_ms,
        size_chars=len(message.content),
        model=message.model,
        error=message.error,
    )
