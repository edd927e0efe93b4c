"""What the command line writes: replies to standard output, all else to standard error, both safe to show."""

from __future__ import annotations

import sys

from gptalk_client.errors import GptalkError
from gptalk_client.text import showable_length, visible

PROGRAM = "gptalk-tui"


def complain(error: GptalkError) -> None:
    """Say what went wrong and what to do, on standard error."""
    note(error.for_humans())


def note(text: str) -> None:
    """Write a line to standard error; a closed standard error is not worth failing for."""
    try:
        print(f"{PROGRAM}: {visible(text)}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return


class OutputClosed(BaseException):
    """Whoever read our standard output has had enough. No error: handlers of errors must not catch it."""


def write(text: str) -> None:
    """Write text to standard output at once; characters that its encoding lacks become `?`.

    Raises:
        OutputClosed: Nobody reads it any more.
    """
    if (encoding := (sys.stdout.encoding or "utf-8").lower()) not in ("utf-8", "utf8"):
        text = text.encode(encoding, "replace").decode(encoding)
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise OutputClosed from None


def columns(*cells: str) -> str:
    """Return one line of a listing: aligned for people, with tabs between the cells in a pipe."""
    return ("  " if sys.stdout.isatty() else "\t").join(cells)


def progress_bar(share: float) -> str:
    """Return a progress bar, from 0 to 1."""
    done = int(share * 30)
    return f"[{'#' * done}{'-' * (30 - done)}] {share:4.0%}"


class ReplyWriter:
    """Writes a reply as it grows.

    Args:
        raw: Write what the service sent as it is; otherwise only what a terminal does not obey.
    """

    def __init__(self, *, raw: bool = False) -> None:
        self._raw = raw
        self._waiting = ""
        self._last = "\n"

    def add(self, text: str) -> None:
        """Write more text. Its end may wait for what it belongs to."""
        if self._raw:
            self._write(text)
            return
        self._waiting += text
        cut = showable_length(self._waiting)
        self._write(visible(self._waiting[:cut]))
        self._waiting = self._waiting[cut:]

    def replace(self, text: str) -> None:
        """Begin again on a new line."""
        self.end()
        self.add(text)

    def end(self) -> None:
        """Write what is left, and a line end if there is none."""
        self._write(visible(self._waiting))
        self._waiting = ""
        if self._last != "\n":
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            write(text)
            self._last = text[-1]
