"""Open WebUI's chat export: a JSON array of chats, each with its messages as a tree."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from gptalk_client.store.imported import ImportedConversation, parents_first
from gptalk_client.transcripts.importers.attachments import attached
from gptalk_client.transcripts.importers.json_stream import elements
from gptalk_client.transcripts.importers.message_list import ROLES, joined_parts
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

_DETAILS = re.compile(r'<details type="(\w+)"[^>]*+>(.*?)</details>\s*', re.DOTALL)
_SUMMARY = re.compile(r"<summary>.*?</summary>", re.DOTALL)


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the conversations of a file."""
    for data in elements(source):
        yield _conversation(data, source.modified_ms, skipped)


def _conversation(data: dict[str, Any], file_ms: int, skipped: Skipped) -> ImportedConversation:
    chat = dict_of(data.get("chat"))
    created = ms_of_seconds(data.get("created_at"), file_ms)
    tree = MessageTree(created, skipped)
    history = dict_of(chat.get("history"))
    nodes = {key: dict_of(each) for key, each in dict_of(history.get("messages")).items()}
    for key in parents_first({key: text_of(each.get("parentId")) for key, each in nodes.items()}):
        _add(tree, key, text_of(nodes[key].get("parentId")), nodes[key], skipped)
    if not nodes:  # chats of before branches have a plain list
        before = ""
        for number, each in enumerate(map(dict_of, list_of(chat.get("messages")))):
            key = text_of(each.get("id")) or str(number)
            _add(tree, key, before, each, skipped)
            before = key
    tree.close()
    title = text_of(data.get("title")) or text_of(chat.get("title"))
    return ImportedConversation(
        source_id=text_of(data.get("id")) or digest(title, *(each.source_id for each in tree.messages)),
        title=title,
        created_at_ms=created,
        updated_at_ms=ms_of_seconds(data.get("updated_at"), created),
        messages=tree.messages,
        system_prompt=text_of(dict_of(chat.get("params")).get("system")) or text_of(chat.get("system")),
        model=next((each for each in map(text_of, list_of(chat.get("models"))) if each), ""),
        archived=data.get("archived") is True,
        pinned=data.get("pinned") is True,
        active_source_id=tree.kept(text_of(history.get("currentId"))),
    )


def _add(tree: MessageTree, key: str, parent: str, message: dict[str, Any], skipped: Skipped) -> None:
    role = ROLES.get(text_of(message.get("role")))
    if role is None:
        tree.leave_out(key, parent, reason="a message of an unknown role")
        return
    text, reasoning = _without_details(joined_parts(message.get("content"), skipped), skipped)
    text = attached(text, [_file(each) for each in map(dict_of, list_of(message.get("files")))], skipped)
    at_ms = ms_of_seconds(message.get("timestamp"), tree.time_of_parent(parent))
    tree.add(key, parent, role, text, at_ms=at_ms, model=text_of(message.get("model")), reasoning=reasoning)


def _file(given: dict[str, Any]) -> tuple[str, str]:
    inner = dict_of(given.get("file"))
    name = text_of(given.get("name")) or text_of(inner.get("filename"))
    return name, text_of(dict_of(inner.get("data")).get("content"))


def _without_details(text: str, skipped: Skipped) -> tuple[str, str]:
    """Return a text without the blocks that Open WebUI folds, and the reasoning that was in them."""
    if "<details" not in text or "</details>" not in text:
        return text, ""
    reasoning: list[str] = []

    def take(match: re.Match[str]) -> str:
        if match[1] == "reasoning":
            lines = html.unescape(_SUMMARY.sub("", match[2], count=1)).strip().split("\n")
            reasoning.append("\n".join(re.sub("^> ?", "", line) for line in lines))
        else:
            skipped.add("a call of a tool")
        return ""

    return _DETAILS.sub(take, text).strip(), "\n\n".join(reasoning)
