"""Standard input that may be late, or never come: a parent can leave its pipe open and write nothing."""

from __future__ import annotations

import io
import os
import sys
import threading

import click

from gptalk_tui.cli.output import note

_NOTICE_S = 1.0
"""How long to wait before saying so, in seconds."""
_PATIENCE_S = 4.0
"""How long to wait after that where the program can do without, in seconds."""
_CHUNK_BYTES = 1 << 16


def standard_input(limit: int, *, is_needed: bool) -> bytes:
    """Return standard input, up to its end or the limit.

    Args:
        limit: The most bytes to read.
        is_needed: Wait as long as it takes. Otherwise give up if there is not one byte after a few seconds, and
            return nothing. Either way standard error says what is waited for.

    Raises:
        click.UsageError: It cannot be read.
    """
    try:
        descriptor = sys.stdin.fileno()
    except io.UnsupportedOperation:  # not a file of the system's
        return sys.stdin.buffer.read(limit)
    reader = _Reader(descriptor, limit)
    if not reader.has_begun.wait(_NOTICE_S):
        if is_needed:
            note("Waiting for standard input.")
            reader.has_begun.wait()
        else:
            note(f"Waiting for standard input; in {_PATIENCE_S:.0f} seconds the prompt is sent without it.")
            if not reader.has_begun.wait(_PATIENCE_S):
                note("Nothing came on standard input; the prompt is sent without it.")
                return b""
    return reader.result()


class _Reader:
    """Reads a file descriptor on a thread, which can be abandoned; it reads past Python's buffer and its lock."""

    def __init__(self, descriptor: int, limit: int) -> None:
        self.has_begun = threading.Event()
        """Set with the first byte, the end or a failure."""
        self._descriptor = descriptor
        self._limit = limit
        self._read = bytearray()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="standard-input", daemon=True)
        self._thread.start()

    def result(self) -> bytes:
        """Wait for the end, and return all of it."""
        self._thread.join()
        if self._failure is not None:
            raise click.UsageError(f"Standard input can't be read: {self._failure.strerror}.")
        return bytes(self._read)

    def _run(self) -> None:
        try:
            while len(self._read) < self._limit:
                piece = os.read(self._descriptor, min(_CHUNK_BYTES, self._limit - len(self._read)))
                if not piece:
                    break
                self._read += piece
                self.has_begun.set()
        except OSError as err:
            self._failure = err
        finally:
            self.has_begun.set()
