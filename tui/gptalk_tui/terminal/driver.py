"""Textual's Linux driver, made to survive a terminal that hangs or goes away.

Textual 8.2 waits for such a terminal forever, or loses the error in a thread (no upstream issue). POSIX only: on
Windows the app uses Textual's own driver, which can neither tell that its console has gone nor give it back by
force; `App.get_driver_class` chooses.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import queue
import re
import selectors
import sys
import termios
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TextIO, cast

from textual import constants
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message

from gptalk_tui.terminal.input_reader import InputReader
from gptalk_tui.terminal.pace import ANSWERS, Pace

if TYPE_CHECKING:
    from textual.app import App

assert sys.platform != "win32"

HANG_UP_EXIT = 129
"""Exit code when the terminal goes away: what a shell reports for SIGHUP."""

CLOSE_LIMIT_S = 1.0
"""How long to wait at the end for the terminal to take the last bytes, in seconds."""

INPUT_TICK_S = 0.1
"""How long to wait for input before looking whether the app has ended, in seconds."""

ASK_FOR_ALTERNATES = "\x1b[=4;2u"
"""Asks a terminal with kitty's keyboard protocol for a key's place on the US layout, besides Textual's flags."""

ASK_ABOUT_KEYBOARD = "\x1b[?u\x1b[c"
"""Only a terminal with kitty's keyboard protocol answers the first question; all answer the second."""

ASK_FOR_MODIFIED_KEYS, RESET_MODIFIED_KEYS = "\x1b[>4;1m", "\x1b[>4m"
"""xterm's `modifyOtherKeys`, which tmux takes as well: Shift+Enter is sent as a key of its own."""

ASK_FOR_MARGINS = "\x1b[?69$p"
_KITTY_ANSWER, _DEVICE_ANSWER = re.compile(r"\x1b\[\?\d+u"), re.compile(r"\x1b\[\?[\d;]*c")
_MARGINS_ANSWER = re.compile(r"\x1b\[\?69;([0-4])\$y")

RESTORE = (
    b"\x1b[?69l\x1b[r\x1b[m\x1b[?2026l\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""Turns off every mode the app may have turned on, for a forced exit."""


class _Output:
    """Standard error for the writer thread: once the terminal is gone, writes are discarded."""

    def __init__(self, file: TextIO, lost: threading.Event) -> None:
        self._file = file
        self._lost = lost

    def write(self, text: str) -> None:
        if not self._lost.is_set():
            try:
                self._file.write(text)
            except OSError:
                self._lose()

    def flush(self) -> None:
        if not self._lost.is_set():
            try:
                self._file.flush()
            except OSError:
                self._lose()

    def fileno(self) -> int:
        return self._file.fileno()

    def _lose(self) -> None:
        # The interpreter flushes the buffer again at exit; a failure there would change the exit code.
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, self._file.fileno())
        os.close(sink)
        self._lost.set()


class TerminalDriver(LinuxDriver):
    """Textual's driver, with a way out for each way a terminal can fail.

    Calls the app's `leave_soon(HANG_UP_EXIT)` when the terminal is gone.
    """

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._lost = threading.Event()
        self._is_dropping = False
        self._has_kitty_keys = False
        self._asked_for_modified_keys = False
        self._frame: list[str] | None = None
        """What has been written of a frame that is not complete."""
        self._pace = Pace()
        self.has_margins = False
        """Whether the terminal can scroll between a left and a right margin."""
        self.starts = 0
        """How often the app has taken the terminal: at its start, and when it comes back from a suspension."""
        self._file = cast(Any, _Output(cast(TextIO, self._file), self._lost))
        self.is_stuck = False
        """Whether the terminal takes no output and the writer thread cannot be stopped."""

    @property
    def present_size(self) -> Size | None:
        """The terminal's current size, whatever `$COLUMNS` says; None if the terminal reports resizes itself."""
        if self._in_band_window_resize:
            return None
        try:
            return Size(*os.get_terminal_size(self.fileno))
        except OSError:
            return None  # it is gone

    def write(self, data: str) -> None:
        """Write to the terminal, unless output is being dropped."""
        if self._is_dropping:
            return
        if self._frame is not None and threading.current_thread() is threading.main_thread():
            self._frame.append(data)
            return
        super().write(data)
        if self._lost.is_set():
            self._hang_up()

    @contextlib.contextmanager
    def frame(self) -> Iterator[None]:
        """Write all that is written meanwhile as one piece, so that the backlog counts frames."""
        self._frame = []
        try:
            yield
        finally:
            data, self._frame = "".join(self._frame), None
            if data:
                self.write(data + self._pace.question())

    @property
    def backlog(self) -> int:
        """Number of frames that the terminal has not taken yet."""
        writer = self._writer_thread
        return writer._queue.qsize() if writer is not None else 0

    @property
    def is_behind(self) -> bool:
        """Whether more than one frame is on its way: what can wait should."""
        return self._pace.is_behind or self.backlog > 1

    def disable_input(self) -> None:
        """Stop reading, once the terminal has answered: a later answer would reach the shell."""
        if not self._lost.is_set() and not self._is_dropping:
            self._pace.wait_for_answers()
        super().disable_input()

    def _request_terminal_sync_mode_support(self) -> None:
        super()._request_terminal_sync_mode_support()
        if (
            self.input_tty and os.environ.get("TERM_PROGRAM") != "Apple_Terminal"
        ):  # it would print the question
            self.write(ASK_FOR_MARGINS)

    def _take_answer(self, sequence: str) -> bool:
        """Take a sequence if it is an answer to a question of ours. Called in the input thread."""
        if sequence in ANSWERS:
            self._pace.answered()
            return True
        if match := _MARGINS_ANSWER.fullmatch(sequence):
            self.has_margins = match[1] in "12"
            return True
        if _KITTY_ANSWER.fullmatch(sequence):
            self._has_kitty_keys = True
            return True
        if _DEVICE_ANSWER.fullmatch(sequence):
            if not self._has_kitty_keys and not self.exit_event.is_set():
                self._asked_for_modified_keys = True
                self.write(ASK_FOR_MODIFIED_KEYS)
            return True
        return False

    def drop_output(self) -> None:
        """Discard the output that a hanging terminal has not taken. Callable from any thread."""
        self._is_dropping = True
        self._drain()

    def close(self) -> None:
        """Stop the writer thread, waiting for a slow terminal but not for one that hangs."""
        writer = self._writer_thread
        if writer is None:
            return
        if self._end(writer):
            return
        self._drain()
        # Discard what the kernel holds for the terminal too, which unblocks the pending write.
        with contextlib.suppress(termios.error):
            termios.tcflush(self.fileno, termios.TCOFLUSH)
        self.is_stuck = not self._end(writer)

    def restore_by_force(self) -> None:
        """Restore the terminal without waiting for anything. Callable from any thread."""
        if self.attrs_before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
                termios.tcflush(self.fileno, termios.TCIFLUSH)
        with contextlib.suppress(OSError):
            # Opened again, so that only this descriptor is non-blocking.
            terminal = os.open(os.ttyname(self.fileno), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
            reset = RESET_MODIFIED_KEYS.encode() if self._asked_for_modified_keys else b""
            os.write(terminal, reset + RESTORE)
            os.close(terminal)

    def start_application_mode(self) -> None:
        """Take the terminal, and ask what it can do."""
        self.starts += 1
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None and not constants.DISABLE_KITTY_KEY:
            self.write(ASK_FOR_ALTERNATES)
            if self.input_tty and os.environ.get("TERM_PROGRAM") != "Apple_Terminal":
                self.write(ASK_ABOUT_KEYBOARD)
            self.flush()

    def stop_application_mode(self) -> None:
        """Stop, and leave the keyboard as it was."""
        if self._asked_for_modified_keys:
            self._asked_for_modified_keys = False
            self.write(RESET_MODIFIED_KEYS)
        super().stop_application_mode()

    def _disable_mouse_support(self) -> None:
        super()._disable_mouse_support()
        if self._mouse_pixels:
            self.write("\x1b[?1016l")

    def _end(self, writer: threading.Thread) -> bool:
        with contextlib.suppress(queue.Full):
            cast("queue.Queue[str | None]", writer._queue).put(None, timeout=CLOSE_LIMIT_S)  # type: ignore[attr-defined]
            writer.join(CLOSE_LIMIT_S)
        return not writer.is_alive()

    def _drain(self) -> None:
        pending = self._writer_thread._queue if self._writer_thread is not None else None
        with contextlib.suppress(queue.Empty):
            while pending is not None:
                pending.get_nowait()

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except OSError:
            self._hang_up()
        except Exception as err:  # noqa: BLE001 - nothing else would see a thread's error
            self._call_app(self._app._handle_exception, err)

    def run_input_thread(self) -> None:
        """Read keys, pastes and terminal replies until the app ends or the terminal is gone."""
        reader = InputReader(self._take_answer, debug=self._debug)
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(reader.wait_s(INPUT_TICK_S)):
                    data = os.read(self.fileno, 4096)
                    if not data:
                        self._hang_up()
                        return
                    self._process(reader.feed(decode(data)))
                else:
                    self._process(reader.tick())

    def _process(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)

    def _hang_up(self) -> None:
        self._call_app(self._app.leave_soon, HANG_UP_EXIT)  # type: ignore[attr-defined]

    def _call_app(self, what: Any, *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the app has ended
            self._loop.call_soon_threadsafe(what, *arguments)
