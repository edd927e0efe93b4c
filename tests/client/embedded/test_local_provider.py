"""The local provider: the endpoint's process and the real GPTalk client together, a scripted server behind."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from gptalk_client.embedded.errors import EndpointCrashedError, WeightsMissingError
from gptalk_client.embedded.process import EndpointState, LocalEndpoint
from gptalk_client.embedded.provider import LocalProvider
from gptalk_client.errors import ProviderError, ServerError
from gptalk_client.models import Phase, PhaseChanged, ReplyEvent, ReplyRequest, TextAdded
from support.raw_server import Connection, RawServer, eventually

HELLO = ReplyRequest([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}])


class Script:
    """What the server behind the endpoint says: words, then its end, or nothing until `hold` is set."""

    def __init__(self) -> None:
        self.hold = asyncio.Event()
        self.hold.set()
        self.status = "200 OK"

    async def __call__(self, connection: Connection) -> None:
        while request := await connection.request():
            if request.path == "/v1/models":
                await connection.answer({"data": [{"id": "tiny"}]})
                continue
            if self.status != "200 OK":
                await connection.answer({"error": {"message": "no memory"}}, status=self.status)
                return
            await connection.start_stream()
            await connection.chunk(b'data: {"choices": [{"delta": {"content": "Hel"}}]}\n\n')
            if not self.hold.is_set():
                waiting = asyncio.create_task(connection.client_gone())
                held = asyncio.create_task(self.hold.wait())
                await asyncio.wait({waiting, held}, return_when=asyncio.FIRST_COMPLETED)
                held.cancel()
                if connection.closed:
                    return
                waiting.cancel()
            await connection.chunk(b'data: {"choices": [{"delta": {"content": "lo"}}]}\n\ndata: [DONE]\n\n')
            await connection.end_stream()


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
async def upstream(script: Script) -> AsyncIterator[RawServer]:
    async with RawServer(script) as server:
        yield server


@pytest.fixture
async def provider(upstream: RawServer, tmp_path: Path) -> AsyncIterator[LocalProvider]:
    provider = LocalProvider(tmp_path, endpoint=LocalEndpoint(tmp_path, upstream=upstream.url))
    yield provider
    await provider.aclose()


async def collect(provider: LocalProvider) -> list[ReplyEvent]:
    async with aclosing(provider.stream(HELLO)) as events:
        return [event async for event in events]


def text_of(events: list[ReplyEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextAdded))


async def test_the_first_reply_starts_the_process_and_the_next_uses_it(
    provider: LocalProvider, upstream: RawServer
) -> None:
    first = await collect(provider)
    pid = provider.endpoint.pid
    second = await collect(provider)

    assert [text_of(first), text_of(second)] == ["Hello", "Hello"]
    assert first[0] == second[0] == PhaseChanged(Phase.CONNECTING)
    assert PhaseChanged(Phase.SIGNING_IN) in first
    assert PhaseChanged(Phase.SIGNING_IN) not in second
    assert provider.endpoint.pid == pid
    assert upstream.requests[-1].json()["messages"] == HELLO.messages
    assert (provider.name, provider.service) == ("local", "this computer")


async def test_several_replies_stream_at_the_same_time(provider: LocalProvider) -> None:
    replies = await asyncio.gather(*(collect(provider) for _ in range(4)))

    assert [text_of(reply) for reply in replies] == ["Hello"] * 4


async def test_stopping_a_reply_stops_what_writes_it(
    provider: LocalProvider, upstream: RawServer, script: Script
) -> None:
    script.hold.clear()
    async with aclosing(provider.stream(HELLO)) as events:
        async for event in events:
            if isinstance(event, TextAdded):
                break
    await eventually(lambda: upstream.open_connections == 0, limit_s=1)

    assert upstream.connections


async def test_a_crash_fails_the_turn_and_the_next_one_works(provider: LocalProvider, script: Script) -> None:
    script.hold.clear()
    seen: list[ReplyEvent] = []

    async def read() -> None:
        async with aclosing(provider.stream(HELLO)) as events:
            async for event in events:
                seen.append(event)
                if isinstance(event, TextAdded):
                    assert provider.endpoint.pid is not None
                    os.kill(provider.endpoint.pid, signal.SIGKILL)

    with pytest.raises(EndpointCrashedError, match="SIGKILL") as caught:
        await read()
    script.hold.set()

    assert isinstance(caught.value, ProviderError)
    assert text_of(seen) == "Hel"
    assert text_of(await collect(provider)) == "Hello"


async def test_a_process_that_died_between_turns_is_restarted(provider: LocalProvider) -> None:
    await collect(provider)
    pid = provider.endpoint.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await eventually(lambda: provider.endpoint.state is EndpointState.STOPPED)

    assert text_of(await collect(provider)) == "Hello"
    assert provider.endpoint.pid != pid


async def test_what_the_engine_says_reaches_the_person(provider: LocalProvider, script: Script) -> None:
    script.status = "500 Oops"

    with pytest.raises(ServerError, match="no memory"):
        await collect(provider)


async def test_closing_ends_the_process(provider: LocalProvider) -> None:
    await collect(provider)
    pid = provider.endpoint.pid
    assert pid is not None
    await provider.aclose()

    assert not psutil.pid_exists(pid)


async def test_without_weights_the_app_learns_that_it_may_ask(tmp_path: Path) -> None:
    provider = LocalProvider(tmp_path)

    with pytest.raises(WeightsMissingError):
        await collect(provider)
    assert await provider.models() == []
    await provider.aclose()
