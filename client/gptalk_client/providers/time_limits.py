"""The time limits of a request: until its response begins, and while it streams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from gptalk_client.errors import GptalkError, StalledError
from gptalk_client.settings import Timeouts


class Sink(Protocol):
    """Receives the bytes of a streamed response."""

    data_at: float
    """When data last arrived, in the loop's time; comments do not count."""

    @property
    def is_over(self) -> bool:
        """Whether no more bytes are needed."""

    def feed(self, chunk: bytes, now: float) -> None:
        """Process some bytes."""

    def end(self, error: BaseException | None) -> None:
        """Record that the stream ended, normally or with an error."""


class HeadersTimer:
    """Stops a request whose response headers are not complete in time, even if they trickle in.

    Called by httpcore at each step of a request.
    """

    def __init__(self, limit_s: float, stop: Callable[[], None], on_sent: Callable[[], None]) -> None:
        self._limit_s = limit_s
        self._stop = stop
        self._on_sent = on_sent
        self._timer: asyncio.TimerHandle | None = None

    async def __call__(self, step: str, _facts: Mapping[str, Any]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if step.endswith(".receive_response_headers.started"):
            self._timer = asyncio.get_running_loop().call_later(self._limit_s, self._stop)
            self._on_sent()


class StallTimer:
    """Stops a request that went silent. Uses one timer, which is reset only when it fires."""

    def __init__(self, sink: Sink, timeouts: Timeouts, stop: Callable[[GptalkError], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._sink = sink
        self._timeouts = timeouts
        self._stop = stop
        self.bytes_at = sink.data_at = self._loop.time()
        self._timer = self._loop.call_at(self._end(), self._check)

    def _end(self) -> float:
        return min(self.bytes_at + self._timeouts.stall_s, self._sink.data_at + self._timeouts.comments_s)

    def _check(self) -> None:
        now = self._loop.time()
        if now < self._end():
            self._timer = self._loop.call_at(self._end(), self._check)
        elif now >= self.bytes_at + self._timeouts.stall_s:
            self._stop(StalledError(f"Nothing arrived for {self._timeouts.stall_s:g} seconds."))
        else:
            self._stop(StalledError(f"No text arrived for {self._timeouts.comments_s:g} seconds."))

    def stop(self) -> None:
        self._timer.cancel()
