"""Claude Code's session files: JSON lines that name their parents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gptalk_client.models import Role
from gptalk_client.store.imported import ImportedConversation
from gptalk_client.text import first_line
from gptalk_client.transcripts.importers.json_stream import lines
from gptalk_client.transcripts.importers.source import (
    Skipped,
    SourceFile,
    dict_of,
    list_of,
    ms_of_iso,
    text_of,
)
from gptalk_client.transcripts.importers.tree import MessageTree

_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT}
_COMMANDS = ("<command-", "<local-command-", "<bash-", "<system-reminder>", "Caveat: The messages below")
"""What the program's own commands and their output begin with."""


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the one conversation of a session."""
    tree = MessageTree(source.modified_ms, skipped)
    title = session = model = ""
    at_ms = source.modified_ms
    for _, line in lines(source, may_break_off=True):
        record = dict_of(line)
        kind = text_of(record.get("type"))
        title = text_of(record.get("summary")) or text_of(record.get("customTitle")) or title
        session = session or text_of(record.get("sessionId"))
        key = text_of(record.get("uuid"))
        if not key:
            continue
        parent = text_of(record.get("parentUuid")) or text_of(record.get("logicalParentUuid"))
        at_ms = ms_of_iso(record.get("timestamp"), at_ms)
        model = _add(tree, key, parent, kind, record, at_ms, skipped) or model
    tree.close()
    messages = tree.messages
    if not messages:
        skipped.add("a conversation without messages")
        return
    yield ImportedConversation(
        source_id=session or source.name,
        title=title or first_line(messages[0].content),
        created_at_ms=messages[0].created_at_ms,
        updated_at_ms=messages[-1].created_at_ms,
        messages=messages,
        model=model,
    )


def _add(
    tree: MessageTree,
    key: str,
    parent: str,
    kind: str,
    record: dict[str, Any],
    at_ms: int,
    skipped: Skipped,
) -> str:
    """Add a line's message, if it is one of the conversation; return the model that wrote it."""
    role = _ROLES.get(kind)
    if role is None:
        tree.leave_out(key, parent)
        return ""
    if record.get("isSidechain") is True:
        tree.leave_out(key, parent, reason="a step of the agent")
        return ""
    if record.get("isMeta") is True or record.get("isCompactSummary") is True:
        tree.leave_out(key, parent, reason="instructions that the program adds")
        return ""
    message = dict_of(record.get("message"))
    text, reasoning = _texts(message.get("content"), skipped)
    if role is Role.USER and text.lstrip().startswith(_COMMANDS):
        tree.leave_out(key, parent, reason="a command of the program")
        return ""
    model = text_of(message.get("model")) if role is Role.ASSISTANT else ""
    if text.strip():
        tree.add(key, parent, role, text, at_ms=at_ms, model=model, reasoning=reasoning)
    else:
        tree.leave_out(key, parent, reasoning=reasoning)
    return model if not model.startswith("<") else ""


def _texts(content: Any, skipped: Skipped) -> tuple[str, str]:
    """Return a message's text and the reasoning before it."""
    if isinstance(content, str):
        return content, ""
    texts: list[str] = []
    reasoning: list[str] = []
    others = 0
    for part in map(dict_of, list_of(content)):
        kind = text_of(part.get("type"))
        if kind == "text":
            texts.append(text_of(part.get("text")))
        elif kind == "thinking":
            reasoning.append(text_of(part.get("thinking")))
        elif kind in ("tool_use", "tool_result", "server_tool_use"):
            skipped.add("a step of the agent")
        elif kind != "redacted_thinking":
            skipped.add("an image, a sound or a file")
            others += 1
    text = "\n\n".join(filter(None, texts)) or ("[attachment]" if others else "")
    return text, "\n\n".join(filter(None, reasoning))
