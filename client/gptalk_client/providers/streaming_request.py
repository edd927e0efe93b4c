"""One request in its own task, and how to stop it without cancelling anything.

httpcore 1.0 loses a connection if it is cancelled while taking one from the pool or returning one
(https://github.com/encode/httpx/issues/3782). So a request is never cancelled. `stop` makes its network
operation, and any later one, raise `Interrupted`, which httpcore cleans up after as after any
other broken connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from gptalk_client.errors import GptalkError
from gptalk_client.providers.http_errors import Response

CLOSE_S = 1.0
"""How long to wait for a stopped request to close, in seconds."""


class Interrupted(Exception):
    """The request was stopped."""


class StreamingRequest:
    """One request, its response, and whether to go on."""

    def __init__(self) -> None:
        self.response: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self.is_sent: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """Resolves once the response is waited for: True; or once the request has ended without that: False."""
        self.task: asyncio.Task[None] | None = None
        self.stopped_by: GptalkError | None = None
        """Why it was stopped; None if it is simply no longer needed."""
        self.is_streaming = False
        """The response is a stream; the sink's `end` reports how it ended."""
        self.is_ending = False
        """The end mark was read; only the end of the body is outstanding."""
        self._is_stopped = False
        self._waiter: asyncio.Future[None] | None = None

    def mark_sent(self, is_sent: bool = True) -> None:
        """Resolve `is_sent`; only the first call counts."""
        if not self.is_sent.done():
            self.is_sent.set_result(is_sent)

    def stop(self, why: GptalkError | None = None) -> None:
        """Interrupt the current network operation and all later ones; only the first call counts."""
        if not self._is_stopped:
            self._is_stopped = True
            self.stopped_by = why
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_result(None)

    def check(self) -> None:
        """Raise `Interrupted` if the request was stopped."""
        if self._is_stopped:
            raise Interrupted

    async def wait(self, waiter: asyncio.Future[None]) -> None:
        """Wait for a future.

        Raises:
            Interrupted: The request was stopped, before or meanwhile.
        """
        self.check()
        self._waiter = waiter
        await waiter
        self.check()

    async def close(self) -> None:
        """Stop the request if it is still running, and wait (at most `CLOSE_S`) until its connection is closed."""
        self.stop()
        if self.task is not None and not self.task.done():
            await asyncio.wait({self.task}, timeout=CLOSE_S)

    @asynccontextmanager
    async def limit(self, seconds: float, why: GptalkError) -> AsyncIterator[None]:
        """Stop the request with an error if the block takes too long."""
        timer = asyncio.get_running_loop().call_later(seconds, self.stop, why)
        try:
            yield
        finally:
            timer.cancel()


CURRENT: ContextVar[StreamingRequest] = ContextVar("streaming_request")
"""The request whose task this is."""
