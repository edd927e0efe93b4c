"""A provider that plays a script, for tests of what stands on top of providers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import TypeAlias

from gptalk_client.models import ReplyEvent, ReplyRequest, TextAdded
from gptalk_client.providers.base import Provider

Step: TypeAlias = ReplyEvent | BaseException | asyncio.Event | str
"""An event to yield (a string is `TextAdded`), an exception to raise, or a gate to wait at."""


class ScriptedProvider(Provider):
    """Plays the same steps for each turn, or one list of steps a turn, the last one again and again.

    Attributes:
        requests: What has been asked, in order.
        opened: How many streams have begun.
        closed: How many streams are over, in whatever way.
        at_gate: Set while a stream waits at a gate.
        exhausted: Set when a stream has played its script to the end.
    """

    name = "gptalk"
    service = "script.test"

    def __init__(
        self, steps: Sequence[Step], *more_turns: Sequence[Step], models: Sequence[str] = ()
    ) -> None:
        self._turns = [list(steps), *map(list, more_turns)]
        self._models = list(models)
        self.requests: list[ReplyRequest] = []
        self.opened = 0
        self.closed = 0
        self.at_gate = asyncio.Event()
        self.exhausted = asyncio.Event()
        self.is_closed = False
        self.window: int | None = None
        """How many tokens its model has room for."""

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        """Yield the script's events."""
        turn = self._turns[min(len(self.requests), len(self._turns) - 1)]
        self.requests.append(request)
        self.opened += 1
        try:
            for step in turn:
                if isinstance(step, str):
                    yield TextAdded(step)
                elif isinstance(step, BaseException):
                    raise step
                elif isinstance(step, asyncio.Event):
                    self.at_gate.set()
                    await step.wait()
                    self.at_gate.clear()
                else:
                    yield step
            self.exhausted.set()
        finally:
            self.closed += 1

    async def models(self) -> list[str]:
        """Return the names that the test gave."""
        return list(self._models)

    async def context_window(self, model: str) -> int | None:
        """Return what the test set."""
        return self.window

    async def aclose(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True
