"""A program in a real pseudo-terminal: what it paints, every byte it writes, and what it leaves behind.

```python
with Terminal(program("--url", server.url), size=(100, 30)) as terminal:
    terminal.wait_for("Write a message")
    terminal.send("Hello", ENTER)
    terminal.wait_for("Hello there")
    assert terminal.end(CTRL_Q) == 0
    assert terminal.is_restored, terminal.modes
```

Nothing sleeps: `wait_for` returns as soon as what was painted fulfils its condition, and fails at a time limit.
"""

from __future__ import annotations

import codecs
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import tty
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType

import psutil
import pyte
import wcwidth

LIMIT_S = 30.0
"""After this many seconds something is taken never to happen."""

ENTER, ESCAPE, TAB, UP, DOWN = "\r", "\x1b", "\t", "\x1b[A", "\x1b[B"
ENTER_KEY = "\x1b[13u"
"""Enter as kitty's protocol sends it: a key even between lines, where `ENTER` would end a line of a paste."""
F1, F2, F4, F6, F7, F8 = "\x1bOP", "\x1bOQ", "\x1bOS", "\x1b[17~", "\x1b[18~", "\x1b[19~"
PAGE_UP, END = "\x1b[5~", "\x1b[F"
CTRL_C, CTRL_D, CTRL_G, CTRL_U = "\x03", "\x04", "\x07", "\x15"
CTRL_F, CTRL_L, CTRL_N, CTRL_O, CTRL_P, CTRL_Q = "\x06", "\x0c", "\x0e", "\x0f", "\x10", "\x11"
CTRL_R, CTRL_S, CTRL_T = "\x12", "\x13", "\x14"

READY = "127.0."
"""The header names the service once the conversations are open."""

NOTICE_LINES = 16
"""How far above the lower edge a notice may begin: it is on top of the composer, which grows."""

LEFT_ON = ("?1049", "?1000", "?1003", "?1006", "?1015", "?1016", "?2004", "?1004", "?2048")
"""Modes that a program has to switch off again."""

# A new session is nobody's terminal yet; opening one makes it the session's own, as a login does.
_TAKE_TERMINAL = (
    "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); os.execv(sys.argv[1], sys.argv[1:])"
)

# What pyte would print instead of ignoring.
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[\?\d+\$p|\x1b\[[<>=?][\d;]*u|\x1b\[>4(?:;\d)?m|\x1b\[>\d*q")
_ANSWERS = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b[5n": b"\x1b[0n"}
"""What a question is answered with; the others are not known."""

_FRAME_BEGINS, _FRAME_ENDS = b"\x1b[?2026h", b"\x1b[?2026l"
_MODE = re.compile(rb"\x1b\[(\?[\d;]+)([hl])")
_DEVICE_QUERY, _DEVICE_ANSWER = b"\x1b[?u\x1b[c", b"\x1b[?62;c"
_MODIFIED_KEYS = re.compile(rb"\x1b\[>4(;1)?m")
_KEYBOARD = re.compile(rb"\x1b\[([<>])\d*u")


def program(*arguments: str) -> list[str]:
    """Return the program with its arguments, kept from every network but loopback."""
    return [sys.executable, str(Path(__file__).with_name("guarded_program.py")), *arguments]


class _Screen(pyte.Screen):
    def __init__(self, columns: int, lines: int) -> None:
        self._painted: dict[int, str] = {}
        super().__init__(columns, lines)

    @property
    def display(self) -> list[str]:
        """What is painted, line by line; half of a wide character that was painted over is a blank."""
        for y in self.dirty:
            self._painted[y] = "".join(self._cells(self.buffer[y]))
        self.dirty.clear()
        return [self._painted[y] for y in range(self.lines)]

    def _cells(self, line: Mapping[int, pyte.screens.Char]) -> Iterator[str]:
        is_wide = False
        for x in range(self.columns):
            if is_wide:
                is_wide = False
                continue
            data = line[x].data or " "
            is_wide = wcwidth.wcwidth(data[0]) == 2
            yield data

    def select_graphic_rendition(self, *attrs: int, **_private: bool) -> None:
        """Take no offence at questions about colours, such as an editor's."""
        super().select_graphic_rendition(*attrs)


@cache
def _is_drawn(char: str) -> bool:
    """Return whether pyte can take a character: at one without a width it drops the rest of the text."""
    return char < " " or char == "\x7f" or wcwidth.wcwidth(char) > 0 or unicodedata.combining(char) > 0


class Terminal:
    """A terminal and the program that runs in it.

    Args:
        command: The program and its arguments.
        size: Columns and lines.
        environment: Variables beside the test's own.
        cwd: Scope it runs; None: where the tests do.
        has_kitty_keys: Whether it speaks kitty's keyboard protocol, and says so.
        is_session: Whether the terminal is the session's own, so that hanging up sends SIGHUP.
        delay_s: How long its answers are on their way, in seconds, as over a long link.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (100, 30),
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        is_session: bool = True,
        has_kitty_keys: bool = False,
        delay_s: float = 0.0,
    ) -> None:
        self.output = bytearray()
        """Every byte that the program wrote."""
        self.screen = _Screen(*size)
        self._stream = pyte.Stream(self.screen)
        self._unfed = b""
        self._has_kitty_keys = has_kitty_keys
        self._delay_s = delay_s
        self._on_their_way: list[threading.Timer] = []
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._is_half_painted = False
        self._changed = threading.Condition()
        self._is_paused = threading.Event()
        self._fault: BaseException | None = None
        self._master, self._slave = pty.openpty()
        self._stopped, self._stop = os.pipe()
        self.resize(*size, tell=False)
        self.termios_before = termios.tcgetattr(self._slave)
        taking = [sys.executable, "-I", "-S", "-c", _TAKE_TERMINAL] if is_session else []
        self.process = subprocess.Popen(
            [*taking, *command],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})},
            cwd=cwd,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(LIMIT_S)
        self.hang_up()

    # What is on it

    @property
    def lines(self) -> list[str]:
        """What is painted, line by line, without blanks at the right."""
        with self._changed:
            return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        """What is painted."""
        return "\n".join(self.lines)

    @property
    def in_frame(self) -> str:
        """What stands between upright lines: in a dialog, in the composer."""
        return "\n".join(line.partition("│")[2].rpartition("│")[0] for line in self.lines)

    @property
    def in_notice(self) -> str:
        """What a notice says: the bold words near the lower edge, above the composer or under a dialog."""
        with self._changed:
            first = max(0, self.screen.lines - NOTICE_LINES)
            rows = [self.screen.buffer[y] for y in range(first, self.screen.lines)]
            return "\n".join(
                "".join(row[x].data for x in range(self.screen.columns) if row[x].bold) for row in rows
            )

    def wait_for(
        self, wanted: str | Callable[[Terminal], object], what: str = "", limit_s: float = LIMIT_S
    ) -> None:
        """Wait until a text is painted, or until a condition holds of whole frames; fail at the time limit.

        Args:
            wanted: The text, or what must be true of the terminal.
            what: What a failure calls it.
            limit_s: How long to wait, in seconds.
        """

        def holds() -> bool:
            if self._is_half_painted and not self._is_paused.is_set() and self.process.poll() is None:
                return False
            if isinstance(wanted, str):
                return wanted in "\n".join(line.rstrip() for line in self.screen.display)
            return bool(wanted(self))

        with self._changed:
            # A condition may look at more than this terminal, such as a server's counts: it is asked again soon.
            step_s, waited_s = 0.02, 0.0
            while not holds():
                if waited_s >= limit_s:
                    raise AssertionError(f"it did not come: {what or wanted!r}\n{self.text}")
                if not self._changed.wait(step_s):
                    waited_s += step_s
                    if self.process.poll() is not None and not self._reader.is_alive():
                        waited_s += 1.0

    # What is done to it

    def send(self, *keys: str) -> None:
        """Type keys, one after another."""
        for key in keys:
            os.write(self._master, key.encode())

    def resize(self, columns: int, lines: int, *, tell: bool = True) -> None:
        """Give the terminal another size."""
        with self._changed:
            fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            if tell:
                self.screen.resize(lines, columns)
                os.kill(self.process.pid, signal.SIGWINCH)

    def pause(self) -> None:
        """Stop taking what the program writes, as a terminal that hangs."""
        self._is_paused.set()

    def resume(self) -> None:
        """Take what the program writes again."""
        self._is_paused.clear()

    def hang_up(self) -> None:
        """Close the terminal, as its window's close button does."""
        if self._master >= 0:
            # The thread first: it would read from whatever gets the number of the closed file next.
            os.write(self._stop, b"x")
            self._reader.join()
            for end in (self._master, self._slave, self._stop, self._stopped):
                os.close(end)
            self._master = self._slave = -1

    def kill(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        os.kill(self.process.pid, number)

    def end(self, *keys: str) -> int:
        """Type keys, wait for the program's end, and return its exit code."""
        self.send(*keys)
        return self.wait()

    def wait(self) -> int:
        """Wait for the program's end and for its last bytes; return its exit code."""
        try:
            code = self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the program does not end\n{self.text}") from None
        if self._master >= 0:
            try:
                self.termios_after = termios.tcgetattr(self._slave)
            except termios.error:
                self.termios_after = []
            self._wait_for_last_bytes()
        return code

    def _wait_for_last_bytes(self) -> None:
        """Write a mark behind all that the program wrote, and wait until it has been read."""
        mark = b"\x1b[c\x1b[c\x1b[c"

        def is_over() -> bool:
            return mark in self.output or not self._reader.is_alive()

        with self._changed:
            os.write(self._slave, mark)
            self._changed.wait_for(is_over, LIMIT_S)
            assert self._fault is None, f"the test's terminal failed: {self._fault!r}"
            assert mark in self.output, f"the terminal is stuck: {self.output[-200:]!r}"
            self.output = self.output.replace(mark, b"")

    # What it leaves behind

    @property
    def modes(self) -> dict[str, bool]:
        """Every mode that the program has set or reset, with what it is now."""
        found: dict[str, bool] = {}
        for match in _MODE.finditer(self.output):
            for number in match[1][1:].split(b";"):
                found["?" + number.decode()] = match[2] == b"h"
        return found

    @property
    def keyboard_depth(self) -> int:
        """How many kitty keyboard modes are pushed and not popped."""
        return sum(1 if match[1] == b">" else -1 for match in _KEYBOARD.finditer(self.output))

    @property
    def is_restored(self) -> bool:
        """The terminal is as it was before the program: settings, modes, cursor, keyboard."""
        return not self.complaints()

    def complaints(self) -> list[str]:
        """Return what is not as it was; empty if all is well. Valid after `wait`."""
        modes = self.modes
        found = [f"{mode} is on" for mode in LEFT_ON if modes.get(mode)]
        found += [f"{mode} is off" for mode in ("?25", "?7") if modes.get(mode) is False]
        if self.termios_after != self.termios_before:
            found.append("the line settings differ")
        if self.keyboard_depth != 0:
            pushes = [match[0] for match in _KEYBOARD.finditer(self.output)]
            found.append(
                f"keyboard modes are left: {pushes} in {self.output[:200]!r} … {self.output[-200:]!r}"
            )
        if self.has_modified_keys:
            found.append("xterm's modified keys are on")
        return found

    def left_for_the_shell(self) -> bytes:
        """Return the input that the program has not taken, once all answers have come. Valid after `wait`."""
        for timer in self._on_their_way:
            timer.join(LIMIT_S)
        tty.setraw(self._slave, termios.TCSANOW)
        left = b""
        while select.select([self._slave], [], [], 0)[0]:
            left += os.read(self._slave, 4096)
        return left

    @property
    def has_modified_keys(self) -> bool:
        """Whether the program has asked for xterm's `modifyOtherKeys`, and has not reset it."""
        asked = _MODIFIED_KEYS.findall(self.output)
        return bool(asked) and bool(asked[-1])

    def children(self) -> list[psutil.Process]:
        """Return the processes that the program has started, and theirs."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    # Reading

    def _read(self) -> None:
        try:
            self._read_all()
        except BaseException as err:
            self._fault = err
            raise
        finally:
            with self._changed:
                self._changed.notify_all()

    def _read_all(self) -> None:
        while True:
            # A paused terminal takes nothing, but is asked again soon.
            watched = [self._stopped] if self._is_paused.is_set() else [self._stopped, self._master]
            ready, _, _ = select.select(watched, [], [], 0.02)
            if self._stopped in ready:
                return
            if self._master not in ready:
                continue
            try:
                data = os.read(self._master, 65536)
            except OSError as err:
                if err.errno != errno.EIO:
                    raise
                return
            with self._changed:
                self.output += data
                self._feed(data)
                end = bytes(self.output[-len(data) - len(_FRAME_BEGINS) :])
                if _FRAME_BEGINS in end or _FRAME_ENDS in end:
                    self._is_half_painted = end.rfind(_FRAME_BEGINS) > end.rfind(_FRAME_ENDS)
                self._changed.notify_all()
            for question, answer in _ANSWERS.items():
                self._answer(answer * data.count(question))
            if _DEVICE_QUERY in data:
                self._answer((b"\x1b[?1u" if self._has_kitty_keys else b"") + _DEVICE_ANSWER)

    def _answer(self, answer: bytes) -> None:
        if answer and self._delay_s:
            timer = threading.Timer(self._delay_s, os.write, (self._master, answer))
            self._on_their_way.append(timer)
            timer.start()
        elif answer:
            os.write(self._master, answer)

    def _feed(self, data: bytes) -> None:
        """Paint all but a sequence at the end that is not whole yet."""
        text = self._unfed + data
        cut = text.rfind(b"\x1b", max(0, len(text) - 16))
        cut = len(text) if cut < 0 or re.match(rb"\x1b(\[[\x20-\x3f]*[@-~]|[^\[\]P])", text[cut:]) else cut
        known = self._decode(_UNKNOWN_TO_PYTE.sub(b"", text[:cut]))
        self._stream.feed(known if known.isascii() else "".join(filter(_is_drawn, known)))
        self._unfed = text[cut:]
