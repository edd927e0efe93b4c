"""JSON arrays and JSON lines, one element at a time, in the memory of the largest element."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gptalk_client.json_decoding import JsonError, decode
from gptalk_client.transcripts.importers.source import Bytes, SourceFile

MAX_ELEMENT_BYTES = 256 * 1024 * 1024
"""A longer conversation is taken for a damaged file."""

_READ_BYTES = 1 << 20
# Everything up to the next bracket outside of strings. Possessive: a text is never looked at twice.
_TO_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+([{}\[\]])?', re.DOTALL)
_BLANK = re.compile(rb"\s*")
_BETWEEN = re.compile(rb"[\s,]*")
_BOM = b"\xef\xbb\xbf"


def elements(source: SourceFile) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file that is a JSON array.

    Raises:
        TranscriptError: It is not, or breaks off; it names the byte.
    """
    with source.opened() as file:
        yield from elements_after(source, file, b"", 0, rb"\s*")


def elements_after(
    source: SourceFile, file: Bytes, buffer: bytes, start: int, ending: bytes
) -> Iterator[dict[str, Any]]:
    """Yield the objects of an array that begins within a file.

    Args:
        source: For errors.
        file: Where more bytes come from.
        buffer: What was read already.
        start: Where in `buffer` the array begins, after white space.
        ending: A pattern that all that follows the array must match.
    """
    scanner = _Scanner(source, file, buffer, start)
    scanner.open_array()
    while (element := scanner.next_object()) is not None:
        at, data = element
        try:
            decoded = decode(data)
        except JsonError as err:
            raise source.broken(f"the conversation at byte {at} is broken: {err}") from err
        yield decoded
    rest = scanner.rest()
    if not re.fullmatch(ending, rest):
        raise source.broken(f"there is more after the end of the list, at byte {scanner.offset}")


def lines(source: SourceFile) -> Iterator[tuple[int, Any]]:
    """Yield number, from 1, and value of every line that is not blank.

    Raises:
        TranscriptError: A line is not JSON; it names the line.
    """
    with source.opened() as file:
        number = 0
        while line := file.readline(MAX_ELEMENT_BYTES):
            number += 1
            data = line.removeprefix(_BOM).strip() if number == 1 else line.strip()
            if not data:
                continue
            try:
                yield number, decode(data)
            except JsonError as err:
                raise source.broken(f"line {number} is not JSON: {err}") from err


class _Scanner:
    """Cuts the elements of an array out of a stream by counting brackets outside of strings."""

    def __init__(self, source: SourceFile, file: Bytes, buffer: bytes, start: int) -> None:
        self._source = source
        self._file = file
        self._buffer = buffer
        self._at = start
        self._before = 0
        self._commas = 0

    @property
    def offset(self) -> int:
        """Where in the file the scanner stands, in bytes."""
        return self._before + self._at

    def open_array(self) -> None:
        """Step over the opening bracket."""
        if self._at == len(self._buffer):
            self._more()
        if not self.offset and self._buffer.startswith(_BOM):
            self._at += len(_BOM)
        self._step_over(_BLANK, "it is empty")
        if self._buffer[self._at : self._at + 1] != b"[":
            raise self._source.broken(f"a list of conversations was expected at byte {self.offset}")
        self._at += 1

    def next_object(self) -> tuple[int, bytes] | None:
        """Return place and bytes of the next object; None after the closing bracket."""
        commas = self._step_over(_BETWEEN, "it ends in the middle")
        found = self._buffer[self._at : self._at + 1]
        if found == b"]" and not commas:
            self._at += 1
            return None
        if found != b"{" or commas != self._commas:
            raise self._source.broken(f"a conversation was expected at byte {self.offset}")
        self._commas = 1
        return self.offset, self._object()

    def _step_over(self, pattern: re.Pattern[bytes], complaint: str) -> int:
        """Step over what matches, which is not kept, and return how many commas were in it."""
        commas = 0
        while True:
            match = pattern.match(self._buffer, self._at)
            assert match is not None
            commas += self._buffer.count(b",", self._at, match.end())
            self._at = match.end()
            if self._at < len(self._buffer):
                return commas
            if not self._more():
                raise self._source.broken(f"{complaint}, at byte {self.offset}")

    def _object(self) -> bytes:
        """Return the bytes of the object that begins here and step over it."""
        depth = 0
        begin = self._at
        at = begin
        while True:
            match = _TO_BRACKET.match(self._buffer, at)
            assert match is not None
            at = match.end()
            if match.lastindex is None:
                grown = len(self._buffer) - begin
                if grown > MAX_ELEMENT_BYTES:
                    raise self._source.broken(f"the conversation at byte {self._before + begin} never ends")
                self._at = begin
                # A long string is looked at again from its quote: read at least as much as there is.
                if not self._more(grown):
                    raise self._source.broken(
                        f"it ends in the middle, at byte {self._before + len(self._buffer)}"
                    )
                at -= begin
                begin = 0
                continue
            depth += 1 if match[1] in b"{[" else -1
            if depth == 0:
                self._at = at
                return self._buffer[begin:at]

    def rest(self) -> bytes:
        """Return what follows, at most a little of it."""
        while len(self._buffer) - self._at < 64 and self._more():
            pass
        return self._buffer[self._at :]

    def _more(self, least_bytes: int = 0) -> bool:
        """Drop what is done and read on; False at the end of the file."""
        data = self._file.read(max(_READ_BYTES, least_bytes))
        self._before += self._at
        self._buffer = self._buffer[self._at :] + data
        self._at = 0
        return bool(data)
