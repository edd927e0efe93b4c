"""What the endpoint requires of an engine."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Protocol

from gptalk_client.embedded.prompt import ChatMessage

_NUMBERS = ("temperature", "top_p", "presence_penalty", "frequency_penalty")
_COUNTS = {"max_tokens": 1, "seed": 0}
"""Integer options and their minimums."""


class Reasoning(str):
    """A piece of what the model thinks before it answers. It is not a part of the reply."""

    __slots__ = ()


class Engine(Protocol):
    """A model that replies to conversations, several at the same time."""

    name: str
    """The model's display name."""

    def stream(
        self, messages: Sequence[ChatMessage], options: Mapping[str, Any]
    ) -> AsyncGenerator[str, None]:
        """Yield the reply piece by piece, a `Reasoning` where it is none of the text, and a `Rewritten` where it
        replaces all of the text so far. Closing the generator stops the model.

        Args:
            messages: The conversation, oldest first.
            options: The members of the submit body; `sampling` says which of them count.

        Raises:
            EngineError: The model could not answer, or its reply was cut, in words for people.
        """

    async def aclose(self) -> None:
        """Release the model."""


def sampling(options: Mapping[str, Any]) -> dict[str, int | float]:
    """Return a submit body's sampling parameters, as OpenAI-compatible engines name them.

    Anything but finite numbers is left out: an engine would refuse the whole request.
    """
    wanted: dict[str, int | float] = {}
    for name in _NUMBERS:
        value = options.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            wanted[name] = value
    for name, least in _COUNTS.items():
        value = options.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            wanted[name] = value
    return wanted
