"""LibreChat's JSON export: one conversation, its messages as a list or nested in each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gptalk_client.models import Role
from gptalk_client.store.imported import ImportedConversation, parents_first
from gptalk_client.text import first_line
from gptalk_client.transcripts.importers.attachments import attached
from gptalk_client.transcripts.importers.json_stream import elements
from gptalk_client.transcripts.importers.source import (
    Skipped,
    SourceFile,
    dict_of,
    list_of,
    ms_of_iso,
    text_of,
)
from gptalk_client.transcripts.importers.tree import MessageTree


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the conversations of a file."""
    for data in elements(source):
        yield _conversation(data, source.modified_ms, skipped)


def _conversation(data: dict[str, Any], file_ms: int, skipped: Skipped) -> ImportedConversation:
    given = _flat(data.get("messages")) or _flat(data.get("messagesTree"))
    nodes = {text_of(each.get("messageId")) or str(number): each for number, each in enumerate(given)}
    first_ms = min((ms_of_iso(each.get("createdAt"), file_ms) for each in given), default=file_ms)
    tree = MessageTree(first_ms, skipped)
    for key in parents_first({key: text_of(each.get("parentMessageId")) for key, each in nodes.items()}):
        _add(tree, key, nodes[key], skipped)
    tree.close()
    options = dict_of(data.get("options"))
    messages = tree.messages
    return ImportedConversation(
        source_id=text_of(data.get("conversationId")),
        title=text_of(data.get("title")) or first_line(messages[0].content if messages else ""),
        created_at_ms=first_ms,
        updated_at_ms=max((each.created_at_ms for each in messages), default=first_ms),
        messages=messages,
        system_prompt=text_of(options.get("promptPrefix")) or text_of(options.get("system")),
        model=text_of(options.get("model")),
    )


def _flat(messages: Any) -> list[dict[str, Any]]:
    """Return messages with the ones nested in them, each before its children."""
    found: list[dict[str, Any]] = []
    waiting = [dict_of(each) for each in reversed(list_of(messages))]
    while waiting:
        message = waiting.pop()
        found.append(message)
        children = [dict_of(each) for each in list_of(message.get("children"))]
        above = message.get("messageId")
        waiting.extend({"parentMessageId": above} | each for each in reversed(children))
    return found


def _add(tree: MessageTree, key: str, message: dict[str, Any], skipped: Skipped) -> None:
    parent = text_of(message.get("parentMessageId"))
    role = Role.USER if message.get("isCreatedByUser") is True else Role.ASSISTANT
    texts: list[str] = []
    reasoning: list[str] = []
    for part in map(dict_of, list_of(message.get("content"))):
        kind = text_of(part.get("type"))
        value = part.get(kind)
        inner = value if isinstance(value, str) else text_of(dict_of(value).get("value"))
        if kind == "text":
            texts.append(inner)
        elif kind == "think":
            reasoning.append(inner)
        else:
            skipped.add("a call of a tool" if kind == "tool_call" else "an image, a sound or a file")
    files = map(dict_of, list_of(message.get("files")))
    text = attached(
        "\n\n".join(filter(None, texts)) or text_of(message.get("text")),
        [(text_of(each.get("filename")), text_of(each.get("text"))) for each in files],
        skipped,
    )
    model = "" if role is Role.USER else text_of(message.get("model"))
    at_ms = ms_of_iso(message.get("createdAt"), tree.time_of_parent(parent))
    tree.add(key, parent, role, text, at_ms=at_ms, model=model, reasoning="\n\n".join(reasoning))
