"""Claude.ai's data export: `conversations.json`, or the zip as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gptalk_client.models import Role
from gptalk_client.store.imports import ImportedConversation, ImportedMessage
from gptalk_client.transcripts.importers.json_stream import elements
from gptalk_client.transcripts.importers.source import (
    Skipped,
    SourceFile,
    digest,
    list_of,
    ms_of_iso,
    text_of,
)

_ROLES = {"human": Role.USER, "assistant": Role.ASSISTANT}


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the conversations of an export."""
    for data in elements(source):
        yield _conversation(data, source.modified_ms, skipped)


def _conversation(data: dict[str, Any], file_ms: int, skipped: Skipped) -> ImportedConversation:
    created = ms_of_iso(data.get("created_at"), file_ms)
    given = [each for each in list_of(data.get("chat_messages")) if isinstance(each, dict)]
    messages: dict[str, ImportedMessage] = {}
    # The message itself, or the nearest one above it, that is not left out.
    kept: dict[str, str | None] = {}
    before = ""
    for number, each in enumerate(given):
        key = text_of(each.get("uuid")) or str(number)
        parent = kept.get(text_of(each.get("parent_message_uuid")) or before)
        kept.setdefault(key, parent)
        before = key
        role = _ROLES.get(text_of(each.get("sender")))
        text = _text(each, skipped)
        if role is None or not text.strip():
            skipped.add("a message of an unknown role" if role is None else "an empty message")
            continue
        kept[key] = key
        messages[key] = ImportedMessage(key, parent, role, text, ms_of_iso(each.get("created_at"), created))
    title = text_of(data.get("name"))
    return ImportedConversation(
        source_id=text_of(data.get("uuid")) or digest(title, *kept),
        title=title,
        created_at_ms=created,
        updated_at_ms=ms_of_iso(data.get("updated_at"), created),
        messages=list(messages.values()),
        model=text_of(data.get("model")),
        active_source_id=kept.get(text_of(data.get("current_leaf_message_uuid"))),
    )


def _text(message: dict[str, Any], skipped: Skipped) -> str:
    for name in ("attachments", "files"):
        skipped.add("an attachment", len(list_of(message.get(name))))
    texts: list[str] = []
    for part in list_of(message.get("content")):
        if isinstance(part, dict) and part.get("type") == "text":
            texts.append(text_of(part.get("text")))
        else:
            kind = text_of(part.get("type")) if isinstance(part, dict) else ""
            skipped.add(f"a part of type {kind}" if kind.isidentifier() else "a part of an unknown type")
    return "\n\n".join(each for each in texts if each) or text_of(message.get("text"))
