"""Any engine behind the command line: an OpenAI-compatible endpoint asked directly, and relayed by `serve`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from support.command_line import LIMIT_S, command, run_process
from support.openai_peer import KEY, Peer, openai_peer
from support.raw_server import Connection, RawServer

CAPITAL = "What is the capital of France? Answer in one word."


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with openai_peer() as peer:
        yield peer


async def completion(connection: Connection) -> None:
    """Answer as an OpenAI-compatible server does."""
    while request := await connection.request():
        if request.path == "/v1/models":
            await connection.answer({"data": [{"id": "small"}, {"id": "big"}]})
            continue
        await connection.start_stream()
        choice = {"index": 0, "delta": {"content": "Hello"}, "finish_reason": "stop"}
        await connection.chunk(
            b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n", b"data: [DONE]\n\n"
        )
        await connection.end_stream()


@contextlib.asynccontextmanager
async def relay(*arguments: str) -> AsyncIterator[str]:
    """Run `serve`; yield the address that it prints."""
    process = await asyncio.create_subprocess_exec(
        *command("serve", *arguments), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(LIMIT_S):
            line = (await process.stdout.readline()).decode()
        assert line.startswith("Serving "), line
        yield line.split(" on ")[1].strip()
    finally:
        process.terminate()
        await process.communicate()


def test_ask_streams_from_a_real_engine_and_saves_the_reply(peer: Peer, data: Path) -> None:
    options = ("--provider", "openai", "--url", peer.url, "-o", "temperature=0", "-o", "max_tokens=12")
    done = run_process("ask", CAPITAL, *options, OPENAI_API_KEY=KEY)
    assert (done.code, done.err) == (0, "")
    assert "Paris" in done.out
    (kept,) = json.loads(run_process("list", "--json").out)
    assert (kept["provider"], kept["message_count"]) == ("openai", 2)


def test_key_refused_by_a_real_engine_exits_3_and_is_not_shown(peer: Peer, data: Path) -> None:
    done = run_process(
        "ask", "Hi", "--provider", "openai", "--url", peer.url, OPENAI_API_KEY="sk-somebody-elses"
    )
    assert (done.code, done.out) == (3, "")
    assert "refused the key" in done.err
    assert "sk-somebody" not in done.err


async def test_serve_relays_a_real_engine(peer: Peer, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPTALK_UPSTREAM_KEY", KEY)
    async with relay("--upstream", peer.url) as url:
        done = await asyncio.to_thread(run_process, "ask", CAPITAL, "-o", "max_tokens=12", "--url", url)
    assert (done.code, done.err) == (0, "")
    assert "Paris" in done.out


@pytest.mark.parametrize(
    ("options", "variables", "model"),
    [
        ((), {}, "small"),
        (("-m", "big"), {}, "big"),
        (("--model", "unlisted"), {"GPTALK_MODEL": "big"}, "unlisted"),
        ((), {"GPTALK_MODEL": "big"}, "big"),
    ],
)
async def test_serve_requests_the_model_given_by_options(
    data: Path,
    own_world: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    variables: dict[str, str],
    model: str,
) -> None:
    config = own_world / "config.toml"
    config.write_text('model = "of-the-chat-service"\n')
    async with RawServer(completion) as upstream:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        async with relay("--upstream", upstream.url, "--config", str(config), *options) as url:
            done = await asyncio.to_thread(run_process, "ask", "Hi", "--url", url)
        assert (done.code, done.out, done.err) == (0, "Hello\n", "")
        assert upstream.requests[-1].json()["model"] == model
