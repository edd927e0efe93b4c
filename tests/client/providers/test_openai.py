"""The provider for OpenAI-compatible endpoints, over a raw socket."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from gptalk_client.addresses import Address
from gptalk_client.errors import (
    AuthError,
    BlockedError,
    ConfigError,
    GptalkError,
    ProtocolError,
    RateLimitedError,
    ServerError,
    StalledError,
    TruncatedError,
)
from gptalk_client.models import Phase, ReasoningAdded, ReplyRequest, TextAdded
from gptalk_client.providers.openai import OpenAI
from gptalk_client.providers.prefill import Prefill, prefill_of
from gptalk_client.providers.reply_bound import MAX_REPLY_BYTES, ReplyBound
from gptalk_client.settings import Timeouts
from support.gptalk_wire import Outcome, Step, answers, run_turn, stream_of
from support.raw_server import Connection, Handler, RawServer, Request, eventually

KEY = "sk-KEY-CANARY"
DONE = b"data: [DONE]\n\n"
REQUEST = ReplyRequest(
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}], "small"
)


def event(value: Any) -> bytes:
    return b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"


def delta(text: str | None, **choice: Any) -> bytes:
    return event({"id": "x", "choices": [{"index": 0, "delta": {"content": text}, **choice}]})


MODELS = answers(("200 OK", b'{"data": [{"id": "first"}, {"id": "second"}]}', ""))


def endpoint(chat: Step, models: Step = MODELS) -> Handler:
    async def handle(connection: Connection) -> None:
        while (request := await connection.request()) is not None:
            steps = {"/v1/chat/completions": chat, "/v1/models": models}
            await steps[request.path](connection, request)

    return handle


async def turn_over(
    chat: Step, request: ReplyRequest = REQUEST, **options: Any
) -> tuple[Outcome, list[Request]]:
    async with RawServer(endpoint(chat)) as server:
        provider = OpenAI(server.url, api_key=KEY, **options)
        try:
            return await run_turn(provider, request), server.requests
        finally:
            await provider.aclose()


GOOD = stream_of(
    event({"choices": [{"delta": {"role": "assistant"}}]}),
    delta("Hel"),
    delta(""),
    delta(None),
    delta("lo"),
    delta(None, finish_reason="stop"),
    event({"choices": [], "usage": {"total_tokens": 5}}),
    DONE,
)


async def test_a_reply_is_joined_from_its_pieces() -> None:
    outcome, (request,) = await turn_over(GOOD)
    assert (outcome.text, outcome.error) == ("Hello", None)
    assert outcome.phases == [Phase.CONNECTING, Phase.WAITING, Phase.STREAMING]
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept-encoding"] == "identity"
    assert request.json() == {
        "model": "small",
        "messages": [dict(each) for each in REQUEST.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_options_go_into_the_body_but_for_those_of_another_protocol() -> None:
    options = {"temperature": 0.5, "context_messages": 3, "top_p": 0.9}
    _, (request,) = await turn_over(GOOD, ReplyRequest(REQUEST.messages, "small", options))
    assert request.json()["temperature"] == 0.5
    assert request.json()["top_p"] == 0.9
    assert "context_messages" not in request.json()


async def test_without_a_model_the_first_available_is_used() -> None:
    outcome, requests = await turn_over(GOOD, ReplyRequest(REQUEST.messages))
    assert outcome.text == "Hello"
    assert [request.path for request in requests] == ["/v1/models", "/v1/chat/completions"]
    assert requests[1].json()["model"] == "first"


async def test_a_lone_surrogate_in_a_prompt_can_be_sent() -> None:
    _, (request,) = await turn_over(GOOD, ReplyRequest([{"role": "user", "content": "a\ud800"}], "small"))
    assert request.json()["messages"] == [{"role": "user", "content": "a\ufffd"}]


STREAMS: dict[str, tuple[tuple[bytes, ...], str, type[GptalkError] | None]] = {
    "no end mark, but a reason for the end": ((delta("a"), delta(None, finish_reason="stop")), "a", None),
    "no end mark and no reason": ((delta("a"),), "a", TruncatedError),
    "the last event lacks its blank line": ((delta("a"), b"data: [DONE]"), "a", None),
    "comments while it thinks": ((b": processing\n\n", delta("a"), DONE), "a", None),
    "an error in the middle": (
        (delta("a"), event({"error": {"message": "out of memory"}})),
        "a",
        ServerError,
    ),
    "bad JSON": ((delta("a"), b"data: {nonsense\n\n"), "a", ProtocolError),
    "events of another kind": ((delta("a"), event([]), event(7), event({}), delta("b"), DONE), "ab", None),
    "odd choices": (
        (event({"choices": [7]}), event({"choices": [{"delta": 7}]}), delta("a"), DONE),
        "a",
        None,
    ),
    "a lone surrogate": (
        (b'data: {"choices": [{"delta": {"content": "a\\ud800"}}]}\n\n', DONE),
        "a\ufffd",
        None,
    ),
    "an empty reply": ((DONE,), "", None),
}


@pytest.mark.parametrize(("pieces", "text", "error"), STREAMS.values(), ids=STREAMS)
async def test_a_stream_becomes(
    pieces: tuple[bytes, ...], text: str, error: type[GptalkError] | None
) -> None:
    outcome, _ = await turn_over(stream_of(*pieces))
    assert outcome.text == text
    assert type(outcome.error) is (error or type(None))


ANSWERS: dict[str, tuple[tuple[str, bytes, str], type[GptalkError], str]] = {
    "a bad key": (
        ("401 Unauthorized", b'{"error": {"message": "Incorrect key"}}', ""),
        AuthError,
        "Incorrect key",
    ),
    "no such model": (
        ("404 Not Found", b'{"error": {"message": "no model small"}}', ""),
        ServerError,
        "no model",
    ),
    "no such address": (("404 Not Found", b"", "content-type: text/plain\r\n"), ProtocolError, "404"),
    "a failure": (("500 Internal Server Error", b'{"error": "boom"}', ""), ServerError, "boom"),
    "too many requests": (("429 Too Many", b"{}", "retry-after: 99\r\n"), RateLimitedError, ""),
    "a page for people": (("200 OK", b"<html>", "content-type: text/html\r\n"), BlockedError, ""),
    "JSON with a reason": (
        ("200 OK", b'{"error": {"message": "no streams here"}}', ""),
        ServerError,
        "no streams",
    ),
    "JSON without one": (("200 OK", b'{"choices": []}', ""), ProtocolError, ""),
}


@pytest.mark.parametrize(("answer", "error", "says"), ANSWERS.values(), ids=ANSWERS)
async def test_a_response_that_is_not_a_stream(
    answer: tuple[str, bytes, str], error: type[GptalkError], says: str
) -> None:
    outcome, requests = await turn_over(answers(answer))
    assert outcome.error is not None
    assert isinstance(outcome.error, error)
    assert says in outcome.error.message
    assert len(requests) == 1


async def test_a_short_wait_is_waited_once() -> None:
    left = [answers(("429 Too Many Requests", b"{}", "retry-after: 0\r\n")), GOOD]

    async def chat(connection: Connection, request: Request) -> None:
        await left.pop(0)(connection, request)

    outcome, _ = await turn_over(chat)
    assert (outcome.text, len(outcome.retries)) == ("Hello", 1)


async def test_the_key_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}."}}).encode()
    outcome, _ = await turn_over(answers(("401 Unauthorized", body, "")))
    assert isinstance(outcome.error, AuthError)
    assert "Incorrect API key provided: [hidden]." in outcome.error.message
    assert "auth login" not in outcome.error.for_humans()
    streamed, _ = await turn_over(stream_of(event({"error": f"the key {KEY}"})))
    assert KEY not in repr(outcome.error) + repr(streamed.error) + caplog.text
    assert KEY not in repr(vars(OpenAI("http://x", api_key=KEY))["_address"])


@pytest.mark.parametrize("key", ["a b", "a\r\nx: y", "ключ"])
def test_a_key_that_cannot_be_sent_is_a_setting_to_correct(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        OpenAI("http://x", api_key=key)
    assert key not in caught.value.for_humans()


async def test_without_a_key_none_is_sent() -> None:
    async with RawServer(endpoint(GOOD)) as server:
        provider = OpenAI(f"{server.url}/v1/")
        assert (await run_turn(provider, REQUEST)).text == "Hello"
        await provider.aclose()
        assert "authorization" not in server.requests[0].headers


async def test_the_models_on_offer() -> None:
    async with RawServer(endpoint(GOOD)) as server:
        provider = OpenAI(server.url)
        assert await provider.models() == ["first", "second"]
        await provider.aclose()


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b'{"data": 7}', b'{"data": [7, {"id": 7}, {}]}', b"nonsense"],
    ids=lambda raw: raw.decode(),
)
async def test_an_endpoint_that_lists_no_models(body: bytes) -> None:
    async with RawServer(endpoint(GOOD, answers(("200 OK", body, "")))) as server:
        provider = OpenAI(server.url)
        assert await provider.models() == []
        outcome = await run_turn(provider, ReplyRequest(REQUEST.messages))
        await provider.aclose()
    assert isinstance(outcome.error, ConfigError)


async def test_a_gateways_long_list_of_models_is_read_whole() -> None:
    names = [f"maker/model-{number}" for number in range(2000)]
    listed = json.dumps({"data": [{"id": name, "description": "x" * 200} for name in names]}).encode()
    async with RawServer(endpoint(GOOD, answers(("200 OK", listed, "")))) as server:
        provider = OpenAI(server.url)
        assert await provider.models() == names
        await provider.aclose()


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/chat/completions", "/v1/chat/completions/"])
async def test_an_address_is_accepted_in_any_usual_form(path: str) -> None:
    async with RawServer(endpoint(GOOD)) as server:
        provider = OpenAI(server.url + path)
        assert (await run_turn(provider, REQUEST)).text == "Hello"
        await provider.aclose()


@pytest.mark.parametrize("url", ["", "host:8000", "ftp://host", "http://", "http://[::1", "http://u:p@host"])
def test_a_malformed_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        OpenAI(url)
    assert "u:p" not in caught.value.for_humans()


async def test_a_silent_stream_is_stalled() -> None:
    async def chat(connection: Connection, request: Request) -> None:
        await connection.start_stream()
        await connection.chunk(delta("a"))
        await connection.client_gone()

    outcome, _ = await turn_over(chat, timeouts=Timeouts(stall_s=0.1))
    assert isinstance(outcome.error, StalledError)
    assert outcome.text == "a"


async def test_a_cancelled_reply_closes_its_connection() -> None:
    async def chat(connection: Connection, request: Request) -> None:
        await connection.start_stream()
        await connection.chunk(delta("a"))
        await connection.client_gone()

    async with RawServer(endpoint(chat)) as server:
        provider = OpenAI(server.url)
        has_text = asyncio.Event()

        async def turn() -> None:
            async for each in provider.stream(REQUEST):
                if isinstance(each, TextAdded):
                    has_text.set()

        task = asyncio.create_task(turn())
        await asyncio.wait_for(has_text.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await eventually(lambda: server.open_connections == 0, limit_s=1)
        await provider.aclose()


async def test_a_second_turn_uses_the_same_connection() -> None:
    async with RawServer(endpoint(GOOD)) as server:
        provider = OpenAI(server.url)
        for _ in range(3):
            assert (await run_turn(provider, REQUEST)).text == "Hello"
        assert len(server.connections) == 1
        await provider.aclose()


@pytest.mark.parametrize("kind", ["content", "reasoning_content"])
async def test_an_endless_reply_is_stopped_at_8_mib_and_its_text_is_kept(kind: str) -> None:
    piece = event({"choices": [{"index": 0, "delta": {kind: "x" * 100_000}}]})

    async def chat(connection: Connection, request: Request) -> None:
        await connection.start_stream()
        while True:
            await connection.chunk(piece)

    async with RawServer(endpoint(chat)) as server, OpenAI(server.url) as provider:
        outcome = await run_turn(provider, REQUEST)
        assert type(outcome.error) is ProtocolError
        assert outcome.error.for_humans() == (
            "The reply is longer than 8 MiB, so it was stopped. The text so far is kept."
        )
        whole = sum(len(each.text) for each in outcome.events if isinstance(each, TextAdded | ReasoningAdded))
        assert whole == MAX_REPLY_BYTES // 100_000 * 100_000
        await eventually(lambda: server.open_connections == 0, limit_s=1)


def test_the_length_of_a_reply_is_that_of_its_text_in_utf_8() -> None:
    bound = ReplyBound(10)
    bound.admit("12345")
    bound.admit("éé")
    bound.admit("\ud800")
    with pytest.raises(ProtocolError):
        bound.admit("x")


@pytest.mark.parametrize(
    ("owner", "is_able", "members"),
    [
        ("vllm", True, {"add_generation_prompt": False, "continue_final_message": True}),
        ("llamacpp", True, {}),
        ("library", True, {}),
        ("somebody", False, {}),
    ],
)
async def test_an_engine_that_is_known_to_goes_on_from_a_text(
    owner: str, is_able: bool, members: dict[str, object]
) -> None:
    body = json.dumps({"data": [{"id": "m", "owned_by": owner}]}).encode()
    async with RawServer(endpoint(GOOD, answers(("200 OK", body, "")))) as server:
        provider = OpenAI(server.url)
        assert await provider.continues_text() is is_able
        messages = [*REQUEST.messages, {"role": "assistant", "content": "Hel"}]
        await run_turn(provider, ReplyRequest(messages, "m", is_continued=is_able))
        sent = server.requests[-1].json()
        assert sent["messages"][-1] == {"role": "assistant", "content": "Hel"}
        assert {name: sent[name] for name in sent if "continue" in name or "generation" in name} == members
        await run_turn(provider, ReplyRequest(REQUEST.messages, "m"))
        assert "continue_final_message" not in server.requests[-1].json()
        await provider.aclose()


def test_services_that_take_a_prefix_are_known_by_their_address() -> None:
    for address, prefill in (
        ("https://api.mistral.ai/v1", Prefill(message={"prefix": True})),
        ("https://api.deepseek.com/beta", Prefill(message={"prefix": True})),
        ("https://api.deepseek.com/v1", None),
        ("https://api.anthropic.com/v1", Prefill()),
        ("https://api.openai.com/v1", None),
    ):
        assert prefill_of(Address.parse(address), "system") == prefill, address
