"""Requests over one pooled client: bounded, verified, and reliably closed.

Each request runs in a task of its own (`streaming_request`), independent of the tasks that wait for it: cancelling
a waiter stops the request, and cancelling it again leaves the request to close by itself.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from gptalk_client.addresses import Address, Proxy
from gptalk_client.errors import (
    ConfigError,
    GptalkError,
    NetworkError,
    ProtocolError,
    TimedOutError,
)
from gptalk_client.providers.http_errors import Response, translate
from gptalk_client.providers.loops import OneLoop
from gptalk_client.providers.proxies import choose_proxy
from gptalk_client.providers.redaction import redact_http_logs
from gptalk_client.providers.streaming_request import CLOSE_S, CURRENT, Interrupted, StreamingRequest
from gptalk_client.providers.time_limits import HeadersTimer, Sink, StallTimer
from gptalk_client.settings import Timeouts

if TYPE_CHECKING:
    import httpcore
    import httpx

MAX_BODY_BYTES = 64 * 1024
"""How much of a response is read unless it is a stream, in bytes."""

_DRAIN_S = 0.25  # how long to wait for the end of a finished stream, so that its connection can be reused
_KEEPALIVE_S = 55.0  # httpx's 5 seconds are too short between two prompts


@dataclass(frozen=True, slots=True)
class Request:
    """One request, relative to the service's address."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    max_body_bytes: int = MAX_BODY_BYTES
    """How much of the response is read unless it is a stream."""
    headers_s: float | None = None
    """How long until the response begins, in seconds; None takes the client's limit."""


class HttpClient:
    """The connections to one service. Belongs to one event loop.

    Args:
        address: The service.
        proxy: A proxy's URL; None takes the environment's. Loopback takes none.
        timeouts: How long each part may take.
    """

    def __init__(self, address: Address, *, proxy: str | None, timeouts: Timeouts) -> None:
        self.address = address
        self._given_proxy = proxy
        self._timeouts = timeouts
        self._client: httpx.AsyncClient | None = None
        self._client_lock = asyncio.Lock()
        self._proxy_name: str | None = None
        self._running: set[StreamingRequest] = set()
        self._is_closed = False
        self._closing: asyncio.Task[None] | None = None
        self.loop = OneLoop("This provider")

    async def fetch(self, request: Request) -> Response:
        """Send a request and return the response with at most `max_body_bytes` of its body.

        Raises:
            ProviderError: There was no response.
            ConfigError: The address or the proxy cannot be used.
        """
        return await self.head(self.start(request, None))

    async def stream(self, request: Request, sink: Sink) -> tuple[Response, StreamingRequest]:
        """Send a request whose response may be a stream; return after the headers while the sink gets the body.

        A response that is not a stream is returned whole, as by `fetch`, and the sink gets nothing. The caller
        closes the streaming request.
        """
        running = self.start(request, sink)
        return await self.head(running), running

    async def reclaim_connections(self) -> None:
        """Wait briefly for finished streams to release their connections for the next request."""
        ending = [each.task for each in self._running if each.is_ending and each.task is not None]
        if ending:
            await asyncio.wait(ending, timeout=_DRAIN_S)

    async def warm_up(self) -> None:
        """Load httpx and create the client before the first request, off the event loop if it is slow."""
        self.loop.check()
        await self._ready_client()

    async def aclose(self) -> None:
        """Close all connections, even those in use.

        Raises:
            UsageError: They belong to another event loop.
        """
        if self._client is None and not self._running:
            self._is_closed = True
            return
        self.loop.check()
        if not self._is_closed:
            self._is_closed = True
            self._closing = asyncio.create_task(self._close(), name="closing connections")
        # Waited for, not awaited: cancelling the caller must not interrupt the closing.
        if self._closing is not None:
            await asyncio.wait({self._closing}, timeout=2 * CLOSE_S)

    async def _close(self) -> None:
        tasks = [running.task for running in self._running if running.task is not None]
        for running in list(self._running):
            running.stop()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_S)
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def start(self, request: Request, sink: Sink | None) -> StreamingRequest:
        """Send a request in a task of its own; `head` waits for its response."""
        self.loop.check()
        if self._is_closed:
            raise NetworkError("The connections to the service are closed.")
        running = StreamingRequest()
        running.task = asyncio.create_task(self._run(request, sink, running), name="request")
        self._running.add(running)
        running.task.add_done_callback(partial(self._deliver_end, running, sink))
        return running

    def _deliver_end(self, running: StreamingRequest, sink: Sink | None, task: asyncio.Task[None]) -> None:
        """Make sure that nobody waits for a task that has ended, however it ended."""
        self._running.discard(running)
        running.mark_sent(False)
        fault = None if task.cancelled() else task.exception()
        if not running.response.done():
            running.response.set_exception(fault or NetworkError("The connection was closed."))
        elif sink is not None and running.is_streaming:
            sink.end(fault or NetworkError("The connection was closed."))
        running.response.exception()  # marks it as retrieved: there may be nobody left to do so

    async def head(self, running: StreamingRequest) -> Response:
        """Return the response to a request that was started, whole unless it is a stream.

        Raises:
            ProviderError: There was no response.
            ConfigError: The address or the proxy cannot be used.
        """
        try:
            await asyncio.wait({running.response})
        except asyncio.CancelledError:
            await running.close()
            raise
        return running.response.result()

    async def _run(self, request: Request, sink: Sink | None, running: StreamingRequest) -> None:
        """Carry out a request and report its outcome to whoever waits for it."""
        CURRENT.set(running)
        try:
            await self._carry_out(request, sink, running)
        except Interrupted:
            if running.stopped_by is not None:
                self._tell(running, sink, running.stopped_by)
        except GptalkError as err:
            self._tell(running, sink, err)
        except Exception as err:  # httpcore is imported late; anything but its errors is raised again
            error = translate(
                err,
                service=self.address.service,
                proxy=self._proxy_name,
                in_body=running.response.done(),
                is_loopback=self.address.is_loopback,
            )
            if error is None:
                raise
            self._tell(running, sink, error)

    def _tell(self, running: StreamingRequest, sink: Sink | None, error: GptalkError) -> None:
        error.__context__ = error.__cause__ = None  # their tracebacks contain the address and so the token
        if not running.response.done():
            running.response.set_exception(error)
        elif sink is not None:
            sink.end(error)

    async def _carry_out(self, request: Request, sink: Sink | None, running: StreamingRequest) -> None:
        client = await self._ready_client()
        running.check()
        headers_s = request.headers_s or self._timeouts.headers_s
        limits = {
            "connect": self._timeouts.connect_s,
            "pool": None,
            "write": headers_s,
            "read": headers_s,
        }
        slow = TimedOutError(f"{self.address.service} did not answer in time.", phase="headers")
        watch = HeadersTimer(headers_s, partial(running.stop, slow), running.mark_sent)
        built = self._build(client, request, {"timeout": limits, "trace": watch})
        raw = await client.send(built, stream=True, follow_redirects=False)
        try:
            encoding = raw.headers.get("content-encoding", "identity").strip().lower()
            if encoding not in ("", "identity"):
                raise ProtocolError(
                    f"{self.address.service} sent a compressed response, which wasn't requested."
                )
            head = Response(raw.status_code, dict(raw.headers.items()), b"")
            if sink is not None and _is_stream(head):
                limits["read"] = None  # `_pump` watches from here on, at no cost for each read
                running.is_streaming = True
                running.response.set_result(head)
                await self._pump(raw, sink, running)
                return
            late = TimedOutError(f"{self.address.service} did not finish answering in time.", phase="headers")
            async with running.limit(headers_s, late):
                body = await _read(raw, request.max_body_bytes)
        finally:
            await raw.aclose()
        running.response.set_result(Response(head.status, head.headers, body))

    def _build(
        self, client: httpx.AsyncClient, request: Request, extensions: dict[str, Any]
    ) -> httpx.Request:
        try:
            return client.build_request(
                request.method,
                self.address.base + request.path + self.address.query,
                params=request.params or None,
                content=request.body,
                headers={**request.headers, "accept-encoding": "identity"},
                extensions=extensions,
            )
        except ValueError:  # a header that is not ASCII, an address that httpx refuses
            error = ConfigError("The address or a header of the request cannot be used.")
        raise error

    async def _pump(self, response: httpx.Response, sink: Sink, running: StreamingRequest) -> None:
        # The stream itself rather than `aiter_raw`, which passes each piece through one more generator.
        chunks = aiter(_body(response))
        now = asyncio.get_running_loop().time
        watch = StallTimer(sink, self._timeouts, running.stop)
        try:
            async for chunk in chunks:
                watch.bytes_at = at = now()
                sink.feed(chunk, at)
                if sink.is_over:
                    break
        finally:
            watch.stop()
        running.is_ending = True
        sink.end(None)
        # Read on briefly after the end mark: reading the body to its end keeps the connection usable.
        silence = NetworkError("The stream was not closed after its end mark.")
        size = 0
        async with running.limit(_DRAIN_S, silence):
            async for chunk in chunks:
                size += len(chunk)
                if size > MAX_BODY_BYTES:
                    break

    async def _ready_client(self) -> httpx.AsyncClient:
        async with self._client_lock:
            if self._client is None:
                # In a thread if it is slow: importing httpx, and loading certificates.
                if self.address.scheme == "https" or "httpx" not in sys.modules:
                    self._client = await asyncio.to_thread(self._make_client)
                else:
                    self._client = self._make_client()
            return self._client

    def _make_client(self) -> httpx.AsyncClient:
        from http.cookiejar import DefaultCookiePolicy

        import httpcore
        import httpx

        from gptalk_client.providers.network import AsyncioBackend, PooledTransport

        redact_http_logs()
        proxy = choose_proxy(self.address, self._given_proxy)
        self._proxy_name = proxy.name if proxy else None
        if self.address.scheme == "https" or (proxy and proxy.scheme == "https"):
            context = httpx.create_ssl_context()
        else:
            # No TLS is used. This context trusts no certificate at all, and costs nothing.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            proxy=_proxy_of(proxy, context) if proxy else None,
            max_connections=None,
            max_keepalive_connections=20,
            keepalive_expiry=_KEEPALIVE_S,
            network_backend=AsyncioBackend(),
        )
        # httpx must use neither the environment's proxies, which were handled above, nor its .netrc.
        client = httpx.AsyncClient(transport=PooledTransport(pool), trust_env=False)
        # No cookie is kept: the protocol uses none, so one could only serve tracking.
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        return client


def _proxy_of(choice: Proxy, context: ssl.SSLContext) -> httpcore.Proxy:
    import httpcore
    import httpx

    try:
        proxy = httpx.Proxy(choice.url, ssl_context=context if choice.scheme == "https" else None)
        url = proxy.url
        return httpcore.Proxy(
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            auth=proxy.raw_auth,
            ssl_context=proxy.ssl_context,
        )
    except (httpx.InvalidURL, ValueError):
        error = ConfigError("The proxy's address cannot be used.")
    raise error


def _is_stream(head: Response) -> bool:
    """Return whether to read a body as events; a missing or unusual content type is tolerated."""
    return head.status == 200 and not head.is_html and not head.kind.endswith("json")


def _body(response: httpx.Response) -> httpx.AsyncByteStream:
    stream = response.stream
    assert not isinstance(stream, Iterable)  # that would be a synchronous client's
    return stream


async def _read(response: httpx.Response, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in _body(response):
        body += chunk
        if len(body) >= max_bytes:
            break
    return bytes(body[:max_bytes])
