"""Claude.ai's data export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gptalk_client.models import Role
from gptalk_client.store.imported import ImportedConversation
from gptalk_client.text import one_line
from gptalk_client.transcripts.exporters.markdown import fenced
from gptalk_client.transcripts.importers.attachments import attached
from gptalk_client.transcripts.importers.json_stream import elements
from gptalk_client.transcripts.importers.source import (
    Skipped,
    SourceFile,
    dict_of,
    digest,
    list_of,
    ms_of_iso,
    text_of,
)
from gptalk_client.transcripts.importers.tree import MessageTree

_ROLES = {"human": Role.USER, "assistant": Role.ASSISTANT}


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the conversations of a file."""
    for data in elements(source):
        yield _conversation(data, source.modified_ms, skipped)


def _conversation(data: dict[str, Any], file_ms: int, skipped: Skipped) -> ImportedConversation:
    created = ms_of_iso(data.get("created_at"), file_ms)
    tree = MessageTree(created, skipped)
    keys: list[str] = []
    for number, each in enumerate(map(dict_of, list_of(data.get("chat_messages")))):
        key = text_of(each.get("uuid")) or str(number)
        parent = text_of(each.get("parent_message_uuid")) or (keys[-1] if keys else "")
        keys.append(key)
        role = _ROLES.get(text_of(each.get("sender")))
        if role is None:
            tree.leave_out(key, parent, reason="a message of an unknown role")
            continue
        text, reasoning = _texts(each, skipped)
        text = attached(text, _attachments(each), skipped)
        at_ms = ms_of_iso(each.get("created_at"), created)
        tree.add(key, parent, role, text, at_ms=at_ms, reasoning=reasoning)
    tree.close()
    title = text_of(data.get("name"))
    return ImportedConversation(
        source_id=text_of(data.get("uuid")) or digest(title, *keys),
        title=title,
        created_at_ms=created,
        updated_at_ms=ms_of_iso(data.get("updated_at"), created),
        messages=tree.messages,
        model=text_of(data.get("model")),
        active_source_id=tree.kept(text_of(data.get("current_leaf_message_uuid"))),
    )


def _attachments(message: dict[str, Any]) -> list[tuple[str, str]]:
    given = [*list_of(message.get("attachments")), *list_of(message.get("files"))]
    found: dict[tuple[str, str], None] = {}
    for each in map(dict_of, given):
        found[text_of(each.get("file_name")), text_of(each.get("extracted_content"))] = None
    return list(found)


def _texts(message: dict[str, Any], skipped: Skipped) -> tuple[str, str]:
    """Return a message's text and the reasoning before it."""
    texts: list[str] = []
    reasoning: list[str] = []
    for part in map(dict_of, list_of(message.get("content"))):
        kind = text_of(part.get("type"))
        if kind == "text":
            texts.append(text_of(part.get("text")))
        elif kind == "thinking":
            reasoning.append(text_of(part.get("thinking")))
        elif kind == "tool_use" and (artifact := _artifact(dict_of(part.get("input")))):
            texts.append(artifact)
        else:
            skipped.add(f"a part of type {kind}" if kind.isidentifier() else "a part of an unknown type")
    return "\n\n".join(filter(None, texts)) or text_of(message.get("text")), "\n\n".join(reasoning)


def _artifact(given: dict[str, Any]) -> str:
    """Return a document that Claude wrote beside the conversation; empty if a tool was given something else."""
    content, title = text_of(given.get("content")), text_of(given.get("title"))
    if "command" not in given or not content.strip():
        return ""
    language = text_of(given.get("language"))
    heading = f"{one_line(title, max_chars=200)}:\n" if title else ""
    return heading + fenced(content, language if language.isalnum() else "")
