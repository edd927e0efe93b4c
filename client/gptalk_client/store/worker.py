"""The store for an event loop: one thread of its own, in the order of the calls."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from gptalk_client.errors import StoreError
from gptalk_client.store.store import Store

_P = ParamSpec("_P")
_T = TypeVar("_T")


class StoreThread:
    """Runs the store's methods on one thread, in order, so that the loop never waits for a disk.

    Cancelling the task that awaits a call does not cancel the call: what was asked to be written is written.

    Args:
        store: An open store. It stays open at `aclose`; whoever opened it closes it afterwards.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        """The store itself, for short reads on the loop's own thread, which do not wait for writes."""
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._is_closed = False

    async def call(
        self, work: Callable[Concatenate[Store, _P], _T], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """Return `work(store, *args, **kwargs)`, such as `call(Store.conversations, limit=50)`.

        Raises:
            StoreError: The thread is closed already, or what `work` raises.
        """
        if self._is_closed:
            raise StoreError("The conversations are closed.", hint="Start the program again.")
        work = functools.partial(work, self.store, *args, **kwargs)
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._executor, work))

    run = call
    """The older name."""

    async def aclose(self) -> None:
        """Take no further calls, wait until everything asked for is done, and end the thread."""
        self._is_closed = True
        await asyncio.shield(asyncio.to_thread(self._executor.shutdown))
