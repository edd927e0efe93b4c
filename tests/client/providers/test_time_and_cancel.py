"""Time limits, and a turn that is cancelled at any point: nothing stays open, whatever was read is kept.

`GPTALK_TEST_CANCELS=500` makes the test of many cancels that long.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from gptalk_client.errors import StalledError, TimedOutError
from gptalk_client.models import Phase, PhaseChanged, ReplyRequest
from gptalk_client.providers.gptalk import GPTalk
from gptalk_client.settings import Timeouts
from support.gptalk_wire import REQUEST, Outcome, Step, good_login, good_stream, good_submit, gptalk, run_turn
from support.raw_server import Connection, RawServer, Request, eventually

CANCELS = int(os.environ.get("GPTALK_TEST_CANCELS", "60"))

EVENT = b'data: {"content": "Hi"}\n\n'
DONE = b"data: [DONE]\n\n"


def open_sockets() -> int:
    """Return how many sockets this process holds."""
    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("this system does not list open files")
    links = []
    for each in folder.iterdir():
        try:
            links.append(os.readlink(each))
        except FileNotFoundError:
            continue
    return sum(link.startswith("socket:") for link in links)


async def silent(connection: Connection, request: Request) -> None:
    await connection.client_gone()


def stream_then_silence(*pieces: bytes) -> Step:
    async def step(connection: Connection, request: Request) -> None:
        await connection.start_stream()
        await connection.chunk(*pieces)
        await connection.client_gone()

    return step


async def comments_only(connection: Connection, request: Request) -> None:
    await connection.start_stream()
    await connection.chunk(EVENT)
    gone = asyncio.ensure_future(connection.client_gone())
    while not gone.done():
        await connection.chunk(b": still here\n\n")
        await asyncio.wait({gone}, timeout=0.02)
    await gone


async def outcome_with(timeouts: Timeouts, **steps: Step) -> Outcome:
    async with RawServer(gptalk(**steps)) as server:
        provider = GPTalk(url=server.url, timeouts=timeouts)
        outcome = await run_turn(provider)
        await eventually(lambda: server.open_connections == 0, limit_s=1)
        await provider.aclose()
    return outcome


@pytest.mark.parametrize("step", ["login", "submit", "stream"])
async def test_no_answer_in_time(step: str) -> None:
    outcome = await outcome_with(Timeouts(headers_s=0.1), **{step: silent})
    assert isinstance(outcome.error, TimedOutError)
    assert outcome.error.phase == "headers"
    assert outcome.retries == []


@pytest.mark.parametrize("step", ["login", "submit", "stream"])
@pytest.mark.parametrize("piece", [b"x", b"HTTP/1.1 100 Continue\r\n\r\n"], ids=["a header", "100 Continue"])
async def test_a_head_that_never_ends(step: str, piece: bytes) -> None:
    async def drip(connection: Connection, request: Request) -> None:
        if piece == b"x":
            await connection.send(b"HTTP/1.1 200 OK\r\nx: ")
        gone = asyncio.ensure_future(connection.client_gone())
        while not gone.done():
            await connection.send(piece)
            await asyncio.wait({gone}, timeout=0.02)
        await gone

    outcome = await outcome_with(Timeouts(headers_s=0.1), **{step: drip})
    assert isinstance(outcome.error, TimedOutError)
    assert outcome.error.phase == "headers"
    assert outcome.retries == []


async def test_an_answer_that_never_ends() -> None:
    async def drip(connection: Connection, request: Request) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{")
        await connection.client_gone()

    outcome = await outcome_with(Timeouts(headers_s=0.1), submit=drip)
    assert isinstance(outcome.error, TimedOutError)


async def test_a_silent_stream_is_stalled_and_keeps_its_text() -> None:
    outcome = await outcome_with(Timeouts(stall_s=0.1), stream=stream_then_silence(EVENT))
    assert isinstance(outcome.error, StalledError)
    assert outcome.text == "Hi"


async def test_a_stream_silent_from_its_start_is_stalled() -> None:
    outcome = await outcome_with(Timeouts(stall_s=0.1), stream=stream_then_silence())
    assert isinstance(outcome.error, StalledError)
    assert outcome.text == ""


async def test_nothing_but_comments_is_stalled_later() -> None:
    outcome = await outcome_with(Timeouts(stall_s=5, comments_s=0.15), stream=comments_only)
    assert isinstance(outcome.error, StalledError)
    assert "No text" in outcome.error.message
    assert outcome.text == "Hi"


async def test_a_slow_stream_is_not_stalled_while_anything_comes() -> None:
    async def slow(connection: Connection, request: Request) -> None:
        await connection.start_stream()
        for byte in EVENT + DONE:
            await connection.chunk(bytes([byte]))
            await asyncio.sleep(0.01)
        await connection.end_stream()

    async with RawServer(gptalk(stream=slow)) as server:
        provider = GPTalk(url=server.url, timeouts=Timeouts(stall_s=0.2, comments_s=0.2))
        outcome = await run_turn(provider)
        await provider.aclose()
    assert (outcome.text, outcome.error) == ("Hi", None)


async def test_no_connection_in_time_is_tried_once_more() -> None:
    with socket.socket() as listener:
        # A backlog that is full leaves the next connection without an answer.
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = []
        for _ in range(2):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        provider = GPTalk(
            url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeouts=Timeouts(connect_s=0.1)
        )
        outcome = await run_turn(provider)
        await provider.aclose()
        for filler in fillers:
            filler.close()
    assert isinstance(outcome.error, TimedOutError)
    assert outcome.error.phase == "connect"
    assert len(outcome.retries) == 1


class Turn:
    """A turn in a task, so that it can be cancelled, and where the server has got to with it."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.outcome = Outcome()

    async def run(self, provider: GPTalk, request: ReplyRequest = REQUEST) -> None:
        async with aclosing(provider.stream(request)) as events:
            async for event in events:
                self.outcome.take(event)

    def here(self, step: Step) -> Step:
        async def tell(connection: Connection, request: Request) -> None:
            self.reached.set()
            await step(connection, request)

        return tell

    def mid_event(self, *pieces: bytes) -> Step:
        async def step(connection: Connection, request: Request) -> None:
            await connection.start_stream()
            await connection.chunk(*pieces)
            await eventually(lambda: self.outcome.text == "Hi")
            self.reached.set()
            await connection.client_gone()

        return step


POINTS: dict[str, Callable[[Turn], dict[str, Step]]] = {
    "login": lambda turn: {"login": turn.here(silent)},
    "submit": lambda turn: {"submit": turn.here(silent)},
    "headers": lambda turn: {"stream": turn.here(silent)},
    "first event": lambda turn: {"stream": turn.here(stream_then_silence())},
    "between events": lambda turn: {"stream": turn.mid_event(EVENT)},
    "inside an event": lambda turn: {"stream": turn.mid_event(EVENT, b'data: {"content": "Hi th')},
    "inside the end mark": lambda turn: {"stream": turn.mid_event(EVENT, b"data: [DO")},
}


@pytest.mark.parametrize("is_double", [False, True], ids=["once", "twice"])
@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
async def test_a_cancelled_turn_leaves_nothing_open(
    point: Callable[[Turn], dict[str, Step]], is_double: bool
) -> None:
    turn = Turn()
    async with RawServer(gptalk(**point(turn))) as server:
        provider = GPTalk(url=server.url)
        task = asyncio.create_task(turn.run(provider))
        await asyncio.wait_for(turn.reached.wait(), 5)
        asked = len(server.requests)
        task.cancel()
        if is_double:
            await asyncio.sleep(0)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 1)
        await eventually(lambda: server.open_connections == 0, limit_s=1)
        assert len(server.requests) == asked
        await provider.aclose()


async def test_cancelling_while_connecting() -> None:
    """The server accepts and never speaks TLS; the context trusts whom it likes."""
    accepted = asyncio.Event()

    async def mute(connection: Connection) -> None:
        accepted.set()
        await connection.client_gone()

    async with RawServer(mute) as server:
        provider = GPTalk(url=server.url.replace("http:", "https:"))
        task = asyncio.create_task(Turn().run(provider))
        await asyncio.wait_for(accepted.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 1)
        await eventually(lambda: server.open_connections == 0, limit_s=1)
        await provider.aclose()


async def test_cancelling_a_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def getaddrinfo(*args: object, **kwargs: object) -> object:
        asked.set()
        await answer.wait()
        return []

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    provider = GPTalk(url="http://nowhere.test")
    task = asyncio.create_task(Turn().run(provider))
    await asyncio.wait_for(asked.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 1)
    await provider.aclose()


async def test_an_end_mark_that_was_read_wins_over_a_cancel() -> None:
    """Closing the generator after the text, with the end mark already here, is no broken reply."""
    sent = asyncio.Event()

    async def stream(connection: Connection, request: Request) -> None:
        await connection.start_stream()
        await connection.chunk(EVENT + DONE)
        await connection.end_stream()
        sent.set()

    async with RawServer(gptalk(stream=stream)) as server:
        provider = GPTalk(url=server.url)
        outcome = Outcome()
        events = provider.stream(REQUEST)
        while not outcome.text:
            outcome.take(await anext(events))
        await sent.wait()
        with pytest.raises(StopAsyncIteration):
            await anext(events)
        assert outcome.text == "Hi"
        await provider.aclose()


async def test_many_cancels_half_of_them_double_leave_no_socket() -> None:
    """Each turn's number comes back in its stream's token, so that the server knows whose close it sees."""
    now = asyncio.get_running_loop().time
    cancelled_at: dict[str, float] = {}
    closed_after_s: list[float] = []

    async def submit(connection: Connection, request: Request) -> None:
        await connection.answer({"data": {"token": request.json()["content"]}})

    async def endless(connection: Connection, request: Request) -> None:
        number = request.target.partition("?token=")[2]
        gone = asyncio.ensure_future(connection.client_gone())
        try:
            await connection.start_stream()
            text = ""
            while not gone.done():
                text += "x" * 50
                await connection.chunk(b"data: " + json.dumps({"content": text}).encode() + b"\n\n")
                await asyncio.sleep(0)
        finally:
            await gone
            if number in cancelled_at:
                closed_after_s.append(now() - cancelled_at[number])

    def asking(number: str) -> ReplyRequest:
        return ReplyRequest([{"role": "user", "content": number}])

    async with RawServer(gptalk(submit=submit, stream=endless)) as server:
        provider = GPTalk(url=server.url)
        before = open_sockets()
        for number in range(CANCELS):
            turn = Turn()
            task = asyncio.create_task(turn.run(provider, asking(str(number))))
            for _ in range(number % 23):
                await asyncio.sleep(0)
            if number % 3 == 0:
                await eventually(lambda turn=turn: turn.outcome.text)
            task.cancel()
            cancelled_at[str(number)] = now()
            if number % 2:
                for _ in range(number % 5):
                    await asyncio.sleep(0)
                task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await eventually(lambda: server.open_connections <= 1, limit_s=1)
        outcome = Outcome()
        async with aclosing(provider.stream(asking("last"))) as events:
            async for event in events:
                outcome.take(event)
                if outcome.text:
                    break
        assert outcome.text
        await provider.aclose()
        await eventually(lambda: server.open_connections == 0, limit_s=1)
        await eventually(lambda: open_sockets() == before, limit_s=1)
    assert len(closed_after_s) >= CANCELS // 3
    assert max(closed_after_s) < 1


async def test_a_dropped_generator_closes_its_connection() -> None:
    async with RawServer(gptalk(stream=stream_then_silence(EVENT))) as server:
        provider = GPTalk(url=server.url)
        async for event in provider.stream(REQUEST):
            if not isinstance(event, PhaseChanged):
                break
        await eventually(lambda: server.open_connections == 0, limit_s=1)
        await provider.aclose()


async def test_closing_the_provider_ends_its_turns() -> None:
    turn = Turn()
    async with RawServer(gptalk(**POINTS["between events"](turn))) as server:
        provider = GPTalk(url=server.url)
        task = asyncio.create_task(run_turn(provider))
        turn.outcome.text = "Hi"
        await asyncio.wait_for(turn.reached.wait(), 5)
        await provider.aclose()
        outcome = await asyncio.wait_for(task, 1)
        assert "closed" in str(outcome.error)
        await eventually(lambda: server.open_connections == 0, limit_s=1)


async def test_phases_come_in_order() -> None:
    async with RawServer(gptalk(good_login, good_submit, good_stream)) as server:
        provider = GPTalk(url=server.url)
        first, second = await run_turn(provider), await run_turn(provider)
        await provider.aclose()
    assert first.phases == [Phase.CONNECTING, Phase.SIGNING_IN, Phase.WAITING, Phase.STREAMING]
    assert second.phases == [Phase.CONNECTING, Phase.WAITING, Phase.STREAMING]
