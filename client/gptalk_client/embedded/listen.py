"""The endpoint's socket and its web server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn

from gptalk_client.embedded.connection import MAX_CONNECTIONS, bounded
from gptalk_client.embedded.engine import Engine
from gptalk_client.embedded.secret_file import make_secret
from gptalk_client.embedded.server import Endpoint, EndpointTimeouts
from gptalk_client.errors import LocalModelError, Remedy

HOST = "127.0.0.1"
_KEEP_ALIVE_S = 3600
"""Keeps a client's connection open between prompts, in seconds."""


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which belong to the surrounding program, and without its ticking."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Stop the server, including open connections."""
        self.should_exit = True
        self.force_exit = True
        self._stopping.set()

    async def main_loop(self) -> None:
        # uvicorn's own loop wakes up ten times a second for a date header, which isn't sent here.
        await self._stopping.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._on_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(port: int = 0) -> socket.socket:
    """Return a socket on 127.0.0.1.

    Args:
        port: 0 takes any free one.

    Raises:
        LocalModelError: The port is in use or not allowed.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((HOST, port))
    except (OSError, OverflowError) as err:
        sock.close()
        reason = err.strerror if isinstance(err, OSError) else "no such port"
        raise LocalModelError(
            f"Port {port} of {HOST} cannot be used: {reason}.",
            hint="Choose another, or 0 for any.",
            remedy=Remedy.PORT,
        ) from err
    return sock


async def listen(
    engine: Engine,
    sock: socket.socket,
    on_ready: Callable[[str], None],
    *,
    secret: str = "",
    timeouts: EndpointTimeouts | None = None,
) -> None:
    """Serve the GPTalk protocol until cancelled.

    Args:
        engine: What writes the replies.
        sock: As `bind` returns it; closed at the end.
        on_ready: Called with the base address, secret included, once requests are answered.
        secret: What the path begins with; empty makes a new one.
        timeouts: How long tokens and silences last.
    """
    port = sock.getsockname()[1]
    secret = secret or make_secret()
    timeouts = timeouts or EndpointTimeouts()
    endpoint = Endpoint(engine, timeouts)
    config = uvicorn.Config(
        endpoint.app(secret=secret, port=port),
        http=bounded(timeouts.request_s),
        limit_concurrency=MAX_CONNECTIONS,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config, lambda: on_ready(f"http://{HOST}:{port}/{secret}"))
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        await asyncio.shield(serving)
    finally:
        await endpoint.aclose()
        server.stop()
        await serving
        sock.close()
