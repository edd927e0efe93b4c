"""ChatGPT's data export, and single conversations as browser extensions save them.

A conversation is a tree of nodes. Nodes without a message, and those that ChatGPT never showed, are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gptalk_client.models import Role
from gptalk_client.store.imported import ImportedConversation
from gptalk_client.transcripts.exporters.markdown import fenced
from gptalk_client.transcripts.importers.attachments import attached
from gptalk_client.transcripts.importers.citations import with_links
from gptalk_client.transcripts.importers.json_stream import elements
from gptalk_client.transcripts.importers.message_list import joined_parts
from gptalk_client.transcripts.importers.source import (
    Skipped,
    SourceFile,
    dict_of,
    digest,
    list_of,
    ms_of_seconds,
    text_of,
)
from gptalk_client.transcripts.importers.tree import MessageTree

_INSTRUCTIONS = ("user_editable_context", "model_editable_context")
_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the conversations of a file."""
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
    tree = MessageTree(created, skipped)
    for key in _in_order(nodes):
        _add(tree, key, text_of(nodes[key].get("parent")), dict_of(nodes[key].get("message")), skipped)
    tree.close()
    models = [each.model for each in tree.messages if each.model]
    title = text_of(data.get("title"))
    return ImportedConversation(
        source_id=text_of(data.get("id")) or text_of(data.get("conversation_id")) or digest(title, *nodes),
        title=title,
        created_at_ms=created,
        updated_at_ms=ms_of_seconds(data.get("update_time"), created),
        messages=tree.messages,
        model=text_of(data.get("default_model_slug")) or (models[-1] if models else ""),
        archived=data.get("is_archived") is True,
        active_source_id=tree.kept(text_of(data.get("current_node"))),
    )


def _in_order(nodes: dict[str, dict[str, Any]]) -> list[str]:
    """Return the nodes, parents before children and siblings in their own order; a cycle is cut open."""
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


def _add(tree: MessageTree, key: str, parent: str, message: dict[str, Any], skipped: Skipped) -> None:
    metadata = dict_of(message.get("metadata"))
    content = dict_of(message.get("content"))
    kind = text_of(content.get("content_type"))
    role = text_of(dict_of(message.get("author")).get("role"))
    if kind == "thoughts":
        tree.leave_out(key, parent, reasoning=_thoughts(content))
        return
    text = _text(message, content, metadata, skipped) if _is_shown(message, role, kind) else ""
    if reason := _reason_to_leave_out(message, metadata, role, kind, text):
        tree.leave_out(key, parent, reason=reason)
    elif not text.strip():
        tree.leave_out(key, parent)  # the root, and an empty system message
    else:
        at_ms = ms_of_seconds(message.get("create_time"), tree.time_of_parent(parent))
        model = text_of(metadata.get("model_slug"))
        tree.add(key, parent, _ROLES.get(role, Role.ASSISTANT), text, at_ms=at_ms, model=model)


def _is_shown(message: dict[str, Any], role: str, kind: str) -> bool:
    return message.get("recipient", "all") == "all" and (role != "tool" or kind == "execution_output")


def _reason_to_leave_out(
    message: dict[str, Any], metadata: dict[str, Any], role: str, kind: str, text: str
) -> str:
    """Return why a message isn't imported; empty if it is, or if there is nothing in it to report."""
    if not message:
        return ""
    if kind in _INSTRUCTIONS:
        return "custom instructions"
    if kind == "reasoning_recap":
        return "a note on how long the model thought"
    if message.get("recipient", "all") != "all":
        return "a call of a tool"
    if not _is_shown(message, role, kind):
        return "what a tool returned"
    if not text.strip():
        return "" if role == "system" else "an empty message"
    if metadata.get("is_visually_hidden_from_conversation") is True:
        return "a message that ChatGPT didn't show"
    return "" if role in _ROLES or role == "tool" else "a message of an unknown role"


def _text(
    message: dict[str, Any], content: dict[str, Any], metadata: dict[str, Any], skipped: Skipped
) -> str:
    kind = text_of(content.get("content_type"))
    if kind in ("code", "execution_output"):
        return _fenced(text_of(content.get("text")), text_of(content.get("language")))
    parts = content.get("parts")
    if not isinstance(parts, list):
        return text_of(content.get("text")) or text_of(content.get("result"))
    named = [(text_of(each.get("name")), "") for each in map(dict_of, list_of(metadata.get("attachments")))]
    if not named:
        text = joined_parts(parts, skipped)
    else:
        # Pictures among the parts are listed by name there.
        text = attached(
            joined_parts(
                [each for each in parts if isinstance(each, str) or "text" in dict_of(each)], skipped
            ),
            named,
            skipped,
        )
    return with_links(text, metadata.get("content_references"))


def _thoughts(content: dict[str, Any]) -> str:
    thoughts = map(dict_of, list_of(content.get("thoughts")))
    texts = (text_of(each.get("content")) or text_of(each.get("summary")) for each in thoughts)
    return "\n\n".join(filter(None, texts))


def _fenced(text: str, language: str) -> str:
    if not text.strip():
        return ""
    return fenced(text, language if language.isalnum() and language != "unknown" else "")
