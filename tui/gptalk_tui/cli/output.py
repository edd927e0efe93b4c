"""Output of the command line: results to standard output, the rest to standard error, all safe to show."""

from __future__ import annotations

import sys
from collections.abc import Callable

from gptalk_client.errors import GptalkError
from gptalk_client.text import showable_length, visible
from gptalk_tui.cli.hints import with_options

PROGRAM = "gptalk-tui"

SHORT_ID = 8
"""Hex digits of an id that are shown; any unambiguous prefix is accepted."""


def complain(error: GptalkError) -> None:
    """Print what went wrong, and what to do about it, to standard error."""
    note(with_options(error))


def note(text: str) -> None:
    """Write a line to standard error; ignore a closed one."""
    try:
        print(f"{PROGRAM}: {visible(text)}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return


class OutputClosed(BaseException):
    """The reader of our standard output has gone. Not an Exception, so that no error handler catches it."""


def write(text: str) -> None:
    """Write text to standard output and flush; characters that its encoding lacks become `?`.

    Raises:
        OutputClosed: Its reader has gone.
    """
    if (encoding := (sys.stdout.encoding or "utf-8").lower()) not in ("utf-8", "utf8"):
        text = text.encode(encoding, "replace").decode(encoding)
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise OutputClosed from None


def write_aside(text: str) -> None:
    """Write text to standard error; ignore a closed one."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        return


def columns(*cells: str) -> str:
    """Return one line of a listing: spaces between the cells on a terminal, tabs in a pipe."""
    return ("  " if sys.stdout.isatty() else "\t").join(cells)


class ReplyWriter:
    """Writes a reply as it grows.

    Args:
        raw: Write the text unchanged; otherwise control characters are made visible.
        to: Writes a text; by default to standard output.
    """

    def __init__(self, *, raw: bool = False, to: Callable[[str], None] = write) -> None:
        self._raw = raw
        self._to = to
        self._waiting = ""
        self._last = "\n"

    def add(self, text: str) -> None:
        """Write more text. Its end may be held back until the character that it belongs to is whole."""
        if self._raw:
            self._write(text)
            return
        self._waiting += text
        cut = showable_length(self._waiting)
        self._write(visible(self._waiting[:cut]))
        self._waiting = self._waiting[cut:]

    def hide(self) -> None:
        """Let something else be written: nothing is in its way."""

    def end(self) -> None:
        """Write what is held back, and a final newline if there is none."""
        self._write(visible(self._waiting))
        self._waiting = ""
        if self._last != "\n":
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            self._to(text)
            self._last = text[-1]
