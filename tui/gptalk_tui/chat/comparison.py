"""Comparing two versions of a reply: those that are there, or another one that is asked for beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from gptalk_client.errors import GptalkError
from gptalk_client.models import (
    Conversation,
    Message,
    ReasoningAdded,
    Role,
    TextAdded,
    TextReplaced,
    TurnEvent,
    TurnOpened,
)
from gptalk_client.text import one_line
from gptalk_tui.chat.branch import entry_of
from gptalk_tui.widgets.row_list import Row
from gptalk_tui.widgets.transcript.widget import Transcript

if TYPE_CHECKING:
    from gptalk_client.models import TurnEnded
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.transcript_view import TranscriptView
    from gptalk_tui.chat.turn_runner import TurnRunner
    from gptalk_tui.chat.turns import LiveTurn
    from gptalk_tui.dialogs.compare import CompareScreen, Side


@dataclass(frozen=True, slots=True)
class _Found:
    """What is compared, as read from the store."""

    prompt: Message
    reply: Message
    other: Message | None
    """Another version; None if there is none yet."""


class Comparison:
    """Shows two versions of a reply, both of which may be growing.

    The second one, where it is asked for, is a turn of its own that is set aside: the first one stays the branch
    that is shown until another is taken. Each is a sibling of the other from its first moment on disk.
    """

    def __init__(
        self,
        session: Session,
        services: Services,
        host: Host,
        *,
        transcript: Transcript,
        view: TranscriptView,
        runner: TurnRunner,
    ) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._transcript = transcript
        self._view = view
        self._runner = runner
        self._screen: CompareScreen | None = None
        self._sides: dict[LiveTurn, Side] = {}
        """The turns that write what is compared."""
        runner.when_over.append(self._turn_over)

    @property
    def may_compare(self) -> bool:
        """Whether the chosen message, or the last one, is a stored reply to a prompt."""
        return self._reply_id() is not None

    async def run(self) -> None:
        """Compare the reply with its other version; where there is none, choose who writes one."""
        found = await self._find()
        if found is None:
            return
        if found.other is not None:
            self._show(found)
        else:
            self._choose(found)

    async def run_with(self, words: str) -> None:
        """Ask another provider or model for a second version.

        Args:
            words: A provider's name, a model's, or both in this order.
        """
        found = await self._find()
        conversation = self._session.conversation
        if found is None or conversation is None:
            return
        name, _, model = words.partition(" ")
        if name not in self._services.provider_names:
            name, model = self._services.options_for(conversation).provider, words
        self._ask(found, replace(conversation, provider=name, model=model.strip()))

    # What is compared

    def _reply_id(self) -> str | None:
        entry = self._transcript.chosen_entry or self._transcript.last_entry
        if entry is not None and entry.role is Role.USER:
            index = (self._transcript.document.index_of(entry.id) or 0) + 1
            entries = self._transcript.document.entries
            entry = entries[index] if index < len(entries) else None
        is_stored = self._session.conversation is not None
        if entry is None or entry.role is not Role.ASSISTANT or entry.parent_id is None or not is_stored:
            return None
        turn = self._session.turn
        return None if turn is not None and turn.reply is None else entry.id

    async def _find(self) -> _Found | None:
        reply_id = self._reply_id()
        if reply_id is None:
            self._host.say("Only a reply that is stored can be compared.")
            return None

        def read(store: Store) -> _Found:
            reply = store.message(reply_id)
            others = [each for each in store.siblings(reply_id) if each != reply_id]
            other = store.message(others[-1]) if others else None
            return _Found(store.message(str(reply.parent_id)), reply, other)

        try:
            return await self._services.store.call(read)
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
            return None

    def _choose(self, found: _Found) -> None:
        from gptalk_tui.dialogs.picker import PickerScreen

        async def rows(words: str) -> list[Row]:
            provider = self._services.provider_for(self._session.chosen)
            own = provider.name if provider is not None else ""
            names = [each for each in self._services.provider_names if each != own]
            try:
                models = await provider.models() if provider is not None else []
            except GptalkError:
                models = []  # it can still be asked again, or another provider
            choices = [f"{own} {model}" for model in models] or [own]
            texts = [*choices, *names]
            folded = words.casefold().split()
            return [
                Row(text, one_line(text)) for text in texts if all(word in text.casefold() for word in folded)
            ]

        async def chosen(words: str | None) -> None:
            conversation = self._session.conversation
            if words is not None and conversation is not None:
                name, _, model = words.partition(" ")
                self._ask(found, replace(conversation, provider=name, model=model))

        picker = PickerScreen("Compare with", [], empty_text="No such provider or model", find=rows)
        self._host.open_dialog(picker, chosen)

    def _ask(self, found: _Found, chosen: Conversation) -> None:
        turn = self._runner.ask_aside(chosen, found.prompt.id)
        self._show(replace(found, other=None), turn)

    # The screen

    def _show(self, found: _Found, asked: LiveTurn | None = None) -> None:
        from gptalk_tui.dialogs.compare import CompareScreen

        self._host.app.clear_notifications()  # they were about the screen below, and would hide the keys
        panes = (self._pane("compare-first"), self._pane("compare-second"))
        self._screen = screen = CompareScreen(panes)
        self._sides = {}
        for side, reply in enumerate((found.reply, found.other)):
            turn = self._session.turns.writing(reply.id) if reply is not None else asked
            if turn is not None:
                self._sides[turn] = cast("Side", side)
                turn.when_taken.append(self._taken)
            entries, texts = [entry_of(found.prompt)], {found.prompt.id: found.prompt.content}
            if reply is not None:
                text = turn.text if turn is not None else reply.content
                entries.append(entry_of(reply))
                texts[reply.id] = text
            panes[side].show_conversation(entries, texts)
        conversation_id = found.reply.conversation_id
        self._host.open_dialog(screen, lambda taken: self._closed(conversation_id, taken))

    def _pane(self, id: str) -> Transcript:
        document = self._transcript.document
        pane = Transcript(document.renderer.styles, id=id)
        pane.document.reasoning = document.reasoning
        pane.document.fetch_reasoning = document.fetch_reasoning
        return pane

    def _taken(self, turn: LiveTurn, event: TurnEvent) -> None:
        """Show an event of a turn that writes one of the versions."""
        side, screen = self._sides.get(turn), self._screen
        if screen is None or side is None or turn.reply is None:
            return
        pane, reply_id = screen.panes[side], turn.reply.id
        match event:
            case TurnOpened():
                prompt, reply = entry_of(event.prompt), entry_of(event.reply)
                pane.begin_turn(prompt, event.prompt.content, reply, event.reply.content)
                screen.refresh_heads()
            case TextAdded():
                pane.append_text(reply_id, event.text)
            case TextReplaced():
                pane.replace_text(reply_id, event.text)
            case ReasoningAdded():
                pane.append_reasoning(reply_id, event.text)

    def _turn_over(self, turn: LiveTurn, ended: TurnEnded | None) -> None:
        side, screen = self._sides.pop(turn, None), self._screen
        if screen is None or side is None:
            return
        if ended is not None:
            screen.panes[side].end_message(entry_of(ended.reply), ended.reply.content)
            screen.refresh_heads()
        elif turn.failure is not None:
            screen.fail(one_line(turn.failure.for_humans()))

    async def _closed(self, conversation_id: str, taken: str | None) -> None:
        for turn in self._sides:
            turn.when_taken.remove(self._taken)
        self._screen, self._sides = None, {}

        def take(store: Store) -> None:
            if taken is not None:
                store.set_active(conversation_id, store.newest_leaf(taken))

        try:
            await self._services.store.call(take)
            await self._view.show_branch(conversation_id, None)
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
            return
        self._session.list_changed()
        older, newer = self._host.keys.how("branch.previous"), self._host.keys.first("branch.next")
        kept = "The other version is kept" if taken is not None else "Both versions are kept"
        self._host.say(f"{kept}: {older} and {newer} on the reply switch between them.")
