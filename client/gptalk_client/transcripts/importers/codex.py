"""Codex's session files: JSON lines, of which `response_item`s are the conversation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gptalk_client.models import Role
from gptalk_client.store.imported import ImportedConversation
from gptalk_client.text import first_line
from gptalk_client.transcripts.importers.json_stream import lines
from gptalk_client.transcripts.importers.message_list import ROLES, joined_parts
from gptalk_client.transcripts.importers.source import (
    Skipped,
    SourceFile,
    dict_of,
    list_of,
    ms_of_iso,
    text_of,
)
from gptalk_client.transcripts.importers.tree import MessageTree

_INJECTED = (
    "<environment_context>",
    "<user_instructions>",
    "<turn_aborted>",
    "<skill>",
    "# AGENTS.md instructions",
)
"""What prompts begin with that Codex writes and doesn't show."""


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the one conversation of a session."""
    session = ""
    model = ""
    last_ms = source.modified_ms
    first_ms: int | None = None
    tree = MessageTree(last_ms, skipped)
    before = ""
    for number, line in lines(source, may_break_off=True):
        record = dict_of(line)
        kind = text_of(record.get("type"))
        # The first versions wrote the payload itself on the line.
        payload = dict_of(record.get("payload")) or record
        last_ms = ms_of_iso(record.get("timestamp"), last_ms)
        first_ms = last_ms if first_ms is None else first_ms
        if kind == "session_meta" or not kind:
            session = session or text_of(payload.get("id"))
        elif kind == "turn_context":
            model = text_of(payload.get("model")) or model
        elif kind not in ("event_msg", "compacted"):
            key = str(number)
            _add(tree, key, before, payload, last_ms, model, skipped)
            before = key
    tree.close()
    messages = tree.messages
    if not messages:
        skipped.add("a conversation without messages")
        return
    first_prompt = next((each.content for each in messages if each.role is Role.USER), messages[0].content)
    yield ImportedConversation(
        source_id=session or source.name,
        title=first_line(first_prompt),
        created_at_ms=last_ms if first_ms is None else first_ms,
        updated_at_ms=messages[-1].created_at_ms,
        messages=messages,
        model=model,
    )


def _add(
    tree: MessageTree,
    key: str,
    before: str,
    item: dict[str, Any],
    at_ms: int,
    model: str,
    skipped: Skipped,
) -> None:
    kind = text_of(item.get("type"))
    if kind == "reasoning":
        given = [*list_of(item.get("summary")), *list_of(item.get("content"))]
        texts = [text_of(dict_of(each).get("text")) for each in given]
        tree.leave_out(key, before, reasoning="\n\n".join(filter(None, texts)))
        return
    if kind != "message":
        tree.leave_out(key, before, reason="a step of the agent")
        return
    role = ROLES.get(text_of(item.get("role")))
    text = joined_parts(item.get("content"), skipped)
    if role is Role.SYSTEM or (role is Role.USER and text.lstrip().startswith(_INJECTED)):
        tree.leave_out(key, before, reason="instructions that the program adds")
    elif role is None:
        tree.leave_out(key, before, reason="a message of an unknown role")
    else:
        tree.add(key, before, role, text, at_ms=at_ms, model=model if role is Role.ASSISTANT else "")
