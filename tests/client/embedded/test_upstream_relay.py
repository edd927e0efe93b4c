"""The relay to an OpenAI-compatible server, against a server whose every byte is scripted."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

import pytest

from gptalk_client.embedded.engine import Reasoning
from gptalk_client.embedded.errors import EngineError
from gptalk_client.embedded.upstream import UpstreamEngine, key_from_environment
from gptalk_client.errors import ConfigError
from gptalk_client.providers.gptalk import GPTalk
from support.gptalk_wire import run_turn
from support.raw_server import Connection, RawServer, Request, eventually

HELLO = [{"role": "user", "content": "Hi"}]
Answer = Callable[[Connection, Request], Awaitable[None]]


def chunk(text: str | None = None, finish: str | None = None) -> bytes:
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def upstream(answer: Answer, models: Any = None) -> RawServer:
    """Return a server that tells its models and lets the test answer the completion."""

    async def handle(connection: Connection) -> None:
        while request := await connection.request():
            if request.path == "/v1/models":
                names = ["tiny"] if models is None else models
                await connection.answer({"data": [{"id": name} for name in names]})
            else:
                assert request.path == "/v1/chat/completions"
                await answer(connection, request)
                return

    return RawServer(handle)


def say(*pieces: bytes) -> Answer:
    async def answer(connection: Connection, _request: Request) -> None:
        await connection.start_stream()
        await connection.chunk(*pieces)
        await connection.end_stream()

    return answer


def refuse(status: str, body: bytes | dict[str, Any], headers: str = "") -> Answer:
    async def answer(connection: Connection, _request: Request) -> None:
        await connection.answer(body, status=status, headers=headers)

    return answer


async def ask(server: RawServer, *, key: str = "", fixed: str = "", **options: Any) -> str:
    engine = UpstreamEngine(server.url, key=key, model=fixed)
    try:
        async with aclosing(engine.stream(HELLO, options)) as pieces:  # type: ignore[arg-type]
            return "".join([piece async for piece in pieces])
    finally:
        await engine.aclose()


async def test_the_text_of_the_stream_is_passed_on() -> None:
    whole = (
        chunk()
        + b": comment\n\n"
        + chunk("Hel")
        + chunk("lo 🙂")
        + chunk(finish="stop")
        + b"data: [DONE]\n\n"
    )
    halves = [whole[i : i + 7] for i in range(0, len(whole), 7)]
    async with upstream(say(*halves)) as server:
        assert (
            await ask(server, key="k3y", temperature=0.5, max_tokens=9, is_mobile=0, seed="x") == "Hello 🙂"
        )
        body = server.requests[-1].json()

    assert body == {"model": "tiny", "messages": HELLO, "stream": True,
        "stream_options": {"include_usage": True}, "temperature": 0.5, "max_tokens": 9,
    }  # fmt: skip
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer k3y"}


@pytest.mark.parametrize(
    ("models", "asked", "fixed", "sent"),
    [
        (["a", "b"], "b", "", "b"),
        (["a", "b"], "gpt-3.5-turbo", "", "a"),
        ([], "c", "", "c"),
        ([], "", "", "gpt-3.5-turbo"),
        (["a"], "a", "z", "z"),
    ],
)
async def test_a_model_is_asked_for_that_the_server_has(
    models: list[str], asked: str, fixed: str, sent: str
) -> None:
    async with upstream(say(b"data: [DONE]\n\n"), models) as server:
        await ask(server, fixed=fixed, **({"model": asked} if asked else {}))

    assert server.requests[-1].json()["model"] == sent


async def test_without_a_key_none_is_sent() -> None:
    async with upstream(say(b"data: [DONE]\n\n")) as server:
        await ask(server)

    assert not any("authorization" in request.headers for request in server.requests)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refuse("401 Unauthorized", {"error": {"message": "bad key"}}), "refused the key: bad key"),
        (refuse("404 Not Found", {"error": {"message": "no such model"}}), "status 404: no such model"),
        (refuse("404 Not Found", b"", "content-type: text/plain\r\n"), "does not know this address"),
        (
            refuse("429 Too Many Requests", {"error": "slow down"}, "retry-after: 61\r\n"),
            "limiting requests: slow down",
        ),
        (refuse("500 Oops", b"<html>", "content-type: text/html\r\n"), "status 500"),
        (refuse("200 OK", b"<html>", "content-type: text/html\r\n"), "web page answered"),
        (
            refuse("302 Found", b"", "location: http://evil.example/\r\n"),
            "evil.example; redirects aren't followed",
        ),
        (say(chunk("a"), b'data: {"error": {"message": "out of memory"}}\n\n'), "^out of memory"),
        (say(chunk("a")), "broke off"),
        (say(b"data: {nonsense\n\n"), "isn't JSON"),
        (say(b"data: [1]\n\n" * 3), "broke off"),
        (say(b"data: " + b"x" * (9 << 20)), "more than 8388608 bytes"),
    ],
)
async def test_failures_are_explained(answer: Answer, words: str) -> None:
    async with upstream(answer) as server:
        with pytest.raises(EngineError, match=words) as caught:
            await ask(server, key="s3cret-key")

    assert "s3cret-key" not in caught.value.for_humans()


async def test_an_unreachable_upstream_is_reported() -> None:
    async with upstream(say()) as server:
        gone = server.url
    engine = UpstreamEngine(gone)
    with pytest.raises(EngineError, match="Nothing answers at") as caught:
        await anext(engine.stream(HELLO, {}))  # type: ignore[arg-type]
    await engine.aclose()
    assert caught.value.for_humans() == caught.value.message


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refuse("500 Oops", {"error": {"message": "no room"}}), "{host} failed with status 500: no room"),
        (refuse("401 Unauthorized", {"error": {"message": "bad key"}}), "{host} refused the key: bad key"),
        (say(chunk("a"), b'data: {"error": {"message": "out of memory"}}\n\n'), "out of memory"),
        (say(chunk("a")), "The reply broke off before its end mark."),
    ],
)  # fmt: skip
async def test_through_the_endpoint_an_error_is_one_sentence_of_the_upstream(
    serve_engine: Any, answer: Answer, said: str
) -> None:
    async with upstream(answer) as server:
        engine, host = UpstreamEngine(server.url), urlsplit(server.url).netloc
        async with serve_engine(engine) as url, GPTalk(url=url) as provider:
            outcome = await run_turn(provider)
        await engine.aclose()
    assert outcome.error is not None
    assert outcome.error.for_humans() == f"The service says: {said.format(host=host)}"


async def test_closing_the_generator_hangs_up() -> None:
    async def answer(connection: Connection, _request: Request) -> None:
        await connection.start_stream()
        await connection.chunk(chunk("Hi"))
        await connection.client_gone()

    async with upstream(answer) as server:
        engine = UpstreamEngine(server.url, model="tiny")
        pieces = engine.stream(HELLO, {})  # type: ignore[arg-type]
        assert await anext(pieces) == "Hi"
        await pieces.aclose()
        await eventually(lambda: server.connections and server.open_connections == 0, limit_s=1)
        await engine.aclose()


async def test_the_key_is_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with upstream(say(chunk("a"), b"data: [DONE]\n\n")) as server:
        await ask(server, key="s3cret-key")

    assert caplog.records
    assert "s3cret-key" not in caplog.text


async def test_a_server_without_a_list_of_models_is_asked_for_what_the_client_names() -> None:
    async def handle(connection: Connection) -> None:
        while request := await connection.request():
            if request.path == "/v1/models":
                await connection.answer({"detail": "Not Found"}, status="404 Not Found")
            else:
                await say(chunk("a"), b"data: [DONE]\n\n")(connection, request)

    async with RawServer(handle) as server:
        assert await ask(server, model="its-own") == "a"
        assert server.requests[-1].json()["model"] == "its-own"


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert key_from_environment() == ""
    monkeypatch.setenv("OPENAI_API_KEY", " b ")
    assert key_from_environment() == "b"
    monkeypatch.setenv("GPTALK_UPSTREAM_KEY", "a")
    assert key_from_environment() == "a"
    monkeypatch.setenv("GPTALK_UPSTREAM_KEY", "a\nb: c")
    with pytest.raises(ConfigError, match="GPTALK_UPSTREAM_KEY") as caught:
        key_from_environment()
    assert "b: c" not in caught.value.for_humans()


async def test_a_proxy_that_cannot_be_used_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks://x:1")
    with pytest.raises(ConfigError, match="proxy"):
        UpstreamEngine("https://host.example")
    await asyncio.sleep(0)


def thought(words: str) -> bytes:
    choice = {"index": 0, "delta": {"reasoning_content": words}}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


async def test_reasoning_is_no_part_of_the_text() -> None:
    whole = thought("6 times 7.") + chunk("42") + chunk(finish="stop") + b"data: [DONE]\n\n"
    async with upstream(say(whole)) as server:
        engine = UpstreamEngine(server.url)
        async with aclosing(engine.stream(HELLO, {})) as pieces:  # type: ignore[arg-type]
            found = [piece async for piece in pieces]
        await engine.aclose()
    assert found == ["6 times 7.", "42"]
    assert [type(piece) for piece in found] == [Reasoning, str]


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([chunk("half"), chunk(finish="length")], "length limit"),
        ([chunk("half"), chunk(finish="content_filter")], "content filter"),
        ([thought("hm"), chunk(finish="stop")], "before it answered"),
    ],
    ids=["length", "content filter", "only reasoning"],
)
async def test_cut_reply_is_not_relayed_as_a_whole_one(pieces: list[bytes], words: str) -> None:
    async with upstream(say(*pieces, b"data: [DONE]\n\n")) as server:
        with pytest.raises(EngineError, match=words):
            await ask(server)
