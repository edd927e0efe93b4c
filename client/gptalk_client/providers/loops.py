"""Keeps what belongs to one event loop away from any other: without this, a wait there would never end."""

from __future__ import annotations

import asyncio

from gptalk_client.errors import UsageError


def running_loop() -> asyncio.AbstractEventLoop:
    """Return the running event loop.

    Raises:
        UsageError: There is none: no coroutine runs, or another library such as trio runs it.
    """
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        error = UsageError(
            "No asyncio event loop is running here.",
            hint="Call it inside asyncio.run(); synchronous code, or a thread under trio, can use "
            "create_completion().",
        )
    raise error


class OneLoop:
    """Belongs to the event loop that it is first used on.

    Args:
        what: What to call its owner in an error.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._loop: asyncio.AbstractEventLoop | None = None

    def check(self) -> None:
        """Return if the loop that runs is the owner's.

        Raises:
            UsageError: It is another one, or there is none.
        """
        loop = running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise UsageError(
                f"{self._what} was used on another event loop.",
                hint="Make one for each loop and thread, and close it there; `async with` does both.",
            )
