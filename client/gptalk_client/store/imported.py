"""Conversations as importers found them, on the way into the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gptalk_client.models import ReplyFacts, Role, Status

OWN_SOURCE = "gptalk-tui"
"""The source name of this program's own JSON, whose ids are kept."""


@dataclass(frozen=True, slots=True)
class ImportedMessage:
    """One message as found in its source."""

    source_id: str
    """Its id there, or its position in the conversation if the source has no ids."""
    parent_source_id: str | None
    """None, or an id that is not among the messages, means a root."""
    role: Role
    content: str
    created_at_ms: int
    status: Status = Status.COMPLETE
    model: str = ""
    error: str = ""
    reasoning: str = ""
    """What the model thought before it replied; empty if the source doesn't have it."""
    provider: str = ""
    facts: ReplyFacts = field(default_factory=ReplyFacts)


@dataclass(frozen=True, slots=True)
class ImportedConversation:
    """One conversation as found in its source."""

    source_id: str
    """Its id there; the same id means the same conversation."""
    title: str
    created_at_ms: int
    updated_at_ms: int
    messages: Sequence[ImportedMessage]
    system_prompt: str = ""
    model: str = ""
    provider: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    archived: bool = False
    pinned: bool = False
    tags: Sequence[str] = ()
    active_source_id: str | None = None
    """The leaf of the branch to show; by default the last message."""
    changed_at_ms: Mapping[str, int] | None = None
    """Our own exports only: when fields were last changed, by `migrations.MERGED_FIELDS`
    and by `tagging.change_key`."""


def parents_first(parents: Mapping[str, str]) -> list[str]:
    """Return messages in order, but none before its parent; a cycle of parents is cut open.

    Args:
        parents: The parent of each message, by id; a parent that is not among them makes the message a root.
    """
    done: dict[str, None] = {}
    for message in parents:
        chain: dict[str, None] = {}
        at = message
        while at in parents and at not in done and at not in chain:
            chain[at] = None
            at = parents[at]
        done.update(dict.fromkeys(reversed(chain)))
    return list(done)
