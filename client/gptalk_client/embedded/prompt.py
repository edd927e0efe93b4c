"""The messages that an engine expects, from the protocol's single prompt or from a client that sends them too."""

from __future__ import annotations

import re
from typing import Any, TypedDict

_ROLE_LINE = re.compile(r"^(System|User|Assistant):(?: |$)", re.MULTILINE)
_ROLES = ("system", "user", "assistant")
_CLOSING = "Assistant:"


class ChatMessage(TypedDict):
    """One message in the form an engine expects."""

    role: str
    """`system`, `user` or `assistant`."""
    content: str


def parse_prompt(prompt: str) -> list[ChatMessage]:
    """Return the conversation that was flattened into a prompt.

    A prompt is a flattened conversation when it begins with `System:`, `User:` or `Assistant:` and its last
    line is `Assistant:`. Each line that begins with one of the three opens a message, which reaches to the
    next such line. Anything else is one message of the user, word for word, so a person who types `User: x`
    is not misread.

    Flattening is lossy: a message containing a line that begins with a role's name
    comes out as two. A client that sends its messages as well (`read_messages`) avoids that.

    Args:
        prompt: The `content` of a submit body.

    Returns:
        One or more messages, oldest first. Empty messages are left out.
    """
    body = prompt.rstrip(" \n")
    if not (_ROLE_LINE.match(prompt) and body.endswith("\n" + _CLOSING)):
        return [{"role": "user", "content": prompt}]
    body = body[: -len(_CLOSING) - 1]
    heads = list(_ROLE_LINE.finditer(body))
    ends = [head.start() - 1 for head in heads[1:]] + [len(body)]
    messages: list[ChatMessage] = [
        {"role": head[1].lower(), "content": body[head.end() : end]}
        for head, end in zip(heads, ends, strict=True)
        if body[head.end() : end].strip()
    ]
    return messages or [{"role": "user", "content": prompt}]


def read_messages(value: Any) -> list[ChatMessage] | None:
    """Return a submit body's `messages`, checked; None if they are of another form."""
    if not isinstance(value, list) or not value:
        return None
    messages: list[ChatMessage] = []
    for each in value:
        role, content = (each.get("role"), each.get("content")) if isinstance(each, dict) else (None, None)
        if not isinstance(role, str) or role not in _ROLES or not isinstance(content, str):
            return None
        messages.append({"role": role, "content": content})
    return messages
