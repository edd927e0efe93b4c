"""The real small model behind the endpoint. Skipped where its weights cannot be fetched."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from gptalk_client.embedded import weights
from gptalk_client.embedded.errors import EngineError
from gptalk_client.embedded.gguf import read_info
from gptalk_client.embedded.llama import LlamaEngine
from gptalk_client.embedded.process import EndpointState, LocalEndpoint
from gptalk_client.embedded.prompt import ChatMessage
from support.raw_server import eventually

CAPITAL = "What is the capital of France? Answer in one word."


def user(content: str) -> list[ChatMessage]:
    return [{"role": "user", "content": content}]


@pytest.fixture
async def engine(real_models_dir: Path) -> AsyncIterator[LlamaEngine]:
    engine = LlamaEngine.load(weights.resolve(real_models_dir, None), context_tokens=512)
    yield engine
    await engine.aclose()


async def ask(engine: LlamaEngine, messages: list[ChatMessage], **options: float) -> str:
    async with aclosing(engine.stream(messages, options)) as pieces:
        return "".join([piece async for piece in pieces])


def test_the_pulled_file_is_the_model_it_says(real_models_dir: Path) -> None:
    path = weights.installed(real_models_dir)
    assert path is not None

    info = read_info(path)
    assert (info.name, info.architecture, info.context_tokens) == ("SmolLM2-135M-Instruct", "llama", 8192)
    assert path in [model.path for model in weights.list_models(real_models_dir)]


async def test_it_answers_the_same_at_temperature_0_and_several_at_once(engine: LlamaEngine) -> None:
    alone = await ask(engine, user(CAPITAL), temperature=0, max_tokens=12)
    together = await asyncio.gather(
        *(ask(engine, user(CAPITAL), temperature=0, max_tokens=12) for _ in range(3))
    )

    assert "Paris" in alone
    assert all("Paris" in reply for reply in together)


async def test_a_conversation_that_is_too_long_loses_its_oldest_turns(
    engine: LlamaEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    messages: list[ChatMessage] = []
    for number in range(30):
        messages += [
            {"role": "user", "content": f"Remember the number {number}, please. " * 3},
            {"role": "assistant", "content": "I will."},
        ]

    assert await ask(engine, [*messages, *user(CAPITAL)], temperature=0, max_tokens=12)
    assert re.search(r"dropped the \d+ oldest messages of 61", caplog.text)


async def test_one_message_that_is_too_long_is_refused(engine: LlamaEngine) -> None:
    with pytest.raises(EngineError, match=r"too long for this model: it takes \d+ tokens, .* limit is 512"):
        await ask(engine, user("word " * 2000))


@pytest.mark.parametrize("words", [0, 2], ids=["while it reads the prompt", "while it writes"])
async def test_leaving_stops_the_model(engine: LlamaEngine, words: int) -> None:
    pieces = engine.stream(user("Count slowly. " * (60 if words == 0 else 1)), {"max_tokens": 400})
    task = asyncio.ensure_future(anext(pieces))
    if words == 0:
        await eventually(lambda: engine._runs)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    else:
        await task
        await anext(pieces)
    await pieces.aclose()

    # Four hundred words would take far longer than the wait's limit.
    await eventually(lambda: not engine._runs)


async def test_in_its_own_process_it_streams_and_prints_nothing(
    real_models_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from gptalk_client.embedded.provider import LocalProvider
    from gptalk_client.models import Phase, PhaseChanged, ReplyRequest, TextAdded

    states: list[EndpointState] = []
    began = time.perf_counter()
    provider = LocalProvider(real_models_dir, on_state=states.append)
    request = ReplyRequest(user(CAPITAL), options={"max_tokens": 12})
    first_s = 0.0
    events = []
    async for event in provider.stream(request):
        if isinstance(event, TextAdded) and not first_s:
            first_s = time.perf_counter() - began
        events.append(event)
    names = await provider.models()
    pid = provider.endpoint.pid
    await provider.aclose()

    assert events[0] == PhaseChanged(Phase.CONNECTING)
    assert "Paris" in "".join(event.text for event in events if isinstance(event, TextAdded))
    assert names == ["SmolLM2-135M-Instruct"]
    assert states == [
        EndpointState.STARTING, EndpointState.LOADING, EndpointState.READY, EndpointState.STOPPED,
    ]  # fmt: skip
    assert pid is not None
    assert not psutil.pid_exists(pid)
    assert capfd.readouterr() == ("", "")


async def test_llama_cpps_own_server_cannot_be_reached(real_models_dir: Path) -> None:
    endpoint = LocalEndpoint(real_models_dir)
    url = await endpoint.start()
    assert endpoint.pid is not None
    listening = [
        connection.laddr
        for connection in psutil.Process(endpoint.pid).net_connections("all")
        if connection.status == psutil.CONN_LISTEN
    ]
    sockets = [
        Path(connection.laddr)
        for connection in psutil.Process(endpoint.pid).net_connections("unix")
        if isinstance(connection.laddr, str) and connection.laddr.startswith("/")
    ]
    await endpoint.stop()

    assert [(address.ip, f":{address.port}/" in url) for address in listening] == [("127.0.0.1", True)]
    assert not [path for path in sockets if path.exists()]
