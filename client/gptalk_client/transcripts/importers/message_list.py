"""Conversations that are a plain list of messages: no ids, no times, no branches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gptalk_client.models import Role
from gptalk_client.store.imported import ImportedConversation, ImportedMessage
from gptalk_client.text import first_line
from gptalk_client.transcripts.importers.source import Skipped, dict_of, digest, text_of

ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "human": Role.USER,
    "assistant": Role.ASSISTANT,
    "model": Role.ASSISTANT,
    "gpt": Role.ASSISTANT,
    "chatgpt": Role.ASSISTANT,
    "bing": Role.ASSISTANT,
    "bard": Role.ASSISTANT,
}
"""Our roles by the names that other tools give them."""

OTHER_PART = "an image, a sound or a file"


def joined_parts(content: Any, skipped: Skipped) -> str:
    """Return a message's text, whether it is one text or a list of parts."""
    if not isinstance(content, list):
        return text_of(content)
    texts: list[str] = []
    others = 0
    for part in content:
        text = part if isinstance(part, str) else text_of(dict_of(part).get("text"))
        others += not (text or isinstance(part, str) or "text" in dict_of(part))
        texts.append(text)
    skipped.add(OTHER_PART, others)
    # A message that is nothing but a picture stays in its place.
    return "\n\n".join(filter(None, texts)) or ("[attachment]" if others else "")


def conversation_of(
    messages: Iterable[tuple[str, str] | tuple[str, str, str]],
    at_ms: int,
    skipped: Skipped,
    *,
    source_id: str = "",
    title: str = "",
    model: str = "",
) -> ImportedConversation | None:
    """Return a conversation made of roles and texts, oldest first; None if nothing is left of it.

    A system message at the beginning becomes the conversation's system prompt.

    Args:
        messages: The role, as the source names it, the text, and the reasoning before a reply, if there is one.
        at_ms: When the conversation began, in milliseconds; each message is one later than the one before.
        skipped: Counts what is left out.
        source_id: Empty makes one from the content, so that the same conversation is recognised again.
        title: Empty takes the first line.
        model: If it is known.
    """
    system_prompt = ""
    kept: list[ImportedMessage] = []
    for name, text, *reasoning in messages:
        role = ROLES.get(name.lower())
        if role is None or not text.strip():
            skipped.add("a message of an unknown role" if role is None else "an empty message")
        elif role is Role.SYSTEM and not kept and not system_prompt:
            system_prompt = text
        else:
            parent = kept[-1].source_id if kept else None
            kept.append(
                ImportedMessage(
                    str(len(kept)), parent, role, text, at_ms + len(kept), reasoning="".join(reasoning)
                )
            )
    if not kept:
        skipped.add("a conversation without messages")
        return None
    content = [part for each in kept for part in (each.role.value, each.content)]
    return ImportedConversation(
        source_id=source_id or digest(system_prompt, *content),
        title=title or first_line(kept[0].content),
        created_at_ms=at_ms,
        updated_at_ms=kept[-1].created_at_ms,
        messages=kept,
        system_prompt=system_prompt,
        model=model,
    )
