"""httpcore's network on plain asyncio: every wait can be interrupted, and closing never waits.

httpcore's own network is stopped by cancelling, and loses a socket when a cancel meets a connection that is being
made or closed. Here a connection belongs to one object from its first instant, is closed by a call that returns
at once, and whoever waits for it is woken by `StreamingRequest.stop`. Loads httpx and httpcore: import it late.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Iterable
from typing import Any, TypeVar

import httpcore
import httpx

from gptalk_client.providers.streaming_request import CURRENT, StreamingRequest

T = TypeVar("T")

_HIGH_BYTES = 512 * 1024  # unread bytes at which reading is paused
_HAPPY_EYEBALLS_S = 0.25  # RFC 8305, section 8


class PooledTransport(httpx.AsyncBaseTransport):
    """Sends httpx's requests through a pool of httpcore's; its errors are httpcore's."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the head of its response."""
        url = request.url
        response = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __aiter__(self) -> AsyncIterator[bytes]:
        assert not isinstance(self._response.stream, Iterable)  # that would be a synchronous pool's
        return aiter(self._response.stream)

    async def aclose(self) -> None:
        await self._response.aclose()


class AsyncioBackend(httpcore.AsyncNetworkBackend):
    """Makes connections for a pool."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection.

        Raises:
            httpcore.ConnectTimeout: There was none in `timeout` seconds.
            httpcore.ConnectError: The host or the port does not exist or does not answer.
        """
        pipe = _Pipe()
        is_address = ":" in host or host.replace(".", "").isdigit()
        connecting = asyncio.get_running_loop().create_connection(
            lambda: pipe, host, port, happy_eyeballs_delay=None if is_address else _HAPPY_EYEBALLS_S
        )
        await pipe.bounded(connecting, timeout)
        return _Stream(pipe)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, pipe: _Pipe) -> None:
        self._pipe = pipe

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        # May return more than `max_bytes`: the parser accepts any size, and cutting would copy.
        return await self._pipe.read(timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._pipe.write(buffer, timeout)

    async def aclose(self) -> None:
        self._pipe.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        pipe = self._pipe
        assert pipe.transport is not None
        if pipe.is_over:  # a TLS server waits for the client to speak first
            pipe.abort()
            raise httpcore.ConnectError(ssl.SSLError("the peer speaks no TLS"))
        shaking = asyncio.get_running_loop().start_tls(
            pipe.transport, pipe, ssl_context, server_hostname=server_hostname
        )
        pipe.transport = await pipe.bounded(shaking, timeout)
        return self

    def get_extra_info(self, info: str) -> Any:
        transport = self._pipe.transport
        if info == "is_readable":  # asked about an idle connection, where it means that the server hung up
            return self._pipe.is_over
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return None if transport is None else transport.get_extra_info(names.get(info, info))


class _Pipe(asyncio.Protocol):
    """One connection: its unread data, and whether more may be written."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._is_aborted = False
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._is_held = False
        self._has_ended = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._is_full = False

    @property
    def is_over(self) -> bool:
        """Whether the peer hung up or sent something unrequested."""
        return self._has_ended or self._size > 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self._is_aborted:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        self._size += len(data)
        if self._size > _HIGH_BYTES and not self._is_held and self.transport is not None:
            self._is_held = True
            self.transport.pause_reading()
        _wake(self._reader)

    def eof_received(self) -> None:
        self._has_ended = True
        _wake(self._reader)

    def connection_lost(self, exc: Exception | None) -> None:
        self._has_ended = True
        self._error = exc
        _wake(self._reader)
        _wake(self._writer)

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        _wake(self._writer)

    def abort(self) -> None:
        """Close at once, even while still connecting."""
        self._is_aborted = True
        if self.transport is not None:
            self.transport.abort()

    async def read(self, timeout: float | None) -> bytes:
        running = CURRENT.get()
        if self._pieces or self._has_ended:
            running.check()
        else:
            self._reader = asyncio.get_running_loop().create_future()
            if not await _woken(running, self._reader, timeout):
                raise httpcore.ReadTimeout
        if self._pieces:
            piece = self._pieces.popleft()
            self._size -= len(piece)
            if self._is_held and self._size < _HIGH_BYTES // 2 and self.transport is not None:
                self._is_held = False
                self.transport.resume_reading()
            return piece
        if self._error is not None:
            raise httpcore.ReadError from self._error
        return b""

    async def write(self, buffer: bytes, timeout: float | None) -> None:
        running = CURRENT.get()
        running.check()
        if self.transport is None or self.transport.is_closing():
            raise httpcore.WriteError
        self.transport.write(buffer)
        while self._is_full and not self._has_ended:
            self._writer = asyncio.get_running_loop().create_future()
            if not await _woken(running, self._writer, timeout):
                raise httpcore.WriteTimeout

    async def bounded(self, making: Awaitable[T], timeout: float | None) -> T:
        """Return the result of connecting or handshaking; leave nothing open if it is too slow or fails."""
        task = asyncio.ensure_future(making)
        waiter = asyncio.get_running_loop().create_future()
        task.add_done_callback(lambda _: _wake(waiter))
        is_made = False
        try:
            if not await _woken(CURRENT.get(), waiter, timeout):
                raise httpcore.ConnectTimeout
            made = task.result()
            is_made = True
            return made
        except (OSError, UnicodeError) as err:  # TLS and lookup errors; a host that can't be encoded
            raise httpcore.ConnectError(err) from err
        finally:
            if not is_made:
                task.cancel()
                task.add_done_callback(_forget)
                self.abort()


def _forget(task: asyncio.Future[Any]) -> None:
    """Retrieve an error that nobody awaits."""
    if not task.cancelled():
        task.exception()


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


async def _woken(running: StreamingRequest, waiter: asyncio.Future[None], timeout: float | None) -> bool:
    """Return whether the waiter was woken in time. No task is cancelled on a timeout."""
    if timeout is None:
        await running.wait(waiter)
        return True
    is_late = False

    def give_up() -> None:
        nonlocal is_late
        is_late = not waiter.done()
        _wake(waiter)

    timer = asyncio.get_running_loop().call_later(timeout, give_up)
    try:
        await running.wait(waiter)
    finally:
        timer.cancel()
    return not is_late
