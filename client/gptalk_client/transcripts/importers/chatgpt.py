"""ChatGPT's data export: `conversations.json`, or the zip as it comes.

A conversation is a tree of nodes. Nodes without a message, and those that were never shown to the person,
are left out, and their children hang on the next node above.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gptalk_client.models import Role
from gptalk_client.store.imports import ImportedConversation, ImportedMessage
from gptalk_client.transcripts.importers.json_stream import elements
from gptalk_client.transcripts.importers.message_list import joined_parts
from gptalk_client.transcripts.importers.source import (
    Skipped,
    SourceFile,
    digest,
    list_of,
    ms_of_seconds,
    text_of,
)

_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the conversations of an export."""
    for data in elements(source):
        if isinstance(data.get("mapping"), dict):
            yield _conversation(data, source.modified_ms, skipped)
        else:
            skipped.add("a conversation without messages")


def _conversation(data: dict[str, Any], file_ms: int, skipped: Skipped) -> ImportedConversation:
    nodes: dict[str, dict[str, Any]] = {
        key: node for key, node in data["mapping"].items() if isinstance(node, dict)
    }
    created = ms_of_seconds(data.get("create_time"), file_ms)
    messages: dict[str, ImportedMessage] = {}
    # The node itself, or the nearest one above it, whose message is kept.
    kept: dict[str, str | None] = {}
    for key in _in_order(nodes):
        parent = kept.get(text_of(nodes[key].get("parent")))
        at = messages[parent].created_at_ms if parent is not None else created
        message = _message(key, nodes[key].get("message"), parent, at, skipped)
        if message is not None:
            messages[key] = message
        kept[key] = parent if message is None else key
    models = [each.model for each in messages.values() if each.model]
    active = kept.get(text_of(data.get("current_node")))
    title = text_of(data.get("title"))
    return ImportedConversation(
        source_id=text_of(data.get("id")) or text_of(data.get("conversation_id")) or digest(title, *nodes),
        title=title,
        created_at_ms=created,
        updated_at_ms=ms_of_seconds(data.get("update_time"), created),
        messages=list(messages.values()),
        model=text_of(data.get("default_model_slug")) or (models[-1] if models else ""),
        archived=data.get("is_archived") is True,
        active_source_id=active,
    )


def _in_order(nodes: dict[str, dict[str, Any]]) -> list[str]:
    """Return the nodes with parents before children, siblings in their own order; a ring is cut open."""
    order: dict[str, None] = {}
    below: dict[str, list[str]] = {}
    for key, node in nodes.items():
        below.setdefault(text_of(node.get("parent")), []).append(key)
    roots = [key for key, node in nodes.items() if text_of(node.get("parent")) not in nodes]
    waiting = [*reversed(list(nodes)), *reversed(roots)]
    while waiting:
        key = waiting.pop()
        if key in order:
            continue
        order[key] = None
        listed = enumerate(list_of(nodes[key].get("children")))
        places = {each: place for place, each in listed if isinstance(each, str)}
        own = sorted(below.get(key, []), key=lambda each: places.get(each, len(nodes)))
        waiting.extend(reversed(own))
    return list(order)


def _message(
    key: str, data: Any, parent: str | None, otherwise_ms: int, skipped: Skipped
) -> ImportedMessage | None:
    if not isinstance(data, dict):
        return None
    author = data.get("author")
    role = text_of(author.get("role")) if isinstance(author, dict) else ""
    content = data.get("content")
    kind = text_of(content.get("content_type")) if isinstance(content, dict) else ""
    if data.get("recipient", "all") != "all":
        skipped.add("a call of a tool")
        return None
    if role == "tool" and kind != "execution_output":
        skipped.add("what a tool returned")
        return None
    text = _text(content, kind, skipped) if isinstance(content, dict) else ""
    if not text.strip():
        if role != "system":
            skipped.add("an empty message")
        return None
    if role not in _ROLES and role != "tool":
        skipped.add("a message of an unknown role")
        return None
    metadata = data.get("metadata")
    return ImportedMessage(
        source_id=key,
        parent_source_id=parent,
        role=_ROLES.get(role, Role.ASSISTANT),
        content=text,
        created_at_ms=ms_of_seconds(data.get("create_time"), otherwise_ms),
        model=text_of(metadata.get("model_slug")) if isinstance(metadata, dict) else "",
    )


def _text(content: dict[str, Any], kind: str, skipped: Skipped) -> str:
    if kind in ("code", "execution_output"):
        return _fenced(text_of(content.get("text")), text_of(content.get("language")))
    if kind == "thoughts":
        thoughts = list_of(content.get("thoughts"))
        return "\n\n".join(text_of(each.get("content")) for each in thoughts if isinstance(each, dict))
    parts = content.get("parts")
    if not isinstance(parts, list):
        return text_of(content.get("text")) or text_of(content.get("result"))
    return joined_parts(parts, skipped)


def _fenced(text: str, language: str) -> str:
    from gptalk_client.transcripts.exporters.markdown import fenced

    return (
        fenced(text, language if language.isalnum() and language != "unknown" else "") if text.strip() else ""
    )
