"""What the transcript costs at 10 messages and at 10,000: `python tests/bench/transcript.py`.

The pane runs in a real pseudo-terminal of 120 x 45 in a process of its own, once a size; CPU is user and system
time of that process. Printed are ratios and counters, beside the targets. Run it on a quiet machine.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import json
import os
import pty
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TEXTUAL_FPS", "120")

from textual.app import App, ComposeResult
from textual.screen import Screen

from gptalk_client.models import BranchEntry, Role, Status
from gptalk_tui.widgets.transcript.styles import StyleTable
from gptalk_tui.widgets.transcript.widget import Transcript

ROWS, COLUMNS = 45, 120
SIZES = (10, 10_000)
STREAM_BYTES = 200_000
CHUNK = 200
"""Bytes a frame: ten chunks of twenty, which is 300 chunks a second at 30 frames."""

PARAGRAPH = (
    "The stream of tokens reaches a client that must **parse**, wrap and paint every line while `keyboard()` "
    "input stays quick, because people type ahead of slow replies and notice each stall.\n\n"
)
BLOCKS = (
    "## A section\n\n",
    PARAGRAPH * 2,
    "- An item of a list\n- Another one, *with emphasis*\n- And `code()`\n\n",
    "```python\ndef parse(line: str, limit: int = 42) -> list[str]:\n    return line.split()[:limit]\n```\n\n",
    PARAGRAPH,
    "| name | value |\n|------|------:|\n| one | 1 |\n| two | 22 |\n\n",
    "1. First of all\n2. And then\n\n",
)


def text_of(size: int) -> str:
    """Return about so many characters of Markdown."""
    text = ""
    number = 0
    while len(text) < size:
        text += BLOCKS[number % len(BLOCKS)]
        number += 1
    return text[:size]


REPLY = text_of(1500)


def cpu_s() -> float:
    """Return the CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident_mb() -> float:
    """Return the resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Pane(App[None]):
    """The transcript alone, which measures itself."""

    def __init__(self, count: int, out: Path) -> None:
        super().__init__()
        self._count = count
        self._out = out
        self._entries = [
            BranchEntry(
                f"m{number}",
                None,
                Role.USER if number % 2 == 0 else Role.ASSISTANT,
                Status.COMPLETE,
                0,
                30 if number % 2 == 0 else len(REPLY),
            )
            for number in range(count)
        ]
        # Texts are made when they are asked for, as the store reads them when they come into view.
        self.transcript = Transcript(StyleTable(), fetch=lambda ids: {i: self._text(int(i[1:])) for i in ids})
        self.layouts = 0

    @staticmethod
    def _text(index: int) -> str:
        return f"What about number {index:06}?" if index % 2 == 0 else f"{index:06} " + REPLY[7:]

    def compose(self) -> ComposeResult:
        yield self.transcript

    def on_mount(self) -> None:
        self.call_after_refresh(lambda: self.run_worker(self._measure()))

    async def _settle(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0.03)

    async def _cost(self, times: int, act: Callable[[], Awaitable[None] | None]) -> float:
        await self._settle()
        before = cpu_s()
        for _ in range(times):
            result = act()
            if result is not None:
                await result
            await asyncio.sleep(0.02)
        return (cpu_s() - before) / times

    async def _measure(self) -> None:
        pane = self.transcript
        found: dict[str, Any] = {}
        before = cpu_s()
        pane.show_conversation(self._entries)
        await self._settle()
        found["open"] = cpu_s() - before
        gc.collect()
        gc.freeze()
        found["resident_mb"] = resident_mb()
        found["page_up"] = await self._cost(20, self._page_up)
        rendered = pane.document.rendered_rows
        pane.scroll_lines(-1)
        found["rows_a_scroll"] = pane.document.rendered_rows - rendered
        found["jump"] = await self._cost(6, self._jump)
        found["resize"] = await self._cost(6, self._resize)
        found.update(await self._stream())
        found["widgets"] = len(list(self.screen.walk_children()))
        self._out.write_text(json.dumps(found))
        self.exit()

    def _page_up(self) -> None:
        """Go up by a page; from the third one back to the end, so that ten messages are enough for it."""
        pane = self.transcript
        self._pages = (self._pages + 1) % 4
        if self._pages:
            pane.scroll_page(-1)
        else:
            pane.follow_end()

    _pages = 0

    def _jump(self) -> None:
        pane = self.transcript
        if pane.is_following:
            pane.scroll_to_top()
        else:
            pane.follow_end()

    _is_wide = True

    async def _resize(self) -> None:
        self._is_wide = not self._is_wide
        size = struct.pack("HHHH", ROWS, COLUMNS if self._is_wide else COLUMNS - 23, 0, 0)
        fcntl.ioctl(0, termios.TIOCSWINSZ, size)
        os.kill(os.getpid(), signal.SIGWINCH)
        await asyncio.sleep(0.1)

    async def _stream(self) -> dict[str, Any]:
        pane = self.transcript
        pane.follow_end()
        text = text_of(STREAM_BYTES)
        prompt = BranchEntry("prompt", None, Role.USER, Status.COMPLETE, 0, 2)
        pane.begin_turn(prompt, "Go", BranchEntry("reply", "prompt", Role.ASSISTANT, Status.STREAMING, 0, 0))
        await self._settle()
        rows = pane.document.rows(len(pane.document.entries) - 1)
        commits = len(text) // CHUNK
        costs: list[float] = []
        tails: list[int] = []
        layouts = self.layouts
        for number in range(commits):
            before = cpu_s()
            pane.append_text("reply", text[number * CHUNK : (number + 1) * CHUNK])
            await asyncio.sleep(0)
            await asyncio.sleep(0.012)
            costs.append(cpu_s() - before)
            tail = rows.splitter.tail
            tails.append(len(tail.source) if tail is not None else 0)
        tenth = commits // 10
        return {
            "chunk": sum(costs) / commits / (CHUNK / 20),
            "first_tenth": sum(costs[:tenth]),
            "last_tenth": sum(costs[-tenth:]),
            "tail_bytes": sorted(tails)[int(len(tails) * 0.95)],
            "layouts": self.layouts - layouts,
        }


def count_layouts(app: Pane) -> None:
    """Count each time that the screen is laid out."""
    original = Screen._refresh_layout

    def counted(self: Screen[Any], *args: Any, **kwargs: Any) -> None:
        app.layouts += 1
        original(self, *args, **kwargs)

    Screen._refresh_layout = counted  # type: ignore[method-assign]


def child(count: int, out: Path) -> None:
    """Measure one size, in the terminal that this process has."""
    app = Pane(count, out)
    count_layouts(app)
    app.run()


def measure(count: int) -> dict[str, Any]:
    """Return what a process of its own measured."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        terminal, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        process = subprocess.Popen(
            [sys.executable, __file__, "child", str(count), str(out)],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            start_new_session=True,
        )
        os.close(inside)
        written = 0

        def drain() -> None:
            nonlocal written
            while True:
                try:
                    data = os.read(terminal, 1 << 16)
                except OSError:
                    return
                if not data:
                    return
                written += len(data)

        reader = threading.Thread(target=drain, daemon=True)
        reader.start()
        process.wait(timeout=300)
        if not out.exists():
            raise SystemExit(f"the process for {count} messages ended with {process.returncode}")
        result: dict[str, Any] = json.loads(out.read_text())
        result["tty_kb"] = written / 1000
        return result


def report(few: dict[str, Any], many: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return name, figure and target of each row."""
    text_mb = (SIZES[1] - SIZES[0]) / 2 * (len(REPLY) + 30) / 1e6

    def ratio(name: str) -> str:
        return f"{many[name] / few[name]:.2f}"

    return [
        ("CPU a chunk, 10,000 messages over 10", ratio("chunk"), "1.1"),
        ("  milliseconds a chunk", f"{few['chunk'] * 1000:.2f} and {many['chunk'] * 1000:.2f}", "0.33"),
        (
            "last tenth of a 200 KB reply over its first",
            f"{many['last_tenth'] / many['first_tenth']:.2f}",
            "1.1",
        ),
        ("opening, 10,000 over 10", ratio("open"), "1.3"),
        ("  milliseconds", f"{few['open'] * 1000:.0f} and {many['open'] * 1000:.0f}", ""),
        ("resize, 10,000 over 10", ratio("resize"), "1.15"),
        ("PageUp, 10,000 over 10", ratio("page_up"), "1.1"),
        ("  milliseconds", f"{few['page_up'] * 1000:.1f} and {many['page_up'] * 1000:.1f}", "6.1"),
        ("jump to top or end over PageUp, at 10,000", f"{many['jump'] / many['page_up']:.2f}", "1.5"),
        (
            "resident growth over the text's bytes",
            f"{(many['resident_mb'] - few['resident_mb']) / text_mb:.2f}",
            "1.5",
        ),
        ("widgets, at 10 and 10,000", f"{few['widgets']} and {many['widgets']}", "10"),
        ("layouts while 1,000 commits streamed", f"{many['layouts']}", "0"),
        ("bytes parsed a commit, 95 of 100", f"{many['tail_bytes']}", "2048"),
        ("rows rendered by a scroll of one line", f"{many['rows_a_scroll']}", "46"),
        ("KB to the terminal", f"{few['tty_kb']:.0f} and {many['tty_kb']:.0f}", ""),
    ]


def main(arguments: Sequence[str]) -> None:
    """Measure both sizes and print the table."""
    if arguments[:1] == ["child"]:
        child(int(arguments[1]), Path(arguments[2]))
        return
    started = time.monotonic()
    few, many = (measure(count) for count in SIZES)
    print("| figure | here | target |\n|---|---|---|")
    for row in report(few, many):
        print("| " + " | ".join(row) + " |")
    print(f"\n{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
