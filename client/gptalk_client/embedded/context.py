"""Making a conversation fit into what a model can read at once."""

from __future__ import annotations

from collections.abc import Sequence

from gptalk_client.embedded.prompt import ChatMessage

_SLACK = 0.95
"""The tokens of a part are estimated from the whole; this much of the room is used."""
_GROUP = 6
"""So many messages are dropped at a time: the next turns then begin with a text that the engine knows."""


def drop_oldest(messages: Sequence[ChatMessage], tokens: int, room: int) -> list[ChatMessage] | None:
    """Return the conversation without its oldest turns, so that it should fit.

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
