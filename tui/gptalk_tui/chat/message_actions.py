"""The branches of the conversation on screen: edit, ask again, walk, fork, delete. Nothing is overwritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError, UsageError
from gptalk_client.models import BranchEntry, Conversation, Message, Role
from gptalk_tui.widgets.listing import title_of

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.screen import ChatScreen
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.turns import LiveTurn


@dataclass(frozen=True, slots=True)
class Edit:
    """An earlier prompt that stands in the composer to be sent again."""

    prompt: Message
    set_aside: str
    """What stood in the composer before."""


class Branches:
    """What can be done to a message of the conversation on screen.

    Args:
        screen: Where it is shown.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self.edit: Edit | None = None

    # Edit and send again

    async def begin_edit(self) -> None:
        """Put the chosen message, or the prompt that it answers, into the composer to be sent as a sibling."""
        screen, prompt_id = self._screen, self._prompt_id()
        if screen.services is None or prompt_id is None or self._is_refused():
            return
        try:
            prompt = await screen.services.store.run(lambda store: store.message(prompt_id))
        except GptalkError as err:
            screen.say(err.for_humans(), is_error=True)
            return
        if prompt.conversation_id == screen.desk.conversation_id:
            set_aside = self.edit.set_aside if self.edit is not None else screen.composer.text
            self._edit(prompt, prompt.content, set_aside)

    def resume_edit(self, prompt: Message, text: str) -> None:
        """Go back to an edit that could not be sent."""
        self._edit(prompt, text, self._screen.composer.text)

    def leave_edit(self) -> bool:
        """Put back what stood in the composer before the edit; return whether anything was being edited."""
        edit = self.edit
        if edit is None:
            return False
        screen, text = self._screen, self._screen.composer.text
        self.edit = None
        screen.composer.set_text(edit.set_aside)
        screen.update_bars()
        if text.strip() and text != edit.prompt.content:

            async def resume() -> None:
                if edit.prompt.conversation_id == screen.desk.conversation_id:
                    self.resume_edit(edit.prompt, text)

            screen.undo.offer("Left the edited message.", "The edited message is back.", resume)
        return True

    def take_edited(self) -> Message | None:
        """End the edit, because it is sent; return the message that it stands beside."""
        edit, self.edit = self.edit, None
        if edit is None:
            return None
        self._screen.composer.set_text(edit.set_aside)
        return edit.prompt

    def forget_edit(self) -> None:
        """End the edit, because another conversation is shown."""
        self.edit = None

    @property
    def draft(self) -> str:
        """What to keep as the conversation's draft: all that was typed, also while a message is edited."""
        text, edit = self._screen.composer.text, self.edit
        if edit is None:
            return text
        if not text.strip() or text == edit.prompt.content:
            return edit.set_aside
        return f"{edit.set_aside}\n\n{text}" if edit.set_aside.strip() else text

    def _edit(self, prompt: Message, text: str, set_aside: str) -> None:
        screen = self._screen
        self.edit = Edit(prompt, set_aside)
        screen.composer.set_text(text)
        screen.composer.focus()
        screen.update_bars()

    # Ask again

    def regenerate(self) -> None:
        """Ask again for the chosen reply, or for a reply to the chosen prompt, beside those that are there."""
        prompt_id = self._prompt_id()
        if prompt_id is not None and not self._is_refused():
            self._screen.desk.regenerate(prompt_id)

    # Walk the versions

    def has_sibling(self, by: int) -> bool:
        """Whether the chosen message has an older (-1) or a newer (1) version."""
        entry = self._screen.transcript.chosen_entry
        return entry is not None and 1 <= entry.sibling + by <= entry.siblings

    async def walk(self, by: int) -> None:
        """Show the branch of the chosen message's older (-1) or newer (1) sibling."""
        screen, desk = self._screen, self._screen.desk
        entry, conversation_id = screen.transcript.chosen_entry, desk.conversation_id
        if screen.services is None or entry is None or conversation_id is None:
            return
        if desk.turn is not None and desk.turn.reply is None:
            screen.say("The prompt is being stored; a moment.")
            return

        def read(store: Store) -> tuple[str, int] | tuple[Conversation, str]:
            siblings = store.siblings(entry.id)
            at = siblings.index(entry.id) + by
            if not 0 <= at < len(siblings):
                return "", len(siblings)
            return store.set_active(conversation_id, store.newest_leaf(siblings[at])), siblings[at]

        try:
            found, target = await screen.services.store.run(read)
            if isinstance(found, Conversation):
                await self._show(screen.services, conversation_id, str(target))
                return
        except GptalkError as err:
            screen.say(err.for_humans(), is_error=True)
            return
        if target == 1:
            edit, again = screen.keys.how("message.edit"), screen.keys.how("message.regenerate")
            screen.say(f"This message has no other version: {edit} or {again} makes one.")
        else:
            screen.say(f"This is the {'oldest' if by < 0 else 'newest'} of {target} versions.")

    # Fork and delete

    @property
    def may_fork(self) -> bool:
        """Whether the chosen message is whole; the reply that streams is not."""
        entry, turn = self._screen.transcript.chosen_entry, self._screen.desk.turn
        return entry is None or turn is None or turn.reply is None or turn.reply.id != entry.id

    async def fork(self) -> None:
        """Copy the conversation up to the chosen message into a new one, and open that."""
        screen, entry = self._screen, self._screen.transcript.chosen_entry
        if screen.services is None or entry is None:
            return
        if not self.may_fork:
            self._say_that_it_streams()
            return
        message_id = entry.id
        try:
            forked = await screen.services.store.run(lambda store: store.fork(message_id))
        except GptalkError as err:
            screen.say(err.for_humans(), is_error=True)
            return
        await screen.desk.open(forked.id)
        screen.composer.focus()
        screen.say(f"Forked into “{title_of(forked)}”; the other conversation is as it was.")

    async def delete(self) -> None:
        """Delete the chosen message and what hangs under it, so that it can be brought back."""
        screen, entry = self._screen, self._screen.transcript.chosen_entry
        services, conversation_id = screen.services, screen.desk.conversation_id
        if services is None or entry is None or conversation_id is None or self._is_refused():
            return
        message_id, index = entry.id, screen.transcript.chosen or 0
        below = len(screen.transcript.document.entries) - index - 1

        async def restore() -> None:
            await services.store.run(lambda store: store.restore_message(token))
            await self._show(services, conversation_id, message_id)

        try:
            token = await services.store.run(lambda store: store.delete_message(message_id))
            await self._show(services, conversation_id, None, index=index)
            await self._let_go_of_deleted(services)
        except GptalkError as err:
            screen.say(err.for_humans(), is_error=True)
            return
        done = "Deleted the message and what follows it." if below else "Deleted the message."
        screen.undo.offer(done, "The message is back.", restore)

    # Parts

    def _prompt_id(self) -> str | None:
        """Return the chosen prompt, or the one that the chosen reply answers; say why if there is none."""
        entry = self._screen.transcript.chosen_entry
        if entry is None:
            return None
        if entry.role is Role.USER:
            return entry.id
        if entry.role is Role.ASSISTANT and entry.parent_id is not None:
            return entry.parent_id
        self._screen.say("This message answers no prompt.")
        return None

    def _is_refused(self) -> bool:
        is_refused = self._screen.desk.turn is not None
        if is_refused:
            self._say_that_it_streams()
        return is_refused

    def _say_that_it_streams(self) -> None:
        self._screen.say(f"A reply still streams here: {self._screen.keys.how('turn.stop')} stops it.")

    async def _let_go_of_deleted(self, services: Services) -> None:
        """Let the composer's text be a prompt of its own where the message that it stands beside is deleted."""
        screen, desk = self._screen, self._screen.desk
        beside = self.edit.prompt if self.edit is not None else desk.returned
        if beside is None:
            return
        try:
            await services.store.run(lambda store: store.message(beside.id))
        except UsageError:
            if self.edit is not None:
                text, self.edit = self.draft, None
                screen.composer.set_text(text)
            desk.returned = None
            screen.update_bars()

    async def show_turn(self, turn: LiveTurn) -> None:
        """Show the branch of a turn that begins elsewhere than on the one that is shown, and follow its text."""
        screen = self._screen
        if screen.services is not None:
            try:
                await self._show(screen.services, turn.conversation_id, None)
            except GptalkError as err:
                screen.say(err.for_humans(), is_error=True)

    async def _show(
        self, services: Services, conversation_id: str, message_id: str | None, *, index: int | None = None
    ) -> None:
        """Show the active branch; the chosen message, or the place where it was, stays where it is on screen.

        Args:
            services: Where it is read.
            conversation_id: The conversation, if it is still the open one.
            message_id: What is chosen.
            index: Where the chosen message stood that is gone; without both none is chosen.
        """
        screen, desk = self._screen, self._screen.desk

        def read(store: Store) -> tuple[Conversation, list[BranchEntry]]:
            return store.conversation(conversation_id), store.branch(conversation_id)

        unsaved = services.chat.unsaved
        conversation, entries = await services.store.run(read)
        entries = as_ended(entries, unsaved)
        if conversation_id != desk.conversation_id:
            return
        desk.take_news([conversation])
        turn = desk.turn
        texts = {turn.reply.id: turn.text} if turn is not None and turn.reply is not None else {}
        if index is not None and entries:
            message_id = entries[min(index, len(entries) - 1)].id
        screen.transcript.show_branch(entries, texts, choose=message_id)
        screen.finding.text_changed()
        screen.show_emptiness(not entries)
        if not entries:
            screen.composer.focus()
        screen.shelf.refresh_soon()
        screen.update_bars()


def placed(shown: Sequence[BranchEntry], new: BranchEntry) -> BranchEntry:
    """Return a message that was just made as the newest sibling of the one that is shown in its place.

    Args:
        shown: The branch that is shown, without the new message.
        new: The new message.
    """
    for entry in reversed(shown):
        if entry.parent_id == new.parent_id:
            return replace(new, sibling=entry.siblings + 1, siblings=entry.siblings + 1)
    return new


def as_ended(entries: list[BranchEntry], unsaved: Mapping[str, Message]) -> list[BranchEntry]:
    """Return a branch with the replies as they ended that are not on disk so.

    Args:
        entries: As they are stored.
        unsaved: By id.
    """
    if not unsaved:  # as nearly always, and a conversation may be long
        return entries
    return [
        replace(entry, status=reply.status, error=reply.error, size_chars=len(reply.content))
        if (reply := unsaved.get(entry.id))
        else entry
        for entry in entries
    ]
