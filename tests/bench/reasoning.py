"""What a megabyte of reasoning costs beside a megabyte of text: `python tests/bench/reasoning.py`.

The whole app, headless, with a store on disk. CPU is user and system time of this process, from Enter to the end
of the turn; each way twice, the lower figure counts. Run it on a quiet machine.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from gptalk_client.models import ReasoningAdded
from gptalk_client.settings import ChatSettings, Settings
from support import apps
from support.apps import running_app
from support.scripted_provider import ScriptedProvider, Step

SIZE = 1_000_000
CHUNK = 4000
"""Characters an event: what comes within a frame of a fast engine."""
TARGET = 1.1

PARAGRAPH = (
    "The stream of tokens reaches a client that must **parse**, wrap and paint every line while `keyboard()` "
    "input stays quick, because people type ahead of slow replies.\n\n- one\n- two\n\n"
)
TEXT = (PARAGRAPH * (SIZE // len(PARAGRAPH) + 1))[:SIZE]
PIECES = [TEXT[start : start + CHUNK] for start in range(0, SIZE, CHUNK)]


def cpu_s() -> float:
    """Return the CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def cost(steps: list[Step], settings: Settings) -> float:
    """Return the CPU seconds of a turn."""
    with tempfile.TemporaryDirectory() as folder:
        async with running_app(
            ScriptedProvider(steps), Path(folder), size=(120, 45), settings=settings
        ) as app:
            gc.collect()
            before = cpu_s()
            app.chat.composer.insert_text("go")
            await app.pilot.press("enter")
            while app.chat.session.turns:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            return cpu_s() - before


def measure(steps: list[Step], reasoning: str = "folded") -> float:
    """Return the lower cost of two turns."""
    chat = ChatSettings(reasoning=reasoning)  # type: ignore[arg-type]
    settings = Settings(provider="gptalk", model="test-model", chat=chat)
    return min(asyncio.run(cost(steps, settings)) for _ in range(2))


def main() -> None:
    """Measure and print the table."""
    apps.LIMIT_S = 120.0
    text = measure(list(PIECES))
    thoughts: list[Step] = [*map(ReasoningAdded, PIECES), "So."]
    print(f"| 1 MB | CPU s | over text | target |\n|---|---|---|---|\n| text | {text:.2f} | | |")
    for how in ("folded", "open", "hidden"):
        took = measure(thoughts, how)
        print(f"| reasoning, {how} | {took:.2f} | {took / text:.2f} | {TARGET} |")


if __name__ == "__main__":
    main()
