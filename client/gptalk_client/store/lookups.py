"""Slow reads such as searches: a thread and a connection of their own, interrupted when nobody waits any more."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from gptalk_client.errors import StoreError

if TYPE_CHECKING:
    from gptalk_client.store.store import Store

_T = TypeVar("_T")


class LookupThread:
    """Runs reads in order, one at a time. Its thread starts with the first of them."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lookup")
        self._main: Store | None = None
        self._own: Store | None = None
        """A read-only store on the same file; used on the thread only."""
        self._unwanted: set[threading.Event] = set()

    async def run(self, main: Store, work: Callable[[Store], _T]) -> _T:
        """Return `work(store)` for a read-only store on the file of `main`.

        Cancelling the task that awaits interrupts the query within a moment; one that has not begun never does.

        Raises:
            StoreError: What `work` raises.
        """
        is_unwanted = threading.Event()
        self._unwanted.add(is_unwanted)
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._executor, lambda: self._run(main, work, is_unwanted)
            )
        finally:
            is_unwanted.set()
            self._unwanted.discard(is_unwanted)

    def _run(self, main: Store, work: Callable[[Store], _T], is_unwanted: threading.Event) -> _T:
        store = self._store_for(main)
        with store.interruptible(is_unwanted.is_set):
            return work(store)

    def _store_for(self, main: Store) -> Store:
        if main.read_only:
            return main  # a second one would need a second copy in memory
        if self._main is not main:
            self._close_own()
        if self._own is None:
            from gptalk_client.store.store import Store

            try:
                self._main, self._own = main, Store.open(main.path, read_only=True)
            except StoreError:
                return main  # the file was moved, say; `main` still has it
        return self._own

    def close_later(self, store: Store) -> None:
        """Close a store that nobody else uses any more, after the reads that have begun."""
        try:
            self._executor.submit(store.close)
        except RuntimeError:  # shut down: all reads are over
            store.close()

    async def aclose(self) -> None:
        """Interrupt what is running, close the connection and end the thread."""
        for each in self._unwanted:
            each.set()
        with contextlib.suppress(RuntimeError):  # closed already
            closing = asyncio.get_running_loop().run_in_executor(self._executor, self._close_own)
            self._executor.shutdown(wait=False)
            await closing

    def _close_own(self) -> None:
        if self._own is not None:
            self._own.close()
        self._main = self._own = None
