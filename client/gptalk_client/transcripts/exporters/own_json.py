"""Our own JSON: every branch, status and time; importing it restores the same conversations.

One line a message, so that two exports can be compared line by line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from gptalk_client.models import Conversation, Message, Role, iso_utc
from gptalk_client.transcripts.transcript import Transcript

FORMAT = "gptalk-tui"
VERSION = 2
"""2 has what is known of a reply beside its text, and of a conversation what two machines need to merge it."""


def export(transcripts: Iterable[Transcript], *, all_branches: bool = True) -> Iterator[str]:
    """Yield the file in pieces. All branches are always in it."""
    yield f'{{"format": "{FORMAT}", "version": {VERSION}, "conversations": ['
    separator = "\n"
    for transcript in transcripts:
        head = json.dumps(conversation_fields(transcript.conversation, transcript.changed_at_ms))
        yield f'{separator}{head[:-1]}, "messages": ['
        inner = "\n"
        for message in transcript.messages:
            yield inner + json.dumps(message_fields(message))
            inner = ",\n"
        yield "]}"
        separator = ",\n"
    yield "\n]}\n"


def conversation_fields(conversation: Conversation, changed_at_ms: Mapping[str, int]) -> dict[str, Any]:
    """Return a conversation as the file has it, without its messages. Times are ISO 8601 in UTC.

    Args:
        conversation: What is written.
        changed_at_ms: When its settings were last changed, by field.
    """
    return {
        "id": conversation.id,
        "title": conversation.title,
        "created_at": iso_utc(conversation.created_at_ms),
        "updated_at": iso_utc(conversation.updated_at_ms),
        "system_prompt": conversation.system_prompt,
        "model": conversation.model,
        "provider": conversation.provider,
        "options": dict(conversation.options),
        "archived": conversation.archived,
        "pinned": conversation.pinned,
        "tags": list(conversation.tags),
        "active_message_id": conversation.active_message_id,
        "changed_at": {field: iso_utc(at_ms) for field, at_ms in sorted(changed_at_ms.items())},
    }


def message_fields(message: Message) -> dict[str, Any]:
    """Return a message as the file has it. Only replies have the members about how they came."""
    fields: dict[str, Any] = {
        "id": message.id,
        "parent_id": message.parent_id,
        "role": message.role.value,
        "content": message.content,
        "status": message.status.value,
        "model": message.model,
        "created_at": iso_utc(message.created_at_ms),
    }
    if message.role is Role.ASSISTANT:
        fields |= {
            "provider": message.provider,
            "error": message.error,
            "reasoning": message.reasoning,
            **asdict(message.facts),
        }
    return fields
