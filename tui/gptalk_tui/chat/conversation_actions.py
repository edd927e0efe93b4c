"""What can be done to a whole conversation: rename, pin, archive, move to the trash and restore."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError
from gptalk_client.models import Conversation, QueuedPrompt
from gptalk_tui.widgets.listing import title_of

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.drafts import Drafts
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.opener import Opener
    from gptalk_tui.chat.prompt_history import PromptHistory
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.sidebar import Sidebar
    from gptalk_tui.chat.undo import Undo
    from gptalk_tui.chat.unsaved import Unsaved
    from gptalk_tui.widgets.composer import Composer
    from gptalk_tui.widgets.list_pane import ListPane


class ConversationActions:
    """Acts on the highlighted conversation of the list, or on the open one."""

    def __init__(
        self,
        session: Session,
        services: Services,
        host: Host,
        *,
        pane: ListPane,
        composer: Composer,
        sidebar: Sidebar,
        opener: Opener,
        drafts: Drafts,
        history: PromptHistory,
        unsaved: Unsaved,
        undo: Undo,
    ) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._pane = pane
        self._composer = composer
        self._sidebar = sidebar
        self._opener = opener
        self._drafts = drafts
        self._history = history
        self._unsaved = unsaved
        self._undo = undo

    @property
    def target(self) -> Conversation | None:
        """The highlighted conversation in the list; elsewhere the open one."""
        return self._sidebar.target

    @property
    def may_archive(self) -> bool:
        """Whether there is a conversation that is neither archived nor in the trash."""
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

        self._host.open_dialog(RenameScreen(target), renamed)

    async def rename_to(self, title: str) -> None:
        """Give another title at once."""
        if (target := self.target) is not None:
            await self._rename(target, title)

    async def _rename(self, target: Conversation, title: str) -> None:
        self._pane.move_on_from(target.id)  # a filter may leave it out now
        await self.change(target, lambda store: store.rename_conversation(target.id, title))

    async def pin(self) -> None:
        """Keep the conversation at the top of the list, or no longer."""
        target = self.target
        if target is not None and await self.change(
            target, lambda store: store.set_pinned(target.id, not target.pinned)
        ):
            self._host.say(f"{'Unpinned' if target.pinned else 'Pinned'} “{title_of(target)}”.")

    async def archive(self) -> None:
        """Take the conversation out of the list and keep it."""
        target = self.target
        if target is None:
            return
        self._pane.move_on_from(target.id)
        if await self.change(target, lambda store: store.set_archived(target.id, True)):
            self.offer_undo(
                f"Archived “{title_of(target)}”.", target, lambda store: store.set_archived(target.id, False)
            )

    async def trash(self) -> None:
        """Move the conversation to the trash."""
        target = self.target
        if target is None or self._is_refused(target):
            return
        self._pane.move_on_from(target.id)
        is_open = target.id == self._session.conversation_id
        if is_open:
            await self._drafts.save()
        if not await self.change(target, lambda store: store.trash_conversation(target.id)):
            return
        if target.id == self._session.conversation_id:
            self._open_nothing()
        self.offer_undo(
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
        self._pane.move_on_from(target.id)

        def change(store: Store) -> Conversation:
            if target.trashed:
                return store.restore_conversation(target.id)
            return store.set_archived(target.id, False)

        if await self.change(target, change):
            self._host.say(f"Restored “{title_of(target)}”.")

    def purge(self) -> None:
        """Delete a conversation of the trash for good, after a question that names it."""
        from gptalk_tui.dialogs.confirm import ConfirmScreen

        target = self.target
        if target is None or not target.trashed or self._is_refused(target):
            return

        async def answered(is_yes: bool | None) -> None:
            if not is_yes:
                return
            if self._is_refused(target):
                return
            self._pane.move_on_from(target.id)
            queued: list[QueuedPrompt] = []

            def purge(store: Store) -> None:
                queued.extend(store.queued(target.id))
                store.purge_conversation(target.id)

            if await self.change(target, purge):
                self._remember(target.id, queued)
                if target.id == self._session.conversation_id:
                    self._open_nothing()
                rest = {0: "", 1: " Up restores its queued prompt."}.get(
                    len(queued), f" Up restores its {len(queued)} queued prompts."
                )
                self._host.say(f"Deleted “{title_of(target)}” for good.{rest}")

        question = ConfirmScreen(
            f"Delete “{title_of(target)}” for good?",
            f"Its {target.message_count} messages cannot be brought back.",
            yes="Delete",
        )
        self._host.open_dialog(question, answered)

    # Parts

    def _remember(self, conversation_id: str, queued: list[QueuedPrompt]) -> None:
        """Let Up recall the queued prompts of a conversation that is gone."""
        self._session.queues.load(conversation_id, [])
        for prompt in reversed(queued):
            self._history.remember(prompt.content)
            self._unsaved.keep(prompt.content)

    async def change(self, target: Conversation, change: Callable[[Store], Conversation | None]) -> bool:
        """Change a conversation in the store and show it; return whether that went well."""
        try:
            await self._carry_out(change)
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
            return False
        return True

    async def _carry_out(self, change: Callable[[Store], Conversation | None]) -> None:
        changed = await self._services.store.call(change)
        if changed is not None:
            self._session.take_news([changed])
        await self._sidebar.refresh()
        self._host.refresh_bars()

    def offer_undo(
        self,
        done: str,
        target: Conversation,
        change: Callable[[Store], Conversation | None],
        *,
        reopen: bool = False,
        undone: str = "",
    ) -> None:
        """Say what was done, and offer to undo it.

        Args:
            done: A sentence.
            target: The conversation.
            change: Undoes it.
            reopen: Open the conversation again, unless something else was begun meanwhile.
            undone: A sentence for when it has been undone.
        """
        session = self._session

        async def take_back() -> None:
            await self._carry_out(change)
            if reopen and session.conversation_id is None and not session.turn and not self._composer.text:
                self._opener.switch_to(target.id)

        self._undo.offer(done, undone or f"Restored “{title_of(target)}”.", take_back)

    def _is_refused(self, target: Conversation) -> bool:
        is_refused = target.id in self._session.turns.conversations
        if is_refused:
            self._host.say(f"Still replying in “{title_of(target)}”. Stop the reply first.")
        return is_refused

    def _open_nothing(self) -> None:
        """Show an empty conversation; a focus in the list stays there."""
        focused, is_in_list = self._host.focused, self._sidebar.has_focus
        self._opener.open_new()
        if is_in_list and focused is not None:
            focused.focus()
