"""The nouns that every part shares: roles, statuses, conversations, messages and the events of a turn.

Plain frozen data without behaviour and without I/O. Times are integer milliseconds since the Unix epoch in UTC.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeAlias

from msgspec import field

from gptalk_client.errors import GptalkError
from gptalk_client.records import Record

Messages: TypeAlias = Sequence[Mapping[str, Any]]
"""A conversation as the provider takes it: `{"role": ..., "content": ...}`, oldest first."""

AsyncResult: TypeAlias = AsyncIterator[str]
"""Pieces of a reply, in order."""

DEFAULT_MODEL = "gpt-3.5-turbo"
"""The model that an empty name stands for."""


class Role(StrEnum):
    """Who wrote a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Status(StrEnum):
    """The state of a message."""

    COMPLETE = "complete"
    """The end mark was read."""
    STREAMING = "streaming"
    """A process is still writing it."""
    INCOMPLETE = "incomplete"
    """It broke off: the connection, the service or the process ended early. The text so far is kept."""
    STOPPED = "stopped"
    """The user stopped it."""
    FAILED = "failed"
    """It failed before any text arrived."""


class Phase(StrEnum):
    """What a turn is doing, for the status line."""

    CONNECTING = "connecting"
    SIGNING_IN = "signing in"
    WAITING = "waiting"
    """The prompt was submitted; no text has arrived yet."""
    STREAMING = "streaming"
    RETRYING = "retrying"
    """Waiting `wait_s` seconds before a retry."""


class Conversation(Record, frozen=True):
    """One conversation as the list shows it."""

    id: str
    """32 hex digits; any unambiguous prefix names it."""
    title: str
    created_at_ms: int
    updated_at_ms: int
    message_count: int = 0
    system_prompt: str = ""
    model: str = ""
    """Empty: the default of the settings."""
    provider: str = ""
    """Empty: the default of the settings."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """This conversation's overrides, such as `temperature` and `context_messages`."""
    archived: bool = False
    pinned: bool = False
    unread: bool = False
    trashed: bool = False
    active_message_id: str | None = None
    """The leaf of the active branch."""
    draft: str = ""
    tags: tuple[str, ...] = ()
    """Sorted; see `tags.tag_name`."""


class Usage(Record, frozen=True):
    """What a reply took, as its service counted it; None where the service did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    """With the reasoning."""
    reasoning_tokens: int | None = None


class ReplyFacts(Record, frozen=True):
    """What is known of a reply beside its text."""

    finish_reason: str = ""
    """Why the service ended it, in its word, such as `stop` or `length`; empty if it did not say."""
    usage: Usage | None = None
    first_text_ms: int | None = None
    """From the request to the first text, in milliseconds."""
    reasoning_ms: int | None = None
    """From the first reasoning to the first text, or to the end without one; None if there was no reasoning."""
    duration_ms: int | None = None
    """From the request to the end."""
    edited: bool = False
    """The person wrote this version of it."""


class Message(Record, frozen=True):
    """One message in a conversation's tree."""

    id: str
    conversation_id: str
    parent_id: str | None
    role: Role
    content: str
    status: Status
    created_at_ms: int
    model: str = ""
    error: str = ""
    """Why it failed or broke off, for display; empty otherwise."""
    reasoning: str = ""
    """What the model thought before it answered. Not part of the text."""
    finish_reason: str = ""
    usage: Usage | None = None
    provider: str = ""
    """The name of the provider that wrote it; empty for prompts, and where it was not recorded."""
    first_text_ms: int | None = None
    reasoning_ms: int | None = None
    duration_ms: int | None = None
    edited: bool = False
    """The person wrote this version of a reply."""

    @property
    def facts(self) -> ReplyFacts:
        """What is known of it beside its text."""
        return ReplyFacts(
            self.finish_reason,
            self.usage,
            self.first_text_ms,
            self.reasoning_ms,
            self.duration_ms,
            self.edited,
        )


class BranchEntry(Record, frozen=True):
    """One message of the active branch, without its text, which is loaded when it comes into view."""

    id: str
    parent_id: str | None
    role: Role
    status: Status
    created_at_ms: int
    size_chars: int
    model: str = ""
    error: str = ""
    sibling: int = 1
    """Which of its siblings it is, from 1."""
    siblings: int = 1
    finish_reason: str = ""
    reasoning_chars: int = 0
    """How long its reasoning is, which is loaded when it is opened."""
    reasoning_ms: int | None = None
    duration_ms: int | None = None
    usage: Usage | None = None
    provider: str = ""
    edited: bool = False


class QueuedPrompt(Record, frozen=True):
    """A prompt that waits until the reply before it is complete. It is no message yet."""

    id: str
    """32 hex digits; the id of the message that it becomes."""
    conversation_id: str
    content: str
    place: int = 0
    """Grows along the queue; 0 while it is not stored."""


class OpenedConversation(Record, frozen=True):
    """What it takes to show a conversation."""

    conversation: Conversation
    entries: list[BranchEntry]
    """The branch that is shown, oldest first."""
    texts: dict[str, str]
    """The newest messages' texts, by id."""
    returned: Message | None = None
    """The prompt that failed last and can be sent again; None if there is none, or a draft in its place."""
    queued: list[QueuedPrompt] = field(default_factory=list)
    """The prompts that wait, oldest first."""


class SearchHit(Record, frozen=True):
    """One message, or one title, that a search found."""

    conversation_id: str
    message_id: str | None
    """None if the title matched."""
    title: str
    role: str
    """`user`, `assistant`, `system`, or `title`."""
    snippet: str
    """Plain text around the first match."""
    matches: tuple[tuple[int, int], ...] = ()
    """Start and end of each match in `snippet`, in characters."""
    created_at_ms: int = 0


class ReplyRequest(Record, frozen=True):
    """A request to a provider."""

    messages: Messages
    model: str = ""
    """Empty: the provider's default."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Members that override the request's body, such as `temperature`."""
    is_continued: bool = False
    """The last message is a reply to go on from, for a provider that `continues_text`."""


class PhaseChanged(Record, frozen=True):
    """The turn entered another phase."""

    phase: Phase
    wait_s: float | None = None
    """With `RETRYING`: how long until the next try, in seconds."""
    reason: str = ""
    """With `RETRYING`: why, for display."""


class TextAdded(Record, frozen=True):
    """More text at the end of the reply."""

    text: str


class TextReplaced(Record, frozen=True):
    """The service rewrote its reply: this is the whole text now."""

    text: str


class ReasoningAdded(Record, frozen=True):
    """More of what the model thinks before it answers."""

    text: str


class UsageReported(Record, frozen=True):
    """The service counted tokens; a later count replaces an earlier one."""

    usage: Usage


class Finished(Record, frozen=True):
    """The service said why it ended the reply."""

    reason: str
    """`stop`, `length`, `content_filter`, `tool_calls` or `refusal`; else the service's own word."""
    wanted: str = ""
    """With `tool_calls`: what the service wanted to call, such as `search({"q": "x"})`."""


ReplyEvent: TypeAlias = PhaseChanged | TextAdded | TextReplaced | ReasoningAdded | UsageReported | Finished
"""What a provider's stream yields. It returns at `[DONE]` and raises a `ProviderError` at anything else."""


class TurnOpened(Record, frozen=True):
    """The prompt and the row of the reply are on disk."""

    prompt: Message
    """The user's message being answered (already stored if a reply is regenerated)."""
    reply: Message
    conversation: Conversation | None = None
    """As stored now, with its title and without the draft that was sent; None if it could not be read."""


class SaveFailed(Record, frozen=True):
    """The store could not write; the turn continues in memory and saving is retried."""

    reason: str


class SaveRecovered(Record, frozen=True):
    """What could not be saved before is now on disk."""


class TurnEnded(Record, frozen=True):
    """The turn is over."""

    reply: Message
    """With its final status and error; as stored, unless `conversation` is None."""
    cause: GptalkError | None = None
    """What the provider raised, if that ended the turn."""
    conversation: Conversation | None = None
    """As stored now; None if the end of the turn is not on disk (yet), or the conversation was deleted."""


TurnEvent: TypeAlias = TurnOpened | ReplyEvent | SaveFailed | SaveRecovered | TurnEnded
"""What `Chat.reply` yields: `TurnOpened` first, `TurnEnded` last."""


EARLIEST_MS = 0
LATEST_MS = 253_370_764_799_999
"""The end of the year 9998: times up to here can be converted to any zone, unlike the calendar's last day."""


def iso_utc(time_ms: int) -> str:
    """Return a time as ISO 8601 in UTC with milliseconds, such as `2026-01-31T09:05:00.120Z`.

    A time before `EARLIEST_MS` or after `LATEST_MS` is shown as that one.
    """
    time_ms = min(max(time_ms, EARLIEST_MS), LATEST_MS)
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time_ms % 1000:03d}Z"
