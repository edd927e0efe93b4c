"""A decoder for `text/event-stream`: bytes in, data payloads out, no I/O.

Source: WHATWG HTML, section 9.2.6, interpreting an event stream
(https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).

Only the data of an event matters to this project. Each event of the GPTalk protocol repeats the whole reply
and most are never looked at, so a payload stays a list of pieces of the chunks that it came in: nothing is
copied until somebody asks for its bytes.
"""

from __future__ import annotations

from gptalk_client.errors import ProtocolError

MAX_EVENT_BYTES = 8 * 1024 * 1024
"""Largest event and largest line of any kind, in bytes."""

_BOM = b"\xef\xbb\xbf"
# Smaller pieces are appended to a growing array: a view would take more room than its data.
_SMALL_BYTES = 4096


class EventData:
    """The data of one event, in pieces."""

    __slots__ = ("_pieces",)

    def __init__(self, pieces: list[bytes | bytearray | memoryview]) -> None:
        self._pieces = pieces

    def __bytes__(self) -> bytes:
        """Return the whole payload; this copies it."""
        return b"".join(self._pieces)

    def __len__(self) -> int:
        return sum(map(len, self._pieces))

    def head(self, length: int) -> bytes:
        """Return the first `length` bytes, or all if there are fewer."""
        found = b""
        for piece in self._pieces:
            found += bytes(piece[: length - len(found)])
            if len(found) >= length:
                break
        return found

    def tail(self, length: int) -> bytes:
        """Return the last `length` bytes, or all if there are fewer."""
        found = b""
        for piece in reversed(self._pieces):
            found = bytes(piece[max(0, len(piece) - (length - len(found))) :]) + found
            if len(found) >= length:
                break
        return found


class EventStreamDecoder:
    """Splits the bytes of an event stream into the data of its events, in linear time for any split.

    Args:
        max_event_bytes: Largest event and largest line, in bytes.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._start: bytes | None = b""  # a possible start of a BOM; None once decided
        self._skip_lf = False
        self._line: list[bytes | bytearray | memoryview] = []
        self._line_bytes = 0
        self._data: list[bytes | bytearray | memoryview] | None = None
        self._data_bytes = 0

    @property
    def is_inside_data(self) -> bool:
        """Whether an unfinished event has data; a comment does not count."""
        return self._data is not None or (bool(self._line) and bytes(self._line[0][:1]) == b"d")

    def feed(self, chunk: bytes) -> list[EventData]:
        """Return the events that this chunk completes.

        Source: WHATWG HTML, section 9.2.6, interpreting an event stream.

        Args:
            chunk: Body bytes of any length; may split a line end, a BOM or a UTF-8 character.

        Returns:
            Zero or more events, oldest first. An unfinished event stays buffered.

        Raises:
            ProtocolError: One event or one line exceeds `max_event_bytes`.
        """
        if self._start is not None:
            chunk = self._strip_bom(chunk)
        if not chunk:
            return []
        events: list[EventData] = []
        view = memoryview(chunk)
        at = 1 if self._skip_lf and chunk[0] == 10 else 0
        self._skip_lf = False
        lf = chunk.find(b"\n", at)
        cr = chunk.find(b"\r", at)
        while lf >= 0 or cr >= 0:
            if lf >= 0 and (cr < 0 or lf < cr):
                end, past = lf, lf + 1
            else:
                end, past = cr, cr + 1
                if lf == past:
                    past += 1
                elif past == len(chunk):
                    self._skip_lf = True
            if end > at:
                self._extend_line(view[at:end])
            self._end_line(events)
            at = past
            if 0 <= lf < at:
                lf = chunk.find(b"\n", at)
            if 0 <= cr < at:
                cr = chunk.find(b"\r", at)
        if at < len(chunk):
            self._extend_line(view[at:])
        return events

    def finish(self) -> EventData | None:
        """Return the event that was cut off before its blank line, if there is one.

        The standard discards it. The caller uses it if it is complete in itself: some servers omit the last line.
        """
        if self._start:
            start, self._start = self._start, None
            self._extend_line(memoryview(start))
        events: list[EventData] = []
        if self._line:
            self._end_line(events)
        self._end_line(events)
        return events[0] if events else None

    def _strip_bom(self, chunk: bytes) -> bytes:
        assert self._start is not None
        chunk = self._start + chunk
        if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
            self._start = chunk
            return b""
        self._start = None
        return chunk[3:] if chunk.startswith(_BOM) else chunk

    def _extend_line(self, piece: memoryview) -> None:
        line = self._line
        self._line_bytes += len(piece)
        if self._line_bytes + self._data_bytes > self._max_event_bytes:
            raise ProtocolError(
                f"The service sent an event of more than {self._max_event_bytes} bytes.", hint=""
            )
        if len(piece) >= _SMALL_BYTES:
            line.append(piece)
        elif line and type(line[-1]) is bytearray:
            line[-1] += piece
        else:
            line.append(bytearray(piece))

    def _end_line(self, events: list[EventData]) -> None:
        line = self._line
        if not line:
            if self._data is not None:
                events.append(EventData(self._data))
                self._data = None
                self._data_bytes = 0
            return
        first = bytes(line[0][:6]) if len(line[0]) >= 6 else EventData(line).head(6)
        if first.startswith(b"data:"):
            self._add_data(line, 6 if first == b"data: " else 5)
        elif first == b"data" and self._line_bytes == 4:
            self._add_data([], 0)
        self._line = []
        self._line_bytes = 0

    def _add_data(self, line: list[bytes | bytearray | memoryview], skip: int) -> None:
        while line and skip:
            cut = min(skip, len(line[0]))
            skip -= cut
            if cut == len(line[0]):
                del line[0]
            else:
                line[0] = line[0][cut:]
        if self._data is None:
            self._data = line
        else:
            self._data.append(b"\n")
            self._data += line
        self._data_bytes += self._line_bytes
