"""A slow link: `python tests/bench/link.py [RATES] [--buffer KB] [--delay MS] [--margins] [--stock]`.

The app runs behind a relay that passes its output on at so many bytes a second, with a buffer of its own as ssh
has one, while a server streams 25 KB in 5 seconds. The terminal answers questions at once. Printed are the times
from the last byte served to the last word read, and from a key press until its letter is read.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections import deque
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.transcript import text_of
from support.gptalk_server import GptalkServer, threaded_gptalk_server

RATES = (200_000, 50_000, 20_000)
BUFFERS_KB = (16, 1000)
SIZE_BYTES = 25_600
PIECES_A_SECOND = 250
LIMIT_S = 30.0
STEP_S = 0.004
LETTER = "þ".encode()
"""On no screen otherwise."""
LAST_WORD = b"omega"

_QUESTION = re.compile(rb"\x1b\[5n|\x1b\[\?(\d+)\$p")


class Link:
    """A terminal at the end of a link.

    Args:
        command: What runs at its other end.
        rate: Bytes a second; keys take no time.
        buffer_bytes: How much the link takes before its time.
        delay_s: How long a byte is on its way, in each direction.
        has_margins: Whether the terminal has left and right margins.
        home: A private home.
        environment: Variables beside it.
    """

    def __init__(
        self,
        command: list[str],
        *,
        rate: int,
        buffer_bytes: int,
        delay_s: float,
        has_margins: bool,
        home: str,
        environment: dict[str, str],
    ) -> None:
        self._master, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "HOME": home, **environment}
        env |= {f"XDG_{name}_HOME": f"{home}/{name}" for name in ("CONFIG", "DATA", "CACHE", "STATE")}
        self.process = subprocess.Popen(
            command, stdin=inside, stdout=inside, stderr=inside, env=env, start_new_session=True
        )
        os.close(inside)
        self._rate, self._buffer_bytes, self._delay_s = rate, buffer_bytes, delay_s
        self._known_modes = {b"2026"} | ({b"69"} if has_margins else set())
        self._seen = bytearray()
        self._answered = 0
        self._news = threading.Condition()
        self._wire: deque[tuple[float, bytes]] = deque()
        self._typed: deque[tuple[float, bytes]] = deque()
        threading.Thread(target=self._carry, daemon=True).start()

    @property
    def received(self) -> int:
        """How many bytes have arrived."""
        return len(self._seen)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        self._typed.append((time.monotonic() + self._delay_s, keys))

    def wait_for(self, wanted: bytes, count: int, limit_s: float = LIMIT_S) -> float | None:
        """Return when something had been painted so often, or None at the limit."""
        with self._news:
            if self._news.wait_for(lambda: self._seen.count(wanted) >= count, limit_s):
                return time.monotonic()
        return None

    def count(self, wanted: bytes) -> int:
        """Return how often something was painted so far."""
        with self._news:
            return self._seen.count(wanted)

    def close(self) -> None:
        """End the app."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(20)

    def _carry(self) -> None:
        waiting, last, credit = bytearray(), time.monotonic(), 0.0
        while True:
            room = self._buffer_bytes - len(waiting)
            ready = select.select([self._master] if room > 0 else [], [], [], STEP_S)[0]
            if ready:
                try:
                    waiting += os.read(self._master, min(room, 4096))
                except OSError:
                    return
            now = time.monotonic()
            credit = min(credit + (now - last) * self._rate, max(512.0, self._rate * 0.02))
            last = now
            if share := min(int(credit), len(waiting)):
                self._wire.append((now + self._delay_s, bytes(waiting[:share])))
                del waiting[:share]
                credit -= share
            while self._wire and self._wire[0][0] <= now:
                self._arrive(self._wire.popleft()[1])
            while self._typed and self._typed[0][0] <= now:
                os.write(self._master, self._typed.popleft()[1])

    def _arrive(self, data: bytes) -> None:
        with self._news:
            self._seen += data
            self._news.notify_all()
        for match in _QUESTION.finditer(self._seen, self._answered):
            self._answered = match.end()
            mode = match[1]
            answer = (
                b"\x1b[0n" if mode is None else b"\x1b[?%s;%d$y" % (mode, 2 * (mode in self._known_modes))
            )
            self.type(answer)


def serve(server: GptalkServer, pieces: int, ended: list[float]) -> None:
    """Let the reply go on at its rate."""
    started = time.monotonic()
    for number in range(pieces + 1):
        time.sleep(max(0.0, started + number / PIECES_A_SECOND - time.monotonic()))
        server.step()
        ended[:] = [time.monotonic()]


def measure(rate: int, buffer_kb: int, delay_ms: int, has_margins: bool, is_stock: bool) -> str:
    """Return a row of the table."""
    reply = text_of(SIZE_BYTES) + f"\n\n{LAST_WORD.decode()}"
    pieces = [reply[start : start + 20] for start in range(0, len(reply), 20)]
    ended: list[float] = []
    with tempfile.TemporaryDirectory() as home, threaded_gptalk_server() as server:
        server.script(pieces)
        server.hold()
        link = Link(
            [sys.executable, "-m", "gptalk_tui", "--url", server.url],
            rate=rate,
            buffer_bytes=buffer_kb * 1000,
            delay_s=delay_ms / 1000,
            has_margins=has_margins,
            home=home,
            environment={"GPTALK_REPAINT": "everything"} if is_stock else {},
        )
        try:
            link.wait_for(b"rite a message", 1)
            link.wait_for(b"127.0.0.1", 1)
            link.type(b"Go\r")
            while not server.prompts:
                time.sleep(STEP_S)
            before = link.received
            feeding = threading.Thread(target=serve, args=(server, len(pieces), ended), daemon=True)
            feeding.start()
            found: list[float] = []
            while feeding.is_alive():
                count, pressed = link.count(LETTER), time.monotonic()
                link.type(LETTER)
                seen = link.wait_for(LETTER, count + 1, 5)
                found.append(5000.0 if seen is None else (seen - pressed) * 1000)
                time.sleep(0.1)
            word = link.wait_for(LAST_WORD, 1)
            lag = "never" if word is None else f"{max(0.0, word - ended[0]) * 1000:.0f}"
            kilobytes = (link.received - before) / 1000
        finally:
            link.close()
    found.sort()
    keys = f"{statistics.median(found):.0f} / {found[int(len(found) * 0.95)]:.0f}"
    return f"| {rate // 1000} kB/s, {buffer_kb} KB, {delay_ms} ms | {lag} | {keys} | {kilobytes:.0f} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rates", type=int, nargs="*", default=list(RATES))
    parser.add_argument("--buffer", type=int, nargs="*", default=list(BUFFERS_KB), help="in KB")
    parser.add_argument("--delay", type=int, default=0, help="one way, in ms")
    parser.add_argument("--margins", action="store_true", help="a terminal with left and right margins")
    parser.add_argument("--stock", action="store_true", help="as Textual paints")
    chosen = parser.parse_args()
    print("| link, buffer, delay | last word, ms | keys p50 / p95, ms | KB |\n|---|---|---|---|")
    for buffer_kb in chosen.buffer:
        for rate in chosen.rates:
            row = measure(rate, buffer_kb, chosen.delay, chosen.margins, chosen.stock)
            print(row, flush=True)


if __name__ == "__main__":
    main()
