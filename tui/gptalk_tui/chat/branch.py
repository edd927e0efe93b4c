"""Entries of a branch, as the transcript shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gptalk_client.models import BranchEntry, Conversation, Message, ReplyFacts, Status

if TYPE_CHECKING:
    from gptalk_client.store.imported import ImportedConversation


def entry_of(message: Message) -> BranchEntry:
    """Return a message as the transcript lists it."""
    return BranchEntry(
        id=message.id,
        parent_id=message.parent_id,
        role=message.role,
        status=message.status,
        created_at_ms=message.created_at_ms,
        size_chars=len(message.content),
        model=message.model,
        error=message.error,
        finish_reason=message.finish_reason,
        reasoning_chars=len(message.reasoning),
        reasoning_ms=message.reasoning_ms,
        duration_ms=message.duration_ms,
        usage=message.usage,
        provider=message.provider,
        edited=message.edited,
    )


def as_newest(shown: Sequence[BranchEntry], new: BranchEntry) -> BranchEntry:
    """Return a message that was just made, or opened again, as the newest sibling of what is shown in its place.

    Args:
        shown: The branch that is shown, without the new message.
        new: The new message.
    """
    for entry in reversed(shown):
        if entry.id == new.id:  # it is continued
            return replace(new, sibling=entry.sibling, siblings=entry.siblings)
        if entry.parent_id == new.parent_id:
            return replace(new, sibling=entry.siblings + 1, siblings=entry.siblings + 1)
    return new


def as_ended(entries: list[BranchEntry], unsaved: Mapping[str, Message]) -> list[BranchEntry]:
    """Return a branch whose unsaved replies have the status that they ended with.

    Args:
        entries: The branch as stored.
        unsaved: The replies that are not on disk as they ended, by id.
    """
    if not unsaved:  # as nearly always, and a conversation may be long
        return entries
    return [
        replace(entry_of(reply), sibling=entry.sibling, siblings=entry.siblings)
        if (reply := unsaved.get(entry.id))
        else entry
        for entry in entries
    ]


UNSTORED = "unstored-"
"""How the id of an entry begins that is on screen but not in the store yet."""


def is_unstored(entry: BranchEntry) -> bool:
    """Whether an entry is not in the store yet."""
    return entry.id.startswith(UNSTORED)


def as_imported(
    conversation: Conversation, entries: Sequence[BranchEntry], texts: Mapping[str, str]
) -> ImportedConversation:
    """Return a branch as a conversation to import; entries without text are left out."""
    from gptalk_client.store.imported import ImportedConversation, ImportedMessage

    messages = [
        ImportedMessage(
            entry.id,
            entry.parent_id,
            entry.role,
            texts[entry.id],
            entry.created_at_ms,
            status=Status.INCOMPLETE if entry.status is Status.STREAMING else entry.status,
            model=entry.model,
            error=entry.error,
            facts=ReplyFacts(edited=entry.edited),
        )
        for entry in entries
        if texts.get(entry.id)
    ]
    return ImportedConversation(
        conversation.id,
        conversation.title,
        conversation.created_at_ms,
        conversation.updated_at_ms,
        messages,
        system_prompt=conversation.system_prompt,
        model=conversation.model,
        provider=conversation.provider,
        options=conversation.options,
        pinned=conversation.pinned,
    )
