"""A small dialog for a conversation's tags, and the completion of tags in any field."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.suggester import Suggester
from textual.widgets import Input, Static

from gptalk_client.errors import GptalkError, UsageError
from gptalk_client.models import Conversation
from gptalk_client.tags import shown_tags, tag_changes, tag_or_none
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.widgets.listing import title_of

if TYPE_CHECKING:
    from gptalk_client.store.worker import StoreThread

_LAST_TAG = re.compile(r"(?:^|[\s,])-?[#＃]([^\s,]+)$")
_LAST_WORD = re.compile(r"(?:^|[\s,])-?[#＃]?([^\s,#＃-][^\s,]*)$")


class TagSuggester(Suggester):
    """Completes the tag at the end of what is typed.

    Args:
        store: Knows the tags.
        needs_sign: Whether a tag begins with `#`, as it does among other words.
    """

    def __init__(self, store: StoreThread, *, needs_sign: bool = True) -> None:
        super().__init__(use_cache=False)
        self._store = store
        self._end = _LAST_TAG if needs_sign else _LAST_WORD

    async def get_suggestion(self, value: str) -> str | None:
        """Return the value with its last tag completed; None if there is nothing to complete."""
        match = self._end.search(value)
        beginning = tag_or_none(match[1]) if match is not None else None
        if beginning is None:
            return None
        try:
            known = await self._store.call(lambda store: store.tags())
        except GptalkError:
            return None
        rest = next((each[len(beginning) :] for each in known if each.startswith(beginning)), "")
        return value + rest if rest else None


class TagsScreen(Dialog[tuple[str, ...] | None]):
    """Returns the tags as they shall be; None where nothing was changed.

    Args:
        conversation: What has the tags.
        store: Knows the tags of other conversations.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Close", show=False)]

    def __init__(self, conversation: Conversation, store: StoreThread) -> None:
        super().__init__()
        self._conversation = conversation
        self._store = store

    def compose(self) -> ComposeResult:
        tags = shown_tags(self._conversation.tags)
        with Vertical(classes="dialog"):
            yield Static(f"Tags of “{title_of(self._conversation)}”", classes="dialog-title", markup=False)
            yield Input(
                f"{tags} " if tags else "",
                placeholder="work ideas",
                compact=True,
                select_on_focus=False,
                suggester=TagSuggester(self._store, needs_sign=False),
            )
            yield Static(classes="dialog-error", markup=False)
            yield KeyHints(("Enter", "save"), ("Right", "complete"), ("Esc", "cancel"))

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        try:
            added, removed = tag_changes(event.value)
        except UsageError as err:
            self.complain(err.for_humans())
            return
        tags = tuple(sorted(set(added) - set(removed)))
        self.dismiss(tags if tags != self._conversation.tags else None)
