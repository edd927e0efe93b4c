"""A raw loopback server: a test scripts every byte, and sees what the client sent and when it hung up."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar

LIMIT_S = 5.0
"""How long a test waits for a condition before it fails, in seconds."""


async def eventually(condition: Callable[[], object], *, limit_s: float = LIMIT_S) -> None:
    """Return once the condition holds; fail after `limit_s` seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + limit_s
    while not condition():
        assert loop.time() < end, "the condition did not come true in time"
        await asyncio.sleep(0.002)


@dataclass(slots=True)
class Request:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the decoded body."""
        return json.loads(self.body)

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(eq=False, slots=True)
class Connection:
    """The server's end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    requests: list[Request] = field(default_factory=list)
    closed: bool = False
    """The client hung up, or this end did."""

    async def request(self) -> Request | None:
        """Return the next request with its body, or None once the client has hung up."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _version = first.split(" ")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
        }
        try:
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        request = Request(method, target, headers, body)
        self.requests.append(request)
        return request

    async def send(self, *pieces: bytes) -> None:
        """Write the pieces one by one, so that each is a segment of its own where the system allows."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0)

    async def answer(
        self, body: bytes | dict[str, Any], *, status: str = "200 OK", headers: str = ""
    ) -> None:
        """Send a whole answer with its length; a dict goes as JSON."""
        kind = "" if "content-type" in headers.lower() else "content-type: application/json\r\n"
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = f"HTTP/1.1 {status}\r\n{kind}{headers}content-length: {len(raw)}\r\n\r\n"
        await self.send(head.encode("latin-1") + raw)

    async def start_stream(self, *, headers: str = "content-type: text/event-stream\r\n") -> None:
        """Send the head of a chunked event stream."""
        await self.send(f"HTTP/1.1 200 OK\r\n{headers}transfer-encoding: chunked\r\n\r\n".encode("latin-1"))

    async def chunk(self, *pieces: bytes) -> None:
        """Send each piece as one HTTP chunk."""
        for piece in pieces:
            await self.send(b"%x\r\n%b\r\n" % (len(piece), piece))

    async def end_stream(self) -> None:
        """Send the chunk that ends a chunked body."""
        await self.send(b"0\r\n\r\n")

    async def client_gone(self) -> None:
        """Return when the client has hung up; what it still sends is dropped."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionError:
            pass
        self.closed = True

    def reset(self) -> None:
        """Hang up with a TCP reset."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        self.closed = True


Handler = Callable[[Connection], Awaitable[None]]


class RawServer:
    """A loopback server that runs one handler for each connection.

    Args:
        handler: Called with the connection; when it returns, the connection is closed.
        tls: Serve TLS with this context.
    """

    def __init__(self, handler: Handler, *, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections: list[Connection] = []
        self.failures: list[BaseException] = []

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[Request]:
        """Every request of every connection, by connection."""
        return [request for connection in self.connections for request in connection.requests]

    @property
    def open_connections(self) -> int:
        return sum(not connection.closed for connection in self.connections)

    async def __aenter__(self) -> RawServer:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, ssl=self._tls, limit=16 * 1024 * 1024
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LIMIT_S)
        await self._server.wait_closed()
        if self.failures and kind is None:
            raise self.failures[0]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        self.connections.append(connection)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._handler(connection)
        except (ConnectionError, asyncio.CancelledError):
            pass
        except BaseException as err:  # noqa: BLE001 - a failed check in a handler must fail the test, not the log
            self.failures.append(err)
        finally:
            writer.close()
            connection.closed = True
            self._tasks.discard(task)


Server = TypeVar("Server", bound=AbstractAsyncContextManager[Any])


@contextmanager
def threaded(server: Server) -> Iterator[Server]:
    """Run a server on a loop of its own thread; its methods and counts can be used from any thread."""
    started = threading.Event()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def run() -> None:
        async with server:
            ended = asyncio.Event()
            stop.append((asyncio.get_running_loop(), ended))
            started.set()
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=(run(),), name="server", daemon=True)
    thread.start()
    assert started.wait(LIMIT_S), "the server did not start"
    try:
        yield server
    finally:
        loop, ended = stop[0]
        loop.call_soon_threadsafe(ended.set)
        thread.join(LIMIT_S)
