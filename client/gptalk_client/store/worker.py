"""The store for an event loop: its own thread, which runs calls in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from gptalk_client.errors import StoreError
from gptalk_client.store.disk_space import shortage
from gptalk_client.store.lookups import LookupThread

if TYPE_CHECKING:
    from gptalk_client.store.store import Store

_P = ParamSpec("_P")
_T = TypeVar("_T")

REOPEN_S = 2.0
"""How long a store that could not be opened is left alone before a call tries again, in seconds."""


class StoreThread:
    """Runs the store's methods on one thread, in order, so that the loop never waits for the disk.

    Cancelling the task that awaits a call does not cancel the call: what was asked to be written is written.

    Args:
        store: An open store, or what opens one: it is called on the thread before the first call, and again by a
            later call as long as it raises StoreError. `aclose` leaves the store open; its owner closes it.
    """

    def __init__(self, store: Store | Callable[[], Store]) -> None:
        self._store = None if callable(store) else store
        self._open = store if callable(store) else None
        self._failure: StoreError | None = None
        self._tried_s = 0.0
        self.on_writable: Callable[[], None] | None = None
        """Called on the loop when a store that waited for space was opened again and can be written now."""
        self._lookups = LookupThread()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._running: set[asyncio.Future[Any]] = set()
        self._is_closed = False

    @property
    def store(self) -> Store:
        """The store itself, for short reads on the loop's own thread, which do not wait for writes.

        Raises:
            StoreError: It is not open.
        """
        if self._store is None:
            raise self._failure or StoreError("The conversations are not open yet.")
        return self._store

    @property
    def is_open(self) -> bool:
        """Whether there is a store."""
        return self._store is not None

    @property
    def has_failed(self) -> bool:
        """Whether the store could not be opened when that was last tried."""
        return self._failure is not None

    @property
    def waits_for_space(self) -> bool:
        """Whether nothing can be written because the disk was full when the store was opened."""
        return self._store is not None and self._store.waits_for_space

    async def call(
        self, work: Callable[Concatenate[Store, _P], _T], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """Return `work(store, *args, **kwargs)`, such as `call(Store.conversations, limit=50)`.

        Raises:
            StoreError: The store cannot be opened, the thread is closed already, or what `work` raises.
        """
        self._refuse_if_closed()
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._executor, lambda: work(self._opened(loop), *args, **kwargs))
        self._running.add(running)
        running.add_done_callback(self._done)
        return await asyncio.shield(running)

    async def look_up(
        self, work: Callable[Concatenate[Store, _P], _T], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """Like `call`, for reads that may be slow: calls never wait for them.

        They run in order on a thread and a read-only connection of their own. Cancelling the task that awaits
        interrupts the query.

        Raises:
            StoreError: The store cannot be opened, the thread is closed already, or what `work` raises.
        """
        self._refuse_if_closed()
        if self._store is None:
            await self.call(lambda _: None)
        return await self._lookups.run(self.store, lambda store: work(store, *args, **kwargs))

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise StoreError("The conversations are closed.", hint="Start the program again.")

    def _done(self, running: asyncio.Future[Any]) -> None:
        self._running.discard(running)
        if not running.cancelled():
            running.exception()  # marks it as seen: a caller that was cancelled does not look

    def _opened(self, loop: asyncio.AbstractEventLoop) -> Store:
        if self._open is None:
            return self.store
        is_due = time.monotonic() - self._tried_s >= REOPEN_S
        if self._store is None:
            if self._failure is not None and not is_due:
                raise self._failure
            self._tried_s = time.monotonic()
            try:
                self._store, self._failure = self._open(), None
            except StoreError as err:
                self._failure = err
                raise
        elif self._store.waits_for_space and is_due:
            self._look_for_space(self._store, self._open, loop)
        return self.store

    def _look_for_space(
        self, full: Store, open_again: Callable[[], Store], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._tried_s = time.monotonic()
        if shortage(full.path.parent):
            return
        try:
            store = open_again()
        except StoreError:
            return  # the other can still be read
        if store.read_only:
            store.close()
            return
        self._store = store
        # On the loop's thread none of its short reads is under way, and the next one takes the new store.
        try:
            loop.call_soon_threadsafe(self._take_leave, full)
        except RuntimeError:  # the loop is closed: there are no reads
            full.close()

    def _take_leave(self, full: Store) -> None:
        self._lookups.close_later(full)
        if self.on_writable is not None:
            self.on_writable()

    def hurry(self) -> None:
        """Let calls that wait for another process's lock fail soon, because the program ends."""
        if self._store is not None:
            self._store.hurry()

    async def aclose(self, limit_s: float | None = None) -> bool:
        """Refuse further calls and end the thread once those already made are done.

        Args:
            limit_s: How long to wait for them, in seconds; None waits until they are.

        Returns:
            Whether they are done.
        """
        self._is_closed = True
        self._executor.shutdown(wait=False)
        waiting = {*self._running, asyncio.ensure_future(self._lookups.aclose())}
        _, late = await asyncio.wait(waiting, timeout=limit_s)
        return not late
