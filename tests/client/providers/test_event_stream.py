"""The event-stream decoder, against the standard and against a slow reader of it.

The cases follow the ideas of the web-platform-tests folder `eventsource/`; each names its section of
https://html.spec.whatwg.org/multipage/server-sent-events.html.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptalk_client.errors import ProtocolError
from gptalk_client.providers.event_stream import EventStreamDecoder

BOM = b"\xef\xbb\xbf"


def decode(*chunks: bytes, with_rest: bool = False) -> list[bytes]:
    decoder = EventStreamDecoder()
    events = [bytes(event) for chunk in chunks for event in decoder.feed(chunk)]
    rest = decoder.finish()
    return events + ([bytes(rest)] if with_rest and rest is not None else [])


def reference(stream: bytes) -> list[bytes]:
    """Interpret a whole stream as the standard words it, one step after the other."""
    if stream.startswith(BOM):
        stream = stream[3:]
    events, data = [], b""
    lines = re.split(b"\r\n|\n|\r", stream)
    for line in lines[:-1]:  # the last one has no line end
        if line == b"":
            if data != b"":
                events.append(data[:-1])
            data = b""
            continue
        if line.startswith(b":"):
            continue
        name, _, value = line.partition(b":")
        if value.startswith(b" "):
            value = value[1:]
        if name == b"data":
            data += value + b"\n"
    return events


CASES = {
    # 9.2.5 Parsing an event stream: the three line ends, mixed
    "lines end in LF": (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
    "lines end in CRLF": (b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
    "lines end in CR": (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
    "line ends are mixed": (b"data: a\r\ndata: b\rdata: c\n\rdata: d\n\r\n", [b"a\nb\nc", b"d"]),
    "CRLF is one end": (b"data: a\r\ndata: b\r\n\r\n", [b"a\nb"]),
    # 9.2.5: one leading BOM is dropped
    "one BOM is dropped": (BOM + b"data: a\n\n", [b"a"]),
    "after two BOMs the first line is another field": (BOM + BOM + b"data: a\n\ndata: b\n\n", [b"b"]),
    "a BOM later belongs to the line": (b"data: a\n\n" + BOM + b"data: b\n\n", [b"a"]),
    # 9.2.6 Interpreting an event stream: fields
    "comments are ignored": (b":\n: x\n:data: y\ndata: a\n:\n\n", [b"a"]),
    "a long comment is ignored": (b":" + b"x" * 3000 + b"\ndata: a\n\n", [b"a"]),
    "event, id and retry are ignored": (b"event: e\nid: 1\nretry: 5\ndata: a\n\n", [b"a"]),
    "unknown fields are ignored": (b"datax: 1\nDATA: 2\n data: 3\ndata : 4\njunk\ndata: a\n\n", [b"a"]),
    "one space after the colon goes": (b"data:a\ndata: b\ndata:  c\ndata:\td\n\n", [b"a\nb\n c\n\td"]),
    "an empty data field is an event": (b"data:\n\ndata\ndata\n\ndata:test\n\n", [b"", b"\n", b"test"]),
    "no data, no event": (b"\n\n\nid: 7\n\nevent: e\n\n", []),
    "an event without its blank line is no event": (b"data: a\n\ndata: b\n", [b"a"]),
    "NUL is data": (b"data: \x00\n\n", [b"\x00"]),
    "Unicode line separators are data": ("data: a\u2028b\u2029c\u0085d\n\n".encode(),
                                         ["a\u2028b\u2029c\u0085d".encode()]),
    "other control characters are data": (b"data: a\x0bb\x0cc\x1ed\n\n", [b"a\x0bb\x0cc\x1ed"]),
}  # fmt: skip


@pytest.mark.parametrize(("stream", "expected"), CASES.values(), ids=CASES)
def test_a_stream_is_read_as_the_standard_says(stream: bytes, expected: list[bytes]) -> None:
    assert decode(stream) == expected
    assert reference(stream) == expected


@pytest.mark.parametrize(("stream", "expected"), CASES.values(), ids=CASES)
def test_a_split_at_every_byte_changes_nothing(stream: bytes, expected: list[bytes]) -> None:
    assert decode(*[stream[at : at + 1] for at in range(len(stream))]) == expected
    for at in range(min(len(stream), 200)):
        assert decode(stream[:at], b"", stream[at:]) == expected


def test_a_lone_cr_ends_an_event_at_once() -> None:
    decoder = EventStreamDecoder()
    assert [bytes(event) for event in decoder.feed(b"data: a\r\r")] == [b"a"]
    assert decoder.feed(b"\n") == []
    assert [bytes(event) for event in decoder.feed(b"data: b\n\n")] == [b"b"]


def test_the_end_of_the_stream_yields_what_it_cut_off() -> None:
    assert decode(b"data: a\n\ndata: [DONE]", with_rest=True) == [b"a", b"[DONE]"]
    assert decode(b"data: [DONE]\n", with_rest=True) == [b"[DONE]"]
    assert decode(b"data: [DONE]\r", with_rest=True) == [b"[DONE]"]
    assert decode(b"data: a\n\n: bye", with_rest=True) == [b"a"]
    assert decode(BOM[:2], with_rest=True) == []


_ATOMS = st.sampled_from(
    [b"\n", b"\r", b"\r\n", b"data", b"data:", b"data: ", b":", b" ", b"id: 1", b"event", BOM, BOM[:2], b"x",
     b'{"content": "', "ж".encode(), b"\xf0\x9f", b"y" * 5000]
)  # fmt: skip


@given(st.lists(_ATOMS, max_size=40), st.lists(st.integers(0, 6000), max_size=30))
def test_any_stream_in_any_pieces_reads_as_by_the_slow_reader(atoms: list[bytes], sizes: list[int]) -> None:
    stream = b"".join(atoms)
    chunks, at = [], 0
    for size in sizes:
        chunks.append(stream[at : at + size])
        at += size
    chunks.append(stream[at:])
    assert decode(*chunks) == reference(stream)


@pytest.mark.parametrize("piece_bytes", [1024 * 1024, 1000])
@pytest.mark.parametrize("start", [b"data: ", b": ", b"junk"])
def test_a_line_beyond_the_limit_is_refused(piece_bytes: int, start: bytes) -> None:
    decoder = EventStreamDecoder()
    decoder.feed(start)
    pieces = [b"x" * piece_bytes] * (9 * 1024 * 1024 // piece_bytes)
    with pytest.raises(ProtocolError):
        any(map(decoder.feed, pieces))


def test_an_event_of_many_lines_beyond_the_limit_is_refused() -> None:
    decoder = EventStreamDecoder(max_event_bytes=1000)
    with pytest.raises(ProtocolError):
        any(map(decoder.feed, [b"data: 123\n"] * 200))


def test_an_event_just_within_the_limit_is_taken() -> None:
    decoder = EventStreamDecoder(max_event_bytes=1006)
    for _ in range(3):
        assert len(decoder.feed(b"data: " + b"x" * 1000 + b"\n\n")[0]) == 1000


def test_head_and_tail_do_not_need_the_whole_payload() -> None:
    decoder = EventStreamDecoder()
    body = b"data: ab" + b"x" * 5000 + b"\n"
    (event,) = [*decoder.feed(body[:7]), *decoder.feed(body[7:]), *decoder.feed(b"data: yz\n\n")]
    assert (event.head(2), event.head(0), event.tail(4), event.tail(0)) == (b"ab", b"", b"x\nyz", b"")
    assert (len(event), event.head(9999), event.tail(9999)) == (5005, bytes(event), bytes(event))


def test_comments_do_not_count_as_data() -> None:
    decoder = EventStreamDecoder()
    decoder.feed(b": ping\n: pi")
    assert not decoder.is_inside_data
    decoder.feed(b"ng\nda")
    assert decoder.is_inside_data
    decoder.feed(b"ta: x\n")
    assert decoder.is_inside_data
    decoder.feed(b"\n")
    assert not decoder.is_inside_data
