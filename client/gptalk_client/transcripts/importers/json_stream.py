"""JSON arrays, single objects and JSON lines, one object at a time, in the memory that the largest one takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gptalk_client.json_decoding import JsonError, decode
from gptalk_client.transcripts.importers.source import Bytes, SourceFile

MAX_ELEMENT_BYTES = 256 * 1024 * 1024
"""A file with a longer conversation counts as damaged."""

_READ_BYTES = 1 << 20
_PLAIN = rb'[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+"'
_FLAT = rb"\{(?:%b)*+\}|\[(?:%b)*+\]" % (_PLAIN, _PLAIN)
# Everything up to the next bracket outside of strings, past flat objects and lists. Possessive: a text is looked
# at twice at most, when an object with others inside turns out not to be flat.
_TO_BRACKET = re.compile(rb"(?:%b|%b)*+([{}\[\]])?" % (_PLAIN, _FLAT), re.DOTALL)
_BLANK = re.compile(rb"\s*")
_BETWEEN = re.compile(rb"[\s,]*")
_BOM = b"\xef\xbb\xbf"


def elements(source: SourceFile) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file: those of a JSON array, or the only one, or several without an array.

    Raises:
        TranscriptError: It is neither, or breaks off; the error gives the byte.
    """
    with source.opened() as file:
        yield from elements_after(source, file, b"", 0, rb"\s*")


def records(source: SourceFile) -> Iterator[tuple[int, Any]]:
    """Yield number, from 1, and value of the objects of a file, whether it is a JSON array or JSON lines.

    Raises:
        TranscriptError: It is broken; the error gives the byte or the line.
    """
    is_array = source.beginning(256).removeprefix(_BOM).lstrip()[:1] == b"["
    yield from enumerate(elements(source), 1) if is_array else lines(source)


def elements_after(
    source: SourceFile, file: Bytes, buffer: bytes, start: int, ending: bytes
) -> Iterator[dict[str, Any]]:
    """Yield the objects of an array that begins somewhere in a file.

    Args:
        source: For errors.
        file: Where more bytes come from.
        buffer: What has been read already.
        start: Where in `buffer` the array begins, except for white space.
        ending: A pattern that must match everything after the array.
    """
    scanner = _Scanner(source, file, buffer, start)
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


def lines(source: SourceFile, *, may_break_off: bool = False) -> Iterator[tuple[int, Any]]:
    """Yield number, from 1, and value of every line that is not blank.

    Args:
        source: The file.
        may_break_off: Ignore a last line that isn't complete, in files that another program may be writing now.

    Raises:
        TranscriptError: A line is not JSON; the error gives the line.
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
                if may_break_off and not line.endswith(b"\n"):
                    return
                raise source.broken(f"line {number} is not JSON: {err}") from err


class _Scanner:
    """Cuts objects out of a stream by counting brackets outside of strings."""

    def __init__(self, source: SourceFile, file: Bytes, buffer: bytes, start: int) -> None:
        self._source = source
        self._file = file
        self._buffer = buffer
        self._at = start
        self._before = 0
        self._commas = 0
        self._is_array: bool | None = None

    @property
    def offset(self) -> int:
        """The scanner's position in the file, in bytes."""
        return self._before + self._at

    def _open(self) -> bool:
        """Skip the bracket that the array begins with; return whether there is one."""
        if self._at == len(self._buffer):
            self._more()
        if not self.offset and self._buffer.startswith(_BOM):
            self._at += len(_BOM)
        self._step_over(_BLANK, "it is empty")
        is_array = self._buffer[self._at : self._at + 1] == b"["
        self._at += is_array
        return is_array

    def next_object(self) -> tuple[int, bytes] | None:
        """Return place and bytes of the next object; None after the last."""
        if self._is_array is None:
            self._is_array = self._open()
        commas = self._step_over(_BETWEEN, "it ends in the middle" if self._is_array else "")
        found = self._buffer[self._at : self._at + 1]
        if found == (b"]" if self._is_array else b"") and not commas:
            self._at += self._is_array
            return None
        if found != b"{" or commas != self._commas:
            raise self._source.broken(f"a conversation was expected at byte {self.offset}")
        self._commas = int(self._is_array)
        return self.offset, self._object()

    def _step_over(self, pattern: re.Pattern[bytes], complaint: str) -> int:
        """Skip what matches, which is not kept, and return how many commas it contains.

        Args:
            pattern: What to skip.
            complaint: What to say at the end of the file; empty if it may end here.
        """
        commas = 0
        while True:
            match = pattern.match(self._buffer, self._at)
            assert match is not None
            commas += self._buffer.count(b",", self._at, match.end())
            self._at = match.end()
            if self._at < len(self._buffer):
                return commas
            if not self._more():
                if not complaint:
                    return commas
                raise self._source.broken(f"{complaint}, at byte {self.offset}")

    def _object(self) -> bytes:
        """Return the bytes of the object that begins here, and skip it."""
        depth = 1
        begin = self._at
        at = begin + 1
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
        """Return what follows, or the first bytes of it."""
        while len(self._buffer) - self._at < 64 and self._more():
            pass
        return self._buffer[self._at :]

    def _more(self, least_bytes: int = 0) -> bool:
        """Drop what is done and read more; False at the end of the file."""
        data = self._file.read(max(_READ_BYTES, least_bytes))
        self._before += self._at
        self._buffer = self._buffer[self._at :] + data
        self._at = 0
        return bool(data)
