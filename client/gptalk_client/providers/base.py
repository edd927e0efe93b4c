"""The provider interfaces: the public generator class, and the instance that the app streams from."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from queue import SimpleQueue
from typing import Any, Self

from gptalk_client.errors import TimedOutError, UsageError
from gptalk_client.models import AsyncResult, Messages, ReplyEvent, ReplyRequest
from gptalk_client.providers.hybrid import hybridmethod
from gptalk_client.providers.loops import running_loop
from gptalk_client.providers.model_info import ModelInfo


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

    async def list_models(self) -> list[ModelInfo]:
        """Return the available models with what the service tells about them; empty if it can't list them."""
        return [ModelInfo(name) for name in await self.models()]

    async def check(self) -> list[ModelInfo]:
        """Check that the service would answer a prompt, without sending one; return the available models.

        Raises:
            GptalkError: It would not; the hint says what to do.
        """
        return await self.list_models()

    async def context_window(self, model: str) -> int | None:
        """Return how many tokens a model's context has room for; None if the service doesn't say.

        The answer is remembered. Best asked after a reply: by then an engine has loaded the model.

        Args:
            model: Its name; empty: the provider's default.
        """
        return None

    async def continues_text(self) -> bool:
        """Return whether it goes on from the text of a reply that a request ends with."""
        return False

    async def warm_up(self) -> None:  # noqa: B027 - a provider without anything to prepare needs none
        """Prepare for the first turn without using the network: load libraries and certificates."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connections. The instance can't be used afterwards."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class Rewritten(str):
    """A piece that replaces the whole reply so far, because the service rewrote it."""

    __slots__ = ()


async def join(pieces: AsyncIterable[str]) -> str:
    """Return a whole reply from its pieces."""
    kept: list[str] = []
    async for piece in pieces:
        if isinstance(piece, Rewritten):
            kept.clear()
        kept.append(piece)
    return "".join(kept)


def check_timeout(timeout_s: object) -> None:
    """Return if a value is a time limit.

    Raises:
        UsageError: It is not.
    """
    is_number = isinstance(timeout_s, int | float) and not isinstance(timeout_s, bool)
    if not is_number or not (0 < float(timeout_s) < math.inf):  # type: ignore[arg-type]
        raise UsageError("timeout must be a number of seconds greater than 0.")


def reply_timed_out(timeout_s: float | None) -> TimedOutError:
    """Return the error for a reply that takes longer than its caller allows."""
    return TimedOutError(
        f"The reply was not complete after {timeout_s:g} seconds.",
        phase="reply",
        hint="Allow a longer `timeout`.",
    )


class AsyncGeneratorProvider(ABC):
    """A provider as a class: an asynchronous generator of text, also usable without an event loop.

    The methods can be called on an instance as well; they then use what the instance was made with.
    """

    @hybridmethod
    @abstractmethod
    def create_async_generator(
        self_or_cls: Any,
        /,
        model: str,
        messages: Messages,
        proxy: str | None = None,
        **kwargs: Any,
    ) -> AsyncResult:
        """Yield the reply piece by piece."""

    @hybridmethod
    async def create_async(
        self_or_cls: Any,
        /,
        model: str,
        messages: Messages,
        proxy: str | None = None,
        *,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> str:
        """Return the whole reply; the arguments are those of `create_async_generator`.

        Args:
            timeout: How long the reply may take, in seconds.

        Raises:
            TimedOutError: It took longer.
            GptalkError: Whatever `create_async_generator` raises.
        """
        running_loop()
        if timeout is not None:
            check_timeout(timeout)
        pieces = self_or_cls.create_async_generator(model, messages, proxy, **kwargs)
        try:
            async with asyncio.timeout(timeout):
                return await join(pieces)
        except TimeoutError:
            raise reply_timed_out(timeout) from None
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()

    @hybridmethod
    def create_completion(
        self_or_cls: Any,
        /,
        model: str,
        messages: Messages,
        stream: bool = True,
        **kwargs: Any,
    ) -> Iterator[str]:
        """Yield the reply piece by piece to synchronous code, also from within a running event loop.

        Args:
            stream: False yields the whole reply as one piece.
            **kwargs: The other arguments of `create_async_generator`, `proxy` and `timeout` among them.

        Raises:
            GptalkError: Whatever `create_async_generator` raises.
        """
        done = object()
        queue: SimpleQueue[object] = SimpleQueue()
        running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = []
        has_started = threading.Event()
        is_class = isinstance(self_or_cls, type)
        source: Any = self_or_cls if is_class else self_or_cls._for_other_loop()

        async def pump() -> None:
            task = asyncio.current_task()
            assert task is not None
            running.append((asyncio.get_running_loop(), task))
            has_started.set()
            pieces = source.create_async_generator(model, messages, **kwargs)
            try:
                if not stream:
                    queue.put(await join(pieces))
                    return
                async for piece in pieces:
                    queue.put(piece)
            finally:
                if isinstance(pieces, AsyncGenerator):
                    await pieces.aclose()
                if source is not self_or_cls and isinstance(source, Provider):
                    await source.aclose()

        def run() -> None:
            try:
                asyncio.run(pump())
            except BaseException as err:  # noqa: BLE001 - handed to the caller's thread, which raises it
                queue.put(err)
            else:
                queue.put(done)
            finally:
                has_started.set()

        name = (source if is_class else type(source)).__name__
        thread = threading.Thread(target=run, name=f"{name}.create_completion", daemon=True)
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

    def _for_other_loop(self) -> AsyncGeneratorProvider:
        """Return what to ask on another event loop: an instance with connections of its own, if it has any."""
        return self
