"""One connection to the endpoint: bounded in number, and in the time until a request is whole.

Anybody on this computer can connect; only what a request holds tells who knows the secret.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS = 512
"""From here on a request is answered with 503."""

_TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_SPARE_CONNECTIONS = 64  # connections that get that answer; more are closed at once


def bounded(request_s: float) -> type[H11Protocol]:
    """Return uvicorn's protocol with bounds.

    Args:
        request_s: How long a request may take to arrive, body included, in seconds.
    """

    class BoundedConnection(H11Protocol):
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if len(self.connections) > MAX_CONNECTIONS + _SPARE_CONNECTIONS:
                transport.abort()
            else:
                self._timer = self.loop.call_later(request_s, self._end_unfinished)

        def data_received(self, data: bytes) -> None:
            if self._timer is None:
                self._timer = self.loop.call_later(request_s, self._end_unfinished)
            super().data_received(data)
            if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
                self._stop_timer()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_timer()
            super().connection_lost(exc)

        def _stop_timer(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _end_unfinished(self) -> None:
            if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):  # no answer has begun
                self.transport.write(_TOO_LATE)
            self.transport.close()

    return BoundedConnection
