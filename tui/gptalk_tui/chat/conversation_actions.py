"""Keeping the conversations in order: rename, pin, archive, throw away and bring back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError
from gptalk_client.models import Conversation
from gptalk_tui.chat.sidebar import Shown
from gptalk_tui.widgets.listing import title_of

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.screen import ChatScreen
    from gptalk_tui.chat.services import Services


class Filing:
    """What can be done to a whole conversation.

    Args:
        screen: Where it is listed.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen

    @property
    def target(self) -> Conversation | None:
        """What is meant: in the list the highlighted conversation, elsewhere the open one."""
        screen = self._screen
        return screen.list_pane.highlighted if screen.is_in_list else screen.desk.conversation

    @property
    def may_archive(self) -> bool:
        """Whether there is a conversation that is filed nowhere."""
        target = self.target
        return target is not None and not target.archived and not target.trashed

    @property
    def may_trash(self) -> bool:
        """Whether there is a conversation that is not in the trash."""
        target = self.target
        return target is not None and not target.trashed

    @property
    def may_restore(self) -> bool:
        """Whether there is a conversation in the trash or the archive."""
        target = self.target
        return target is not None and (target.trashed or target.archived)

    @property
    def may_purge(self) -> bool:
        """Whether there is a conversation in the trash."""
        target = self.target
        return target is not None and target.trashed

    # One conversation

    def rename(self) -> None:
        """Ask for another title."""
        from gptalk_tui.dialogs.rename import RenameScreen

        target = self.target
        if target is None:
            return

        async def renamed(title: str | None) -> None:
            if title is not None:
                await self._rename(target, title)

        self._screen.app.push_screen(RenameScreen(target), renamed)

    async def rename_to(self, title: str) -> None:
        """Give another title at once."""
        if (target := self.target) is not None:
            await self._rename(target, title)

    async def _rename(self, target: Conversation, title: str) -> None:
        self._screen.list_pane.move_on_from(target.id)  # a filter may leave it out now
        await self._change(target, lambda store: store.rename_conversation(target.id, title))

    async def pin(self) -> None:
        """Keep the conversation at the top of the list, or no longer."""
        target = self.target
        if target is not None and await self._change(
            target, lambda store: store.set_pinned(target.id, not target.pinned)
        ):
            self._screen.say(f"{'Unpinned' if target.pinned else 'Pinned'} “{title_of(target)}”.")

    async def archive(self) -> None:
        """Take the conversation out of the list and keep it."""
        target = self.target
        if target is None:
            return
        self._screen.list_pane.move_on_from(target.id)
        if await self._change(target, lambda store: store.set_archived(target.id, True)):
            self._offer_undo(
                f"Archived “{title_of(target)}”.", target, lambda store: store.set_archived(target.id, False)
            )

    async def trash(self) -> None:
        """Move the conversation to the trash."""
        screen, target = self._screen, self.target
        if target is None or self._is_refused(target):
            return
        screen.list_pane.move_on_from(target.id)
        is_open = target.id == screen.desk.conversation_id
        if is_open:
            await screen.desk.drafts.save()
        if not await self._change(target, lambda store: store.trash_conversation(target.id)):
            return
        if is_open:
            self._open_nothing()
        self._offer_undo(
            f"Moved “{title_of(target)}” to the trash.",
            target,
            lambda store: store.restore_conversation(target.id),
            reopen=is_open,
        )

    async def restore(self) -> None:
        """Take the conversation out of the trash, or out of the archive."""
        target = self.target
        if target is None:
            return
        self._screen.list_pane.move_on_from(target.id)

        def change(store: Store) -> Conversation:
            if target.trashed:
                return store.restore_conversation(target.id)
            return store.set_archived(target.id, False)

        if await self._change(target, change):
            self._screen.say(f"Restored “{title_of(target)}”.")

    def purge(self) -> None:
        """Delete a conversation of the trash for good, after a question that names it."""
        from gptalk_tui.dialogs.confirm import ConfirmScreen

        screen, target = self._screen, self.target
        if target is None or not target.trashed or self._is_refused(target):
            return

        async def answered(is_yes: bool | None) -> None:
            if not is_yes:
                return
            screen.list_pane.move_on_from(target.id)
            is_open = target.id == screen.desk.conversation_id
            if await self._change(target, lambda store: store.purge_conversation(target.id)):
                if is_open:
                    self._open_nothing()
                screen.say(f"Deleted “{title_of(target)}” for good.")

        question = ConfirmScreen(
            f"Delete “{title_of(target)}” for good?",
            f"Its {target.message_count} messages cannot be brought back.",
            yes="Delete",
        )
        screen.app.push_screen(question, answered)

    # Which are listed

    def show_trash(self) -> None:
        """List what is in the trash."""
        self._screen.shelf.show(Shown.TRASH)

    def show_archive(self) -> None:
        """List what is archived."""
        self._screen.shelf.show(Shown.ARCHIVED)

    # Parts

    async def _change(self, target: Conversation, change: Callable[[Store], Conversation | None]) -> bool:
        """Change a conversation in the store and show it; return whether that went well."""
        screen = self._screen
        if screen.services is None:
            return False
        try:
            await self._carry_out(screen.services, change)
        except GptalkError as err:
            screen.say(err.for_humans(), is_error=True)
            return False
        return True

    async def _carry_out(self, services: Services, change: Callable[[Store], Conversation | None]) -> None:
        screen = self._screen
        changed = await services.store.run(change)
        if changed is not None:
            screen.desk.take_news([changed])
        await screen.shelf.refresh()
        screen.update_bars()

    def _offer_undo(
        self,
        done: str,
        target: Conversation,
        change: Callable[[Store], Conversation | None],
        *,
        reopen: bool = False,
    ) -> None:
        screen, services = self._screen, self._screen.services
        assert services is not None

        async def take_back() -> None:
            await self._carry_out(services, change)
            if reopen and screen.desk.conversation_id is None and not screen.composer.text:
                screen.desk.switch_to(target.id)

        screen.undo.offer(done, f"“{title_of(target)}” is back.", take_back)

    def _is_refused(self, target: Conversation) -> bool:
        is_refused = target.id in self._screen.desk.turns.conversations
        if is_refused:
            self._screen.say(f"A reply still streams in “{title_of(target)}”: stop it first.")
        return is_refused

    def _open_nothing(self) -> None:
        """Show an empty conversation; whoever is in the list stays there."""
        screen, focused = self._screen, self._screen.focused
        is_in_list = screen.is_in_list
        screen.desk.open_new()
        if is_in_list and focused is not None:
            focused.focus()
