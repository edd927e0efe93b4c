"""How long the app stands still for long content: `python tests/bench/pauses.py`.

Each content is opened, paged through, shown at another width and streamed; printed is the longest time that one
step of the pane took, in milliseconds of CPU. The aim is 50 or less.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from textual.app import App, ComposeResult

from gptalk_client.models import BranchEntry, Role, Status
from gptalk_tui.terminal import gc_tuning
from gptalk_tui.widgets.transcript.styles import StyleTable
from gptalk_tui.widgets.transcript.widget import Transcript

PROSE = "The stream of tokens reaches a client that must **parse**, wrap and paint every line.\n\n- one\n- two\n\n"
CONTENTS: dict[str, str] = {
    "a message of 1 MB": PROSE * (1_000_000 // len(PROSE)),
    "a line of 200,000 letters": "x" * 200_000,
    "a line of 200,000 wide letters": "漢" * 200_000,
    "a paragraph of 200,000 characters": "word " * 40_000,
    "a table of 2,000 rows": "| a | b | c |\n|---|--:|---|\n"
    + "".join(f"| row {number} | {number * 7} | some words here |\n" for number in range(2000)),
    "a fence of 20,000 lines that never closes": "```python\n"
    + "".join(f"value_{number} = compute({number})  # note\n" for number in range(20_000)),
    "a list of 5,000 items": "".join(f"- item number {number}\n" for number in range(5000)),
}


class Pane(App[None]):
    """The transcript alone."""

    def __init__(self) -> None:
        super().__init__()
        self.transcript = Transcript(StyleTable())

    def compose(self) -> ComposeResult:
        yield self.transcript


class Watch:
    """The longest step so far, in milliseconds of CPU of the app's thread."""

    def __init__(self) -> None:
        self.longest_ms = 0.0

    def step(self, act: Callable[[], object]) -> None:
        """Do something and time it."""
        before = time.thread_time()
        act()
        self.longest_ms = max(self.longest_ms, (time.thread_time() - before) * 1000)


def entry(name: str, role: Role, size: int, status: Status = Status.COMPLETE) -> BranchEntry:
    """Return a message for the transcript."""
    return BranchEntry(name, None, role, status, 0, size)


async def measure(text: str, role: Role) -> tuple[float, float]:
    """Return the longest step of reading a text, and of streaming it."""
    app = Pane()
    async with app.run_test(size=(120, 45)) as pilot:
        pane = app.transcript
        watch = Watch()
        original = pane._work
        pane._work = lambda: watch.step(original)  # type: ignore[method-assign]
        watch.step(lambda: pane.show_conversation([entry("a", role, len(text))], {"a": text}))
        while pane.document.has_work:  # noqa: ASYNC110 - the pane works in slices of its own
            await asyncio.sleep(0.01)
        for _ in range(12):
            watch.step(lambda: pane.scroll_page(-1))
        watch.step(pane.scroll_to_top)
        for _ in range(12):
            watch.step(lambda: pane.scroll_page(1))
        watch.step(pane.follow_end)
        await pilot.resize_terminal(77, 45)
        await pilot.pause()
        reading = watch.longest_ms
        watch.longest_ms = 0.0
        if role is Role.ASSISTANT:
            streaming = entry("b", role, 0, Status.STREAMING)
            pane.begin_turn(entry("q", Role.USER, 2), "Go", streaming)
            for start in range(0, min(len(text), 300_000), 400):
                piece = text[start : start + 400]
                watch.step(lambda piece=piece: pane.append_text("b", piece))  # type: ignore[misc]
                await asyncio.sleep(0)
        return reading, watch.longest_ms


def main() -> None:
    """Measure each content and print the table."""
    # Lexers and parsers are loaded once, by whatever comes first: no part of any row.
    asyncio.run(measure("```python\nx = 1\n```\n\n| a |\n|---|\n", Role.ASSISTANT))
    gc_tuning.freeze()
    print("| content | reading, ms | streaming, ms |\n|---|---|---|")
    for name, text in CONTENTS.items():
        reading, streaming = asyncio.run(measure(text, Role.ASSISTANT))
        gc_tuning.collect_now()
        print(f"| {name} | {reading:.0f} | {streaming:.0f} |")
    reading, _ = asyncio.run(measure("word and " * 120_000, Role.USER))
    print(f"| a prompt of 1 MB | {reading:.0f} | – |")


if __name__ == "__main__":
    main()
