"""How much the list of conversations costs at ten and at ten thousand: run it by hand, it prints times and ratios.

python tests/bench/list.py
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

from gptalk_client.store.store import Store
from gptalk_tui.widgets.listing import ConversationRows
from support.apps import Running, paths_in, running_app
from support.scripted_provider import ScriptedProvider

SIZES = (10, 10_000)


def fill(folder: Path, count: int) -> None:
    """Make conversations, an hour apart."""
    now_ms = int(time.time() * 1000)
    with Store.open(paths_in(folder).database) as store, store._db.write() as con:
        con.executemany(
            "INSERT INTO conversation (id, title, title_key, renamed, created_at_ms, updated_at_ms, model,"
            " provider, options, system_prompt) VALUES (?, ?, ?, 0, ?, ?, '', '', '', '')",
            (
                (
                    os.urandom(16).hex(),
                    f"About things {n}",
                    f"about things {n}",
                    now_ms,
                    now_ms - n * 3_600_000,
                )
                for n in range(count)
            ),
        )


def milliseconds(work: Callable[[], object], times: int = 9) -> float:
    """Return the median time of a piece of work, in milliseconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return median(taken)


async def keys(app: Running, *names: str) -> float:
    """Return the mean time from a key to its painted effect, in milliseconds."""
    start = time.perf_counter()
    for name in names:
        await app.pilot.press(name)
        await app.pilot.pause()
    return (time.perf_counter() - start) * 1000 / len(names)


async def measure(count: int) -> dict[str, float]:
    """Return the times at a count of conversations, in milliseconds."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder, count)
        start = time.perf_counter()
        async with running_app(ScriptedProvider(["ok"]), folder) as app:
            found["start"] = (time.perf_counter() - start) * 1000
            store, pane = app.store, app.chat.list_pane
            found["read 200"] = milliseconds(lambda: store.conversations(limit=200))
            all_ = store.conversations()
            now = datetime.now().astimezone()
            found["rows"] = milliseconds(lambda: ConversationRows(all_, now=now).find(all_[-1].id))
            found["show"] = milliseconds(lambda: pane.show(all_, active=all_[0].id, streaming=()))
            await app.press("ctrl+s")
            await app.until(lambda: len(pane._rows.rows) >= count)
            found["down"] = await keys(app, *["down"] * 20)
            found["filter key"] = await keys(app, *"things 9", *["backspace"] * 8)
            await app.press("escape")
            found["next"] = await keys(app, *["ctrl+pagedown"] * 9)
            await app.until_idle()
    return found


def main() -> None:
    """Print the table."""
    few, many = (asyncio.run(measure(size)) for size in SIZES)
    print(f"{'ms':<12}{SIZES[0]:>10}{SIZES[1]:>10}{'ratio':>8}")
    for name, value in few.items():
        print(f"{name:<12}{value:>10.2f}{many[name]:>10.2f}{many[name] / value:>8.2f}")


if __name__ == "__main__":
    main()
