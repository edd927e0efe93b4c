"""Making a conversation fit into a model's context."""

from __future__ import annotations

from collections.abc import Sequence

from gptalk_client.embedded.prompt import ChatMessage

_SLACK = 0.95
"""How much of the room to use, because the tokens of a part are only estimated from the whole."""
_GROUP = 6
"""How many messages to drop at a time, so that the next turns start with text the engine has cached."""


def drop_oldest(messages: Sequence[ChatMessage], tokens: int, room: int) -> list[ChatMessage] | None:
    """Return the conversation without its oldest turns, so that it is likely to fit.

    The system messages stay, and so does the last message. What remains begins with a message of the user.

    Args:
        messages: The conversation, oldest first.
        tokens: What all of it takes, in tokens.
        room: What it may take, in tokens.

    Returns:
        A shorter conversation, or None where there is nothing left to drop.
    """
    system = [message for message in messages if message["role"] == "system"]
    turns = [message for message in messages if message["role"] != "system"]
    if len(turns) < 2:
        return None
    size = sum(len(message["content"]) for message in messages)
    excess = size - size * room * _SLACK / max(tokens, 1)
    dropped = 0
    count = 0
    while count < len(turns) - 1 and (count == 0 or dropped < excess):
        dropped += len(turns[count]["content"])
        count += 1
    count = min(-(-count // _GROUP) * _GROUP, len(turns) - 1)
    while count < len(turns) - 1 and turns[count]["role"] == "assistant":
        count += 1
    return [*system, *turns[count:]]
