"""Keys while replies stream: `python tests/bench/keys.py [CONVERSATIONS] [BYTES_PER_SECOND]`.

The app runs in a pseudo-terminal that is read at that rate (without one, as fast as it writes) while a server
streams 50 KB in each conversation, 250 pieces a second over all. Printed are the times from a key press until its
letter is read from the terminal.
"""

from __future__ import annotations

import fcntl
import os
import pty
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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.transcript import text_of
from support.gptalk_server import GptalkServer, threaded_gptalk_server

KEYS = 40
NEW_CONVERSATION = b"\x0e"
UNBOUNDED = 100_000_000
LETTER = "þ".encode()
"""On no screen otherwise."""


class Terminal:
    """A pseudo-terminal whose reader takes so many bytes a second, as a modem would."""

    def __init__(self, command: list[str], bytes_per_s: int, home: str) -> None:
        self._master, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "HOME": home}
        env |= {f"XDG_{name}_HOME": f"{home}/{name}" for name in ("CONFIG", "DATA", "CACHE", "STATE")}
        self.process = subprocess.Popen(
            command, stdin=inside, stdout=inside, stderr=inside, env=env, start_new_session=True
        )
        os.close(inside)
        self._bytes_per_s = bytes_per_s
        self._seen = bytearray()
        self._news = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        slice_s = 0.01
        share = max(1, int(self._bytes_per_s * slice_s))
        while True:
            due = time.monotonic() + slice_s
            if select.select([self._master], [], [], 1.0)[0]:
                try:
                    data = os.read(self._master, share)
                except OSError:
                    return
                with self._news:
                    self._seen += data
                    self._news.notify_all()
                if self._bytes_per_s < UNBOUNDED:
                    time.sleep(max(0.0, due - time.monotonic()))

    def write(self, data: bytes) -> None:
        """Press keys."""
        os.write(self._master, data)

    def press(self, keys: bytes, wanted: bytes) -> None:
        """Press keys and wait until something is painted once more."""
        before = self.count(wanted)
        self.write(keys)
        if self.wait_for(wanted, before + 1, 20) is None:
            raise SystemExit(f"{wanted!r} was not painted")

    def count(self, wanted: bytes) -> int:
        """Return how often something was painted so far."""
        with self._news:
            return self._seen.count(wanted)

    def wait_for(self, wanted: bytes, count: int, limit_s: float) -> float | None:
        """Return when something was painted so often, or None at the limit."""
        with self._news:
            if self._news.wait_for(lambda: self._seen.count(wanted) >= count, limit_s):
                return time.monotonic()
        return None

    def close(self) -> None:
        """End the app."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(10)


def stream(server: GptalkServer, count: int) -> None:
    """Let the reply go on at 250 pieces a second."""
    started = time.monotonic()
    for number in range(count + 1):
        time.sleep(max(0.0, started + number / 250 - time.monotonic()))
        server.step()


def main() -> None:
    """Measure and print."""
    conversations = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    bytes_per_s = int(sys.argv[2]) if len(sys.argv) > 2 else UNBOUNDED
    reply = text_of(50_000)
    pieces = [reply[start : start + 20] for start in range(0, len(reply), 20)]
    with tempfile.TemporaryDirectory() as home, threaded_gptalk_server() as server:
        for _ in range(conversations):
            server.script(pieces)
        server.hold()
        command = [sys.executable, "-m", "gptalk_tui", "--url", server.url]
        terminal = Terminal(command, bytes_per_s, home)
        try:
            terminal.wait_for(b"rite a message", 1, 20)
            events = len(pieces) * conversations
            threading.Thread(target=stream, args=(server, events), daemon=True).start()
            for number in range(conversations):
                if number:
                    terminal.press(NEW_CONVERSATION, b"Type below")
                terminal.press(b"Go\r", b"section")
            found: list[float] = []
            for _ in range(KEYS):
                before = terminal.count(LETTER)
                pressed = time.monotonic()
                terminal.write(LETTER)
                seen = terminal.wait_for(LETTER, before + 1, 5)
                found.append(5000.0 if seen is None else (seen - pressed) * 1000)
                time.sleep(0.1)
        finally:
            terminal.close()
    found.sort()
    speed = "" if bytes_per_s == UNBOUNDED else f" at {bytes_per_s} bytes/s"
    print(f"{conversations} streaming{speed}: key to screen p50 {statistics.median(found):.0f} ms,", end=" ")
    print(f"p95 {found[int(len(found) * 0.95)]:.0f} ms, longest {found[-1]:.0f} ms")


if __name__ == "__main__":
    main()
