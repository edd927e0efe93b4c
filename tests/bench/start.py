"""How soon the app is there: `python tests/bench/start.py [STARTS] [OPTION ...]`.

Starts the app and a bare Textual app in turn, each in a pseudo-terminal, and prints what it took from the start of
the process to its first frame: time, CPU time of all its threads, resident memory; the medians of both, and of the
ratio in each pair. Options are passed to the app, which finds a provider in its config file. Both find compiled
modules, as installed programs do, even where the environment keeps Python from writing them.
"""

from __future__ import annotations

import contextlib
import os
import queue
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.keys import UNBOUNDED, Terminal

PROMPT = "Write a message"

BARE = f'''
from textual.app import App
from textual.containers import VerticalScroll
from textual.widgets import TextArea


class Bare(App):
    CSS = "TextArea {{ dock: bottom; height: 5; }}"
    ENABLE_COMMAND_PALETTE = False

    def compose(self):
        yield VerticalScroll()
        yield TextArea(placeholder="{PROMPT}")


Bare().run()
'''
"""What any chat in Textual has: a pane, and a field to type in."""


@dataclass(frozen=True)
class Start:
    """One start, up to the first frame."""

    wall_ms: float
    cpu_ms: float
    resident_mb: float


def cpu_ms(pid: int) -> float:
    """Return the CPU time of a process and all its threads so far."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class Watched(Terminal):
    """A terminal that looks at the process as soon as it has read a text."""

    def __init__(self, command: list[str], home: str, text: bytes) -> None:
        self._text, self._begun, self.found = text, time.monotonic(), queue.SimpleQueue[Start]()
        super().__init__(command, UNBOUNDED, home)

    def _read(self) -> None:
        seen = bytearray()
        with contextlib.suppress(OSError):  # the end
            while data := os.read(self._master, 1 << 16):
                seen += data
                if self.found.empty() and self._text in seen:
                    wall_ms, pid = (time.monotonic() - self._begun) * 1000, self.process.pid
                    self.found.put(Start(wall_ms, cpu_ms(pid), resident_mb(pid)))


def start(command: list[str], home: str) -> Start:
    """Start a program and return what it took to its first frame; the cursor may be on the first letter."""
    terminal = Watched(command, home, PROMPT[1:].encode())
    try:
        return terminal.found.get(timeout=20)
    finally:
        terminal.close()


def main() -> None:
    """Measure and print."""
    arguments = sys.argv[1:]
    starts = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 9
    with tempfile.TemporaryDirectory() as home:
        bare_file = Path(home) / "bare.py"
        bare_file.write_text(BARE)
        config = Path(home) / "CONFIG/gptalk-tui/config.toml"
        config.parent.mkdir(parents=True)
        config.write_text('provider = "gptalk"\n')
        ours, bare = [sys.executable, "-m", "gptalk_tui", *arguments], [sys.executable, str(bare_file)]
        os.environ["PYTHONPYCACHEPREFIX"] = f"{home}/pycache"
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        start(ours, home)  # makes the database
        start(bare, home)
        pairs = [(start(ours, home), start(bare, home)) for _ in range(starts)]
    print(f"{'to the first frame':20} {'the app':>9} {'bare':>9} {'ratio':>7}")
    for name in ("wall_ms", "cpu_ms", "resident_mb"):
        app, least = ([getattr(each[at], name) for each in pairs] for at in (0, 1))
        ratio = statistics.median(ours / bare for ours, bare in zip(app, least, strict=True))
        print(f"{name:20} {statistics.median(app):9.1f} {statistics.median(least):9.1f} {ratio:7.2f}")


if __name__ == "__main__":
    main()
