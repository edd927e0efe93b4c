"""What a reply's stream may do, over a real socket, and what a turn makes of it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest

from gptalk_client.errors import ProtocolError, ServerError, TruncatedError
from gptalk_client.models import Phase, ReplyRequest
from gptalk_client.providers.gptalk import GPTalk
from support.gptalk_wire import Outcome, Step, gptalk, run_turn, stream_of
from support.raw_server import Connection, RawServer, Request, eventually

DONE = b"data: [DONE]\n\n"
BOM = b"\xef\xbb\xbf"


def said(text: str, end: bytes = b"\n\n") -> bytes:
    return b"data: " + json.dumps({"content": text}, ensure_ascii=False).encode() + end


async def turn_over(step: Step) -> Outcome:
    async with RawServer(gptalk(stream=step)) as server:
        provider = GPTalk(url=server.url)
        try:
            return await run_turn(provider)
        finally:
            await provider.aclose()


@dataclass(frozen=True)
class Case:
    pieces: tuple[bytes, ...]
    text: str
    error: type[Exception] | None = None
    says: str = ""
    rewrites: int = 0
    head: str = "content-type: text/event-stream\r\n"


def each_byte(stream: bytes) -> tuple[bytes, ...]:
    return tuple(stream[at : at + 1] for at in range(len(stream)))


def spread(*payloads: Any) -> tuple[bytes, ...]:
    return tuple(
        b"data: " + (p if isinstance(p, bytes) else json.dumps(p).encode()) + b"\n\n" for p in payloads
    )


CASES = {
    # Framing
    "CRLF, split between its two bytes": Case(
        (said("a", b"\r"), b"\n\r", b"\n", said("ab", b"\r\n\r\n"), DONE), "ab"
    ),
    "CR only": Case((said("ab", b"\r\r") + b"data: [DONE]\r\r",), "ab"),
    "mixed line ends": Case((said("a", b"\n\r"), said("ab", b"\r\n\n"), DONE), "ab"),
    "a BOM": Case((BOM + said("ab"), DONE), "ab"),
    "a BOM split over reads": Case((BOM[:1], BOM[1:2], BOM[2:], said("ab"), DONE), "ab"),
    "after two BOMs the first event is ignored": Case(
        (BOM + BOM + b'data: {"error": "x"}\n\n', said("b"), DONE), "b"
    ),
    "comments and other fields": Case(
        (b": hi\n\nevent: x\nid: 1\nretry: 9\nfoo: bar\ndata\n\n", said("ab"), b":\n\n" + DONE), "ab"
    ),
    "no space, two spaces, several data lines": Case(
        (b'data:{"content": "a"}\n\ndata:  {"content": "ab"}\n\ndata: {"content":\ndata: "abc"}\n\n', DONE), "abc"
    ),
    "split at every byte": Case(each_byte(said("Привет, 😀") + DONE), "Привет, 😀"),
    "invalid bytes": Case((b'data: {"content": "a\xff\xfeb\xc3c"}\n\n', DONE), "a\ufffd\ufffdb\ufffdc"),
    "another charset in the header": Case(
        (said("Привет é"), DONE), "Привет é", head="content-type: text/event-stream; charset=windows-1252\r\n"
    ),
    "Unicode line separators are text": Case((said("a\u2028b\u2029c\u0085d"), DONE), "a\u2028b\u2029c\u0085d"),
    "the last event lacks its blank line": Case((said("ab"), b"data: [DONE]"), "ab"),
    "the last event is JSON and lacks its blank line": Case((said("a"), said("ab", b"")), "ab", TruncatedError),
    "the last event is cut": Case((said("a"), b'data: {"content": "ab'), "a", TruncatedError),
    "end mark without a space": Case((said("ab"), b"data:[DONE]\n\n"), "ab"),
    "end mark with a space after it": Case((said("ab"), b"data: [DONE] \n\n"), "ab"),
    "end mark in quotes": Case((said("ab"), b'data: "[DONE]"\n\n'), "ab"),
    "what follows the end mark is ignored": Case((said("ab"), DONE + said("abc") + b"data: {x\n\n"), "ab"),
    "no end mark": Case((said("ab"),), "ab", TruncatedError, "before its end mark"),
    "nothing but comments": Case((b": hi\n\n",), "", TruncatedError),
    "the end mark first": Case((DONE,), ""),
    "a line over 8 MiB": Case((said("ab"), b"data: ", *([b"x" * 1_000_000] * 9)), "ab", ProtocolError),
    # Cumulative text
    "it grows and repeats": Case((said("a"), said("a"), said("ab"), said("ab"), DONE), "ab"),
    "events without text are skipped": Case(
        spread({"content": "a"}, {"content": None}, {"content": 7}, {"content": "ab"}, [7], b"[DONE]"),
        "ab",
    ),
    "three without text in a row": Case(
        spread({"content": "a"}, {"content": None}, {}, [1], {"content": "b"}), "a", ProtocolError
    ),
    "an error": Case(spread({"content": "a"}, {"error": "over\x1b[2Jload"}), "a", ServerError, "over [2Jload"),
    "a code and a message": Case(spread({"code": 7, "msg": "quota"}), "", ServerError, "quota"),
    "bad JSON": Case((said("a"), b"data: {nonsense}\n\n", said("b")), "a", ProtocolError),
    "NaN": Case((said("a"), b'data: {"content": NaN}\n\n'), "a", ProtocolError),
    "100,000 brackets": Case((said("a"), b"data: " + b"[" * 100_000 + b"\n\n"), "a", ProtocolError),
    "150 lists in each other": Case(
        (said("a"), b"data: " + b"[" * 150 + b"]" * 150 + b"\n\n"), "a", ProtocolError, "too deep"
    ),
    "700 brackets around bytes that are no text": Case(
        (said("a"), b"data: " + b"[" * 700 + b'"\xff"' + b"]" * 700 + b"\n\n"), "a", ProtocolError, "too deep"
    ),
    "a 5,000-digit integer": Case((said("a"), b"data: " + b"9" * 5000 + b"\n\n"), "a", ProtocolError),
    "bad JSON inside what looks like text": Case((b'data: {"content": "a" "b"}\n\n',), "", ProtocolError),
    "lone surrogates": Case((b'data: {"content": "a\\ud800b\\udc00"}\n\n', DONE), "a\ufffdb\ufffd"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_stream_becomes(case: Case) -> None:
    outcome = await turn_over(stream_of(*case.pieces, head=case.head))
    if case.error is None:
        assert outcome.error is None
    else:
        assert type(outcome.error) is case.error
        assert case.says in outcome.error.message
        assert "\x1b" not in outcome.error.message
    assert outcome.text == case.text


@pytest.mark.parametrize(
    "case", [CASES["split at every byte"], CASES["end mark in quotes"]], ids=["05", "08"]
)
async def test_text_and_end_arrive_in_one_segment(case: Case) -> None:
    outcome = await turn_over(stream_of(b"".join(case.pieces)))
    assert (outcome.text, outcome.error) == (case.text, None)


async def test_a_rewritten_reply_is_replaced() -> None:
    seen = asyncio.Event()

    async def step(connection: Connection, request: Request) -> None:
        await connection.start_stream()
        await connection.chunk(said("Hello wurld"))
        await seen.wait()
        await connection.chunk(said("Hello"), DONE)
        await connection.end_stream()

    async with RawServer(gptalk(stream=step)) as server:
        provider = GPTalk(url=server.url)
        outcome = Outcome()
        async for event in provider.stream(ReplyRequest([{"role": "user", "content": "x"}])):
            outcome.take(event)
            if outcome.text:
                seen.set()
        await provider.aclose()
    assert (outcome.text, outcome.rewrites) == ("Hello", 1)


async def test_the_connection_is_closed_after_the_end_mark_if_the_server_goes_on() -> None:
    async def step(connection: Connection, request: Request) -> None:
        await connection.start_stream()
        await connection.chunk(said("ab"), DONE)
        await connection.client_gone()

    async with RawServer(gptalk(stream=step)) as server:
        provider = GPTalk(url=server.url)
        outcome = await run_turn(provider)
        await eventually(lambda: server.open_connections == 0, limit_s=1)
        await provider.aclose()
    assert (outcome.text, outcome.error) == ("ab", None)


async def test_a_long_reply_stays_cheap_in_memory_while_nobody_asks() -> None:
    """20 MB of events pass while the consumer looks away; only the newest is kept."""
    import tracemalloc

    text = "x" * 20_000
    total = 1000
    sent = asyncio.Event()

    async def step(connection: Connection, request: Request) -> None:
        await connection.start_stream()
        await connection.chunk(said("x"))
        for _ in range(total):
            await connection.chunk(said(text))
        sent.set()
        await connection.chunk(DONE)
        await connection.end_stream()

    async with RawServer(gptalk(stream=step)) as server:
        provider = GPTalk(url=server.url)
        outcome = Outcome()
        async for event in provider.stream(ReplyRequest([{"role": "user", "content": "x"}])):
            outcome.take(event)
            if outcome.phases[-1:] == [Phase.STREAMING] and not sent.is_set():
                tracemalloc.start()
                await sent.wait()
                peak_bytes = tracemalloc.get_traced_memory()[1]
                tracemalloc.stop()
        await provider.aclose()
    assert (outcome.text, outcome.error) == (text, None)
    assert peak_bytes < 4_000_000
