"""A conversation with all its messages, and its branches in the order in which they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gptalk_client.models import Conversation, Message, Role, Status
from gptalk_client.text import first_line


@dataclass(frozen=True, slots=True)
class Transcript:
    """What exporters take: one conversation and the messages of all its branches, oldest first."""

    conversation: Conversation
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Branch:
    """A way through the tree, as far as no earlier branch has told it."""

    after: Message | None
    """The message, told before, that it continues; None at the root."""
    messages: Sequence[Message]

    @property
    def begins(self) -> str:
        """Where it begins, in words: after the message that it continues."""
        return f"after “{first_line(self.after.content, 60)}”" if self.after else "from the beginning"


def active_branch(transcript: Transcript) -> list[Message]:
    """Return the messages from the root to the active leaf; to the newest message if no leaf is set."""
    if not transcript.messages:
        return []
    by_id = {each.id: each for each in transcript.messages}
    leaf = by_id.get(transcript.conversation.active_message_id or "", transcript.messages[-1])
    return _path(leaf, by_id, set())


def branches(transcript: Transcript, *, every: bool = True) -> list[Branch]:
    """Return the active branch first, then what each other leaf adds to what was told before it.

    Args:
        transcript: The conversation.
        every: False leaves it at the active branch.
    """
    first = active_branch(transcript)
    if not every:
        return [Branch(None, first)]
    told = {each.id for each in first}
    by_id = {each.id: each for each in transcript.messages}
    parents = {each.parent_id for each in transcript.messages}
    found = [Branch(None, first)] if first else []
    for leaf in transcript.messages:
        if leaf.id in parents or leaf.id in told:
            continue
        path = _path(leaf, by_id, told)
        told.update(each.id for each in path)
        found.append(Branch(by_id.get(path[0].parent_id or ""), path))
    return found


def full_paths(transcript: Transcript) -> list[list[Message]]:
    """Return every way from the root to a leaf, the active one first."""
    by_id = {each.id: each for each in transcript.messages}
    return [_path(branch.messages[-1], by_id, set()) for branch in branches(transcript)]


def speaker(message: Message) -> str:
    """Return who speaks, as a heading names it."""
    return {Role.USER: "You", Role.ASSISTANT: "Assistant", Role.SYSTEM: "System"}[message.role]


def ending(message: Message) -> str:
    """Return how a message ended, in words; empty if it is complete."""
    words = {
        Status.COMPLETE: "",
        Status.STREAMING: "Still being written.",
        Status.INCOMPLETE: "Incomplete.",
        Status.STOPPED: "Stopped.",
        Status.FAILED: "Failed.",
    }[message.status]
    if message.finish_reason == "refusal" and not words:
        return "Refused."
    return f"{words} {message.error}".strip() if words else ""


def thought_for(message: Message) -> str:
    """Return the heading of a message's reasoning, such as `Thought for 12 s`."""
    seconds = round((message.reasoning_ms or 0) / 1000)
    return f"Thought for {seconds} s" if seconds else "Reasoning"


def _path(leaf: Message, by_id: dict[str, Message], told: set[str]) -> list[Message]:
    """Return the messages down to `leaf`, from the root or from the first that is not told yet."""
    path = [leaf]
    seen = {leaf.id}
    while (above := by_id.get(path[-1].parent_id or "")) and above.id not in told and above.id not in seen:
        seen.add(above.id)
        path.append(above)
    return path[::-1]
