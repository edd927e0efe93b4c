"""Signals end the program with the exit code that shells expect, after cleaning up."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
]


class Signalled(BaseException):
    """A signal asked the program to end. Not an Exception, so that no error handler catches it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


class Ender:
    """A handler that raises `Signalled`, and remembers that it did, in case a library swallows it."""

    def __init__(self) -> None:
        self.received = 0
        """The first signal received; 0 for none."""

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """End the program."""
        self.received = self.received or number
        raise Signalled(number)


@contextlib.contextmanager
def signals_as_exit_codes() -> Iterator[None]:
    """Raise `Signalled` in the main thread when a signal would end the process on the spot."""
    end = Ender()
    before = _set_handlers(end)
    try:
        yield
    finally:
        _restore_handlers(before)
    if end.received:
        raise Signalled(end.received)


def run_until_signal(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; on a signal cancel it, wait until it has cleaned up, then raise `Signalled`.

    A second signal cancels it again, in case the cleanup is stuck.
    """
    import asyncio  # most commands don't need it

    async def run() -> T:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(work)
        received: list[int] = []

        def stop(number: int) -> None:
            received.append(number)
            task.cancel()

        def stop_soon(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(stop, number)

        before = _set_handlers(stop_soon)
        try:
            result = await task
        except asyncio.CancelledError:
            if received:
                raise Signalled(received[0]) from None
            raise
        finally:
            _restore_handlers(before)
        if received:
            raise Signalled(received[0])
        return result

    return asyncio.run(run())


def _set_handlers(handler: Callable[[int, FrameType | None], None]) -> dict[int, Any]:
    """Set a handler for every signal that isn't ignored (nohup); return the previous handlers.

    Only the main thread may set handlers; on any other, the embedding program has its own.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    before: dict[int, Any] = {}
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, handler)
    return before


def _restore_handlers(before: dict[int, Any]) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)
