"""Waiting for a condition instead of for a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object], *, timeout_s: float = 10) -> None:
    """Return as soon as the condition is true; let the event loop run meanwhile.

    Raises:
        TimeoutError: It never became true.
    """
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - the condition is anything that a test can ask
            await asyncio.sleep(0.002)
