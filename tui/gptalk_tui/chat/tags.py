"""Tags of a conversation: shown, added and removed, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptalk_client.errors import UsageError
from gptalk_client.tags import shown_tags, tag_changes
from gptalk_tui.widgets.listing import title_of

if TYPE_CHECKING:
    from gptalk_client.models import Conversation
    from gptalk_client.store.store import Store
    from gptalk_tui.chat.conversation_actions import ConversationActions
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services


class Tags:
    """Changes the tags of the highlighted conversation of the list, or of the open one."""

    def __init__(self, services: Services, host: Host, *, conversations: ConversationActions) -> None:
        self._services = services
        self._host = host
        self._conversations = conversations

    def ask(self) -> None:
        """Show the tags in a field, to change them."""
        from gptalk_tui.dialogs.tags import TagsScreen

        target = self._conversations.target
        if target is None:
            return

        async def answered(wanted: tuple[str, ...] | None) -> None:
            if wanted is not None:
                await self._change(target, set(wanted) - {*target.tags}, {*target.tags} - set(wanted))

        self._host.open_dialog(TagsScreen(target, self._services.store), answered)

    async def change(self, words: str) -> None:
        """Add and remove tags, as in `work -old`."""
        target = self._conversations.target
        if target is None:
            return
        try:
            added, removed = tag_changes(words)
        except UsageError as err:
            self._host.say(err.for_humans(), is_error=True)
            return
        await self._change(target, set(added) - {*target.tags}, set(removed) & {*target.tags})

    async def _change(self, target: Conversation, added: set[str], removed: set[str]) -> None:
        if not added and not removed:
            self._host.say(f"Tags of “{title_of(target)}”: {shown_tags(target.tags) or 'none'}.")
            return

        def change(store: Store) -> Conversation:
            return store.change_tags(target.id, add=added, remove=removed)

        def take_back(store: Store) -> Conversation:
            return store.change_tags(target.id, add=removed, remove=added)

        if not await self._conversations.change(target, change):
            return
        done = " and ".join(
            f"{verb} {shown_tags(sorted(tags))}"
            for verb, tags in (("added", added), ("removed", removed))
            if tags
        )
        self._conversations.offer_undo(
            f"{done.capitalize()}.", target, take_back, undone=f"Restored the tags of “{title_of(target)}”."
        )
