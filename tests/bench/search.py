"""What a key costs in the search of all conversations: `python tests/bench/search.py [--messages N]`.

Asks the app for each query key by key and prints how long it took from the wish to the rows, in a small and in a
large store, and their ratio. Then the same for the find bar in the longest conversation, until all of it was
looked through. A ratio near 1 means that the cost does not grow with what is kept.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from store import fill  # type: ignore[import-not-found]

from gptalk_client.store.store import Store
from gptalk_tui.chat.find import Query
from gptalk_tui.dialogs.base import LOOKING
from gptalk_tui.dialogs.search import SearchScreen
from support.apps import Running, paths_in, running_app
from support.scripted_provider import ScriptedProvider

QUERIES = ("example", "привет", "日本語", "c++", "of the", "zzzz", '"-x')


async def look(app: Running, group: str, begin: Callable[[], None]) -> float:
    """Return the time from a wish to its rows, in ms."""
    await app.pilot.pause()
    await app.until(lambda: not any(worker.group == group for worker in app.app.workers))
    start = time.perf_counter()
    begin()
    await next(worker for worker in app.app.workers if worker.group == group).wait()
    return (time.perf_counter() - start) * 1000


def prefixes() -> list[str]:
    return [query[:end] for query in QUERIES for end in range(1, len(query) + 1)]


async def measure(folder: Path, conversations: int, messages: int) -> dict[str, float]:
    with Store.open(paths_in(folder).database) as store:
        fill(store, conversations, messages, random.Random(1))
        long = store.conversations(limit=1)[0].id
    async with running_app(ScriptedProvider([]), folder, chat=long) as app:
        app.chat.controllers.search.open()
        await app.until(lambda: isinstance(app.app.screen, SearchScreen))
        screen = app.app.screen
        assert isinstance(screen, SearchScreen)
        everywhere = [await look(app, LOOKING, partial(screen._look, typed)) for typed in prefixes()]
        await app.press("escape", "ctrl+f")
        await app.pilot.pause()
        finding = app.chat.controllers.find
        here = [await look(app, "find", partial(finding.look, Query.of(typed))) for typed in prefixes()]
    return {
        "all conversations, median": statistics.median(everywhere),
        "all conversations, worst": max(everywhere),
        "find in the longest, median": statistics.median(here),
        "find in the longest, worst": max(here),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small = asyncio.run(measure(Path(folder) / "small", 50, 500))
        large = asyncio.run(measure(Path(folder) / "large", options.messages // 10, options.messages))
    print(f"{'ms from key to rows':32} {'small':>9} {'large':>9} {'ratio':>7}")
    for name, little in small.items():
        print(f"{name:32} {little:9.1f} {large[name]:9.1f} {large[name] / little:7.1f}")


if __name__ == "__main__":
    main()
