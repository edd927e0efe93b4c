"""The endpoint in the foreground, for other programs on this computer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gptalk_client.embedded.process import LocalEndpoint
from gptalk_client.embedded.secret_file import keep_secret
from gptalk_client.errors import LocalModelError, UsageError

_LOOPBACK = {"127.0.0.1", "localhost"}


def serve(
    models_dir: Path,
    *,
    model_file: str | os.PathLike[str] | None = None,
    upstream: str = "",
    upstream_model: str = "",
    host: str = "127.0.0.1",
    port: int = 0,
    secret_file: Path | None = None,
    echo: Callable[[str], None] = print,
) -> int:
    """Serve the GPTalk protocol until a signal ends it.

    Args:
        models_dir: Where pulled weights are kept.
        model_file: A GGUF file to use instead of them.
        upstream: The address of an OpenAI-compatible server to relay to instead of a model. Its key is
            read from `GPTALK_UPSTREAM_KEY` or `OPENAI_API_KEY`.
        upstream_model: The model to ask that server for; empty takes the client's, or the server's first.
        host: 127.0.0.1 or localhost.
        port: 0 takes any free one.
        secret_file: Where the address's secret is kept for the next start; None makes a new one each time.
        echo: Called with each line for the person.

    Returns:
        The number of the signal that ended it: 2 (Ctrl+C), 15 or 1.

    Raises:
        UsageError: Another host, or both a model file and an upstream.
        WeightsMissingError: There is no model yet.
        LocalModelError: It could not be started, ended by itself, or the secret's file cannot be used.
    """
    if host not in _LOOPBACK:
        raise UsageError(
            f"The endpoint listens on 127.0.0.1 only, not on {host}.",
            hint="To reach it from another computer, forward the port, for example with ssh -L.",
        )
    if model_file is not None and upstream:
        raise UsageError("A model file and an upstream can't be used together.")
    endpoint = LocalEndpoint(
        models_dir,
        model_file,
        upstream=upstream,
        upstream_model=upstream_model,
        port=port,
        secret=keep_secret(secret_file) if secret_file else "",
    )
    try:
        return asyncio.run(_serve(endpoint, echo))
    except KeyboardInterrupt:  # on loops without signal handlers
        return signal.SIGINT


async def _serve(endpoint: LocalEndpoint, echo: Callable[[str], None]) -> int:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()
    waited: set[asyncio.Future[Any]]

    def end(number: int) -> None:
        if not ended.done():
            ended.set_result(number)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with contextlib.suppress(AttributeError, NotImplementedError):
            number = getattr(signal, name)
            loop.add_signal_handler(number, end, int(number))
    starting = asyncio.ensure_future(endpoint.start())
    try:
        waited = {starting, ended}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            return ended.result()
        url = starting.result()
        echo(f"Serving {endpoint.model_name} on {url}")
        # The address holds the secret, and other users can read a program's arguments, but not its environment.
        echo(f"Chat with it: {with_address(url)}")
        gone = asyncio.ensure_future(endpoint.wait())
        waited = {gone, ended}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            raise await endpoint.crash() or LocalModelError("The endpoint stopped.")
        gone.cancel()
        return ended.result()
    finally:
        starting.cancel()
        await endpoint.stop()


def with_address(url: str) -> str:
    """Return the command that starts the app on an address, without naming it in the arguments."""
    if sys.platform == "win32":
        return f'$env:GPTALK_URL = "{url}"; gptalk-tui'
    return f"GPTALK_URL={url} gptalk-tui"
