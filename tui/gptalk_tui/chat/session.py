"""The open conversation and its turns, as plain state: the one place that knows what is under way."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from gptalk_client.models import Conversation, Message, QueuedPrompt
from gptalk_client.records import Record
from gptalk_tui.chat.queues import Queues
from gptalk_tui.chat.turns import LiveTurn, Turns


def new_conversation() -> Conversation:
    """Return a conversation that is not stored yet, under the id that it will have."""
    return Conversation(id=os.urandom(16).hex(), title="", created_at_ms=0, updated_at_ms=0)


class Edit(Record, frozen=True):
    """An earlier message that is in the composer to be sent again, or a queued prompt to be changed."""

    message: Message | QueuedPrompt
    set_aside: str
    """What was in the composer before."""


class Session:
    """What is open on the screen.

    Watchers are called after another conversation, or a new one, was opened (`when_opened`), after what is known
    about the open one changed (`when_changed`), and after the list changed in the store (`when_listed`).
    """

    def __init__(self) -> None:
        self.conversation: Conversation | None = None
        """None while a new conversation is not stored."""
        self.blank = new_conversation()
        """The conversation to store with the first prompt, or draft, of a new one."""
        self.opened = 0
        """Counts the openings, so that work can tell whether the same one is still on screen."""
        self.edit: Edit | None = None
        self.returned: Message | None = None
        """The prompt of a turn that failed before any text, while it is back in the composer."""
        self.cleared = ""
        """Text that was cleared from the composer in this opening and not restored; it is kept as the draft."""
        self.turns = Turns()
        self.queues = Queues()
        self.is_leaving = False
        """The app is about to end: nothing new is begun."""
        self.unstored: list[str] = []
        """Prompts that the store refused while the app was ending."""
        self.when_opened: list[Callable[[], None]] = []
        self.when_changed: list[Callable[[], None]] = []
        self.when_listed: list[Callable[[], None]] = []

    @property
    def conversation_id(self) -> str | None:
        """The id of the open conversation; None while it is not stored."""
        return self.conversation.id if self.conversation else None

    @property
    def chosen(self) -> Conversation:
        """The open conversation with its settings; `blank` while it is not stored."""
        return self.conversation or self.blank

    @property
    def turn(self) -> LiveTurn | None:
        """The turn that runs in the open conversation."""
        return self.turns.of(self.chosen.id)

    @property
    def is_replying(self) -> bool:
        """Whether a turn runs in the open conversation."""
        return self.turn is not None

    def shows(self, turn: LiveTurn) -> bool:
        """Whether the reply of a turn belongs to what is shown of the open conversation."""
        return turn.conversation_id == self.chosen.id and not turn.is_aside

    def take_news(self, conversations: Sequence[Conversation]) -> None:
        """Take what was read about the open conversation, such as its title, or that it is stored now."""
        news = next((each for each in conversations if each.id == self.chosen.id), None)
        if news is not None and news != self.conversation:
            self.conversation = news
            for watcher in self.when_changed:
                watcher()

    def open(self, conversation: Conversation | None) -> None:
        """Let another conversation, or with None a new one, be the open one."""
        self.opened += 1
        self.conversation = conversation
        self.blank = new_conversation()
        self.edit = self.returned = None
        self.cleared = ""
        for watcher in self.when_opened:
            watcher()

    def list_changed(self) -> None:
        """The list of conversations changed in the store."""
        for watcher in self.when_listed:
            watcher()
