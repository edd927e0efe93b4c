"""The provider interfaces: the public generator class, and the instance that the app streams from."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterator
from queue import SimpleQueue
from typing import Any

from gptalk_client.models import AsyncResult, Messages, ReplyEvent, ReplyRequest


class Provider(ABC):
    """A service that replies to a conversation, with its own connection pool, timeouts and token.

    One instance serves the whole life of an app; several replies may stream from it at the same time.
    """

    name: str
    """What it is called in the settings, such as `gptalk`, `openai` or `local`."""
    service: str
    """The service's host for display, as in the status line."""
    is_on_this_computer: bool = False
    """Whether the service runs on this machine."""

    @abstractmethod
    def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        """Yield the events of one reply; return once the service marks it complete.

        Text is decoded only when the consumer asks for the next event, so a consumer that asks once a frame pays
        once a frame. Closing the generator closes the connection within a second.

        Raises:
            ProviderError: The reply could not be had, or broke off.
            ConfigError: The address or the proxy cannot be used.
        """

    def model_for(self, asked: str) -> str:
        """Return the name of the model that answers a request, as far as it is known; empty if it is not.

        Args:
            asked: The model that the request names; empty for the default.
        """
        return asked

    async def models(self) -> list[str]:
        """Return the names of the available models, best known first; empty if the service can't list them."""
        return []

    async def context_window(self, model: str) -> int | None:
        """Return how many tokens a model's context has room for; None if the service doesn't say.

        The answer is remembered. Best asked after a reply: by then an engine has loaded the model.

        Args:
            model: Its name; empty: the provider's default.
        """
        return None

    async def warm_up(self) -> None:  # noqa: B027 - a provider without anything to prepare needs none
        """Prepare for the first turn without using the network: load libraries and certificates."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connections. The instance can't be used afterwards."""


class Rewritten(str):
    """A piece that replaces the whole reply so far, because the service rewrote it."""

    __slots__ = ()


class AsyncGeneratorProvider(ABC):
    """A provider as a class: an asynchronous generator of text, also usable without an event loop."""

    @classmethod
    @abstractmethod
    def create_async_generator(
        cls, model: str, messages: Messages, proxy: str | None = None, **kwargs: Any
    ) -> AsyncResult:
        """Yield the reply piece by piece."""

    @classmethod
    async def create_async(
        cls, model: str, messages: Messages, proxy: str | None = None, **kwargs: Any
    ) -> str:
        """Return the whole reply."""
        pieces: list[str] = []
        async for piece in cls.create_async_generator(model, messages, proxy, **kwargs):
            if isinstance(piece, Rewritten):
                pieces.clear()
            pieces.append(piece)
        return "".join(pieces)

    @classmethod
    def create_completion(
        cls, model: str, messages: Messages, proxy: str | None = None, **kwargs: Any
    ) -> Iterator[str]:
        """Yield the reply piece by piece to synchronous code, also from within a running event loop."""
        done = object()
        queue: SimpleQueue[object] = SimpleQueue()
        running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = []
        has_started = threading.Event()

        async def pump() -> None:
            task = asyncio.current_task()
            assert task is not None
            running.append((asyncio.get_running_loop(), task))
            has_started.set()
            pieces = cls.create_async_generator(model, messages, proxy, **kwargs)
            try:
                async for piece in pieces:
                    queue.put(piece)
            finally:
                if isinstance(pieces, AsyncGenerator):
                    await pieces.aclose()

        def run() -> None:
            try:
                asyncio.run(pump())
            except BaseException as err:  # noqa: BLE001 - handed to the caller's thread, which raises it
                queue.put(err)
            else:
                queue.put(done)
            finally:
                has_started.set()

        thread = threading.Thread(target=run, name=f"{cls.__name__}.create_completion", daemon=True)
        thread.start()
        try:
            while (item := queue.get()) is not done:
                if isinstance(item, BaseException):
                    raise item
                assert isinstance(item, str)
                yield item
        finally:
            # If the caller stops early, the task that is fetching the next piece is cancelled.
            has_started.wait()
            for loop, task in running:
                with contextlib.suppress(RuntimeError):  # its loop is closed: it is over
                    loop.call_soon_threadsafe(task.cancel)
            thread.join()
