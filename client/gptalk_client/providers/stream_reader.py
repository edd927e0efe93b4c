"""Turns the bytes of a streamed reply into its events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Protocol

from gptalk_client.errors import BlockedError, ProtocolError, ServerError, TruncatedError
from gptalk_client.models import Phase, PhaseChanged, ReasoningAdded, ReplyEvent, TextAdded, TextReplaced
from gptalk_client.providers.event_stream import MAX_EVENT_BYTES, EventData, EventStreamDecoder
from gptalk_client.providers.loops import OneLoop

FINISHED_S = 2.0
"""How long to wait for the end mark after a finish reason, in seconds."""


class ReplyText(Protocol):
    """The text of a reply so far, assembled from a protocol's events."""

    error: ProtocolError | ServerError | None

    @property
    def is_done(self) -> bool:
        """Whether the end mark was read."""

    @property
    def is_over(self) -> bool:
        """Whether the end mark or an error was read."""

    @property
    def has_finished(self) -> bool:
        """Whether the reply is whole though its end mark is still to come."""

    @property
    def has_news(self) -> bool:
        """Whether `take` may return something or the reply is over."""

    def push(self, event: EventData) -> bool:
        """Process one event, and return whether it counts as a sign of life."""

    def push_body(self, body: bytes) -> None:
        """Process a whole body of JSON where events were expected."""

    def push_unfinished(self, event: EventData | None) -> None:
        """Record the end of the stream, and the event that it cut off."""

    def take(self) -> ReplyEvent | None:
        """Return what changed since the last call."""

    def take_held(self) -> ReplyEvent | None:
        """Return what was held back; call this, until it returns None, when the reply is over."""


class StreamReader:
    """Accepts bytes at full speed; yields events as fast as the consumer asks.

    Args:
        text: Collects the reply.
        finished_s: How long to wait for the end mark after a finish reason, in seconds.
    """

    def __init__(self, text: ReplyText, *, finished_s: float = FINISHED_S) -> None:
        self._text = text
        self._finished_s = finished_s
        self._finishing: asyncio.TimerHandle | None = None
        self._body: bytearray | None = None  # of JSON that is not a stream of events
        self._decoder = EventStreamDecoder()
        self._has_ended = False
        self._error: BaseException | None = None
        self._is_empty = True
        self._waiter: asyncio.Future[None] | None = None
        self.data_at = 0.0
        self._loop = OneLoop("This reply")

    @property
    def is_over(self) -> bool:
        """Whether no more bytes are needed."""
        return self._text.is_over

    def feed(self, chunk: bytes, now: float) -> None:
        """Process some bytes of the body; `now` is the loop's time."""
        if self._is_empty and chunk:
            self._is_empty = False
            start = chunk.lstrip()[:1]
            if start == b"<":
                raise BlockedError("A web page answered instead of the service.")
            if start in (b"{", b"["):
                self._body = bytearray()
        if self._body is not None:
            self._body += chunk
            self.data_at = now
            if len(self._body) > MAX_EVENT_BYTES:
                raise ProtocolError(f"The service sent a reply of more than {MAX_EVENT_BYTES} bytes.")
            return
        for event in self._decoder.feed(chunk):
            if self._text.push(event):
                self.data_at = now
        if self._decoder.is_inside_data:
            self.data_at = now
        if self._text.has_finished and self._finishing is None:
            self._finishing = asyncio.get_running_loop().call_later(self._finished_s, self.end, None)
        if self._waiter is not None and self._text.has_news:
            self._wake()

    def end(self, error: BaseException | None) -> None:
        """Record that the stream ended, normally or with an error."""
        if self._has_ended:
            return
        if self._finishing is not None:
            self._finishing.cancel()
            error = None  # the reply is whole, however its connection ended
        if error is None and self._body is not None:
            self._text.push_body(bytes(self._body))
        if error is None and not self._text.is_over:
            self._text.push_unfinished(self._decoder.finish())
            if self._is_empty:
                error = ProtocolError("The service sent an empty response.")
            elif not self._text.is_over:
                error = TruncatedError("The reply broke off before its end mark.")
        self._has_ended, self._error = True, error
        self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def events(self) -> AsyncGenerator[ReplyEvent, None]:
        """Yield the changes of the text; return at the end mark.

        Raises:
            ProviderError: The reply broke off, after all text that came was yielded.
        """
        is_first = True
        while True:
            self._loop.check()
            if not self._text.has_news and not self._has_ended:
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter
            event = self._text.take()
            is_over = event is None and (self._text.is_over or self._has_ended)
            if is_over:
                event = self._text.take_held()
                if event is None:
                    break
            if event is not None:
                if is_first and isinstance(event, TextAdded | TextReplaced | ReasoningAdded):
                    is_first = False
                    yield PhaseChanged(Phase.STREAMING)
                yield event
        if not self._text.is_done and (error := self._text.error or self._error) is not None:
            raise error
