"""The shapes in which engines send a reply, as events for a raw server to play."""

from __future__ import annotations

import json
from typing import Any

DONE = b"data: [DONE]\n\n"


def event(value: Any) -> bytes:
    """Return one event."""
    return b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"


def delta(finish: str | None = None, *, index: int | None = 0, **members: Any) -> bytes:
    """Return the event of one delta, such as `delta(content="Hi")`."""
    choice: dict[str, Any] = {"delta": members, "finish_reason": finish}
    if index is not None:
        choice["index"] = index
    return event({"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]})


def text(words: str) -> bytes:
    """Return the event of more text."""
    return delta(content=words)


STOP = delta("stop")
USAGE = event(
    {
        "choices": [],
        "usage": {
            "prompt_tokens": 1200,
            "completion_tokens": 34,
            "completion_tokens_details": {"reasoning_tokens": 20},
        },
    }
)


def completion(content: Any, finish: str | None = "stop", **message: Any) -> dict[str, Any]:
    """Return a whole completion, as it comes where no stream was asked for."""
    return {
        "object": "chat.completion",
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, **message},
                "finish_reason": finish,
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 3},
    }
