"""The same reply in the shapes of many engines, over a raw socket, and cut and mixed against a slow reference."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptalk_client.errors import GptalkError, ProtocolError, ServerError, StalledError, TruncatedError
from gptalk_client.models import (
    Finished,
    Phase,
    PhaseChanged,
    ReasoningAdded,
    ReplyRequest,
    TextAdded,
    TextReplaced,
    Usage,
    UsageReported,
)
from gptalk_client.providers import openai
from gptalk_client.providers.event_stream import EventStreamDecoder
from gptalk_client.providers.openai import OpenAI
from gptalk_client.providers.openai_decoder import OpenAIReply
from gptalk_client.settings import Timeouts
from support.engine_shapes import DONE, STOP, USAGE, completion, delta, event, text
from support.gptalk_wire import Outcome, Step, answers, run_turn, stream_of
from support.raw_server import Connection, RawServer, Request, eventually
from support.slow_reasoning import split_slowly

REQUEST = ReplyRequest([{"role": "user", "content": "Hi"}], "m")
NO_EVENT = Finished("")


async def turn_over(
    chat: Step, request: ReplyRequest = REQUEST, **options: Any
) -> tuple[Outcome, list[Request]]:
    async def handle(connection: Connection) -> None:
        while (asked := await connection.request()) is not None:
            await chat(connection, asked)

    async with RawServer(handle) as server:
        provider = OpenAI(server.url, **options)
        try:
            return await run_turn(provider, request), server.requests
        finally:
            await provider.aclose()


def reasoning_of(outcome: Outcome) -> str:
    return "".join(each.text for each in outcome.events if isinstance(each, ReasoningAdded))


def finish_of(outcome: Outcome) -> Finished:
    return next((each for each in outcome.events if isinstance(each, Finished)), NO_EVENT)


def usage_of(outcome: Outcome) -> Usage | None:
    counts = [each.usage for each in outcome.events if isinstance(each, UsageReported)]
    assert len(counts) <= 1, "tokens are told once"
    return counts[0] if counts else None


# name: the pieces of the stream, the text, the reasoning, the finish reason
SHAPES: dict[str, tuple[list[bytes], str, str, str]] = {
    "strings": ([text("4"), text("2"), STOP, DONE], "42", "", "stop"),
    "an end mark and no finish reason": ([text("42"), DONE], "42", "", ""),
    "a list of parts": (
        [
            delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "6*7"}]}]),
            delta(content=[{"type": "text", "text": "4"}, "2"]),
            STOP,
            DONE,
        ],
        "42",
        "6*7",
        "stop",
    ),
    "thinking as a string": (
        [delta(content=[{"type": "thinking", "thinking": "6*7"}]), text("42"), DONE], "42", "6*7", ""
    ),
    "a message in place of a delta": (
        [event({"choices": [{"message": {"content": "42"}, "finish_reason": "stop"}]}), DONE], "42", "", "stop"
    ),
    "the old text": ([event({"choices": [{"text": "42", "index": 0}]}), DONE], "42", "", ""),
    "choices in any order": (
        [delta(content="B", index=1), delta("length", index=1), text("42"), STOP, DONE], "42", "", "stop"
    ),
    "the whole reply again at the end": ([text("42"), event(completion("42")), DONE], "42", "", "stop"),
    "reasoning_content": ([delta(reasoning_content="6*7"), text("42"), STOP, DONE], "42", "6*7", "stop"),
    "reasoning": ([delta(reasoning="6*7"), text("42"), STOP, DONE], "42", "6*7", "stop"),
    "both of them": ([delta(reasoning="6*7", reasoning_content="6*7"), text("42"), DONE], "42", "6*7", ""),
    "reasoning_details": (
        [
            delta(reasoning_details=[{"type": "reasoning.text", "text": "6*"}]),
            delta(reasoning="7", reasoning_details=[{"type": "reasoning.text", "text": "7"}]),
            delta(reasoning_details=[{"type": "reasoning.encrypted", "data": "AAAA"}]),
            text("42"),
            DONE,
        ],
        "42",
        "6*7",
        "",
    ),
    "tags": ([text("<thi"), text("nk>6*7</thi"), text("nk>\n\n42"), STOP, DONE], "42", "6*7", "stop"),
    "a closing tag alone": ([text("6*7\n"), text("</think>\n\n4"), text("2"), DONE], "42", "6*7", ""),
    "a tag after reasoning of its own": (
        [delta(reasoning="6*7"), text("42 is not\n</think>\n43"), DONE], "42 is not\n</think>\n43", "6*7", ""
    ),
    "a refusal": (
        [delta(content=None, refusal=""), delta(refusal="I can't."), STOP, DONE], "I can't.", "", "refusal"
    ),
    "pings, warnings and unknown events": (
        [
            *[b'event: ping\ndata: {"type": "ping"}\n\n'] * 5,
            event({}),
            event({"type": "warning", "message": "low on memory"}),
            event({"object": "progress", "detail": "half"}),
            event([]),
            event(7),
            text("42"),
            DONE,
        ],
        "42",
        "",
        "",
    ),
    "a null error": ([event({"error": None, "choices": [{"delta": {"content": "42"}}]}), DONE], "42", "", ""),
    "nothing but an end": ([DONE], "", "", ""),
    "no end mark": ([text("42"), STOP], "42", "", "stop"),
    "max_tokens": ([text("4"), delta("MAX_TOKENS"), DONE], "4", "", "length"),
    "a word of its own": ([text("4"), delta("out_of_memory"), DONE], "4", "", "out_of_memory"),
}  # fmt: skip


@pytest.mark.parametrize(("pieces", "words", "reasoning", "finish"), SHAPES.values(), ids=SHAPES)
async def test_shape_becomes(pieces: list[bytes], words: str, reasoning: str, finish: str) -> None:
    outcome, _ = await turn_over(stream_of(*pieces))
    assert outcome.error is None
    assert (outcome.text, reasoning_of(outcome), finish_of(outcome).reason) == (words, reasoning, finish)


ERRORS: dict[str, tuple[list[bytes], str]] = {
    "beside choices": ([event({"choices": [{"delta": {"content": ""}, "finish_reason": "error"}],
                               "error": {"code": 502, "message": "boom"}}), DONE], "boom"),
    "as an object": ([event({"error": {"message": "boom"}})], "boom"),
    "as a string": ([event({"error": "boom"})], "boom"),
    "in a list": ([event([{"error": {"message": "boom"}}])], "boom"),
    "as a detail": ([event({"detail": "boom"})], "boom"),
    "as details with their places": ([event({"detail": [{"loc": ["body", "x"], "msg": "boom"}]})], "body.x: boom"),
    "as a message": ([event({"message": "boom", "code": 500})], "boom"),
    "as an object of errors": ([event({"object": "error", "message": "boom"})], "boom"),
    "as a code": ([event({"error": {"code": 7}})], "code 7"),
    "without words": ([event({"type": "error"})], "an error without words"),
    "as a finish reason alone": ([delta("error"), DONE], "ended the reply with an error"),
    "with escape sequences": ([event({"error": "bo\x1bom"})], "bo om"),
}  # fmt: skip


@pytest.mark.parametrize(("pieces", "says"), ERRORS.values(), ids=ERRORS)
async def test_error_in_the_stream_is_told_in_the_engines_words(pieces: list[bytes], says: str) -> None:
    outcome, _ = await turn_over(stream_of(text("The first half "), *pieces))
    assert outcome.text == "The first half "
    assert isinstance(outcome.error, ServerError)
    assert says in outcome.error.message


async def test_tool_calls_say_what_was_wanted() -> None:
    calls = [{"index": 0, "function": {"name": "search", "arguments": ""}}]
    more = [{"index": 0, "function": {"arguments": '{"q": "x"}'}}]
    outcome, _ = await turn_over(
        stream_of(delta(tool_calls=calls), delta(tool_calls=more), delta("tool_calls"), DONE)
    )
    assert finish_of(outcome) == Finished("tool_calls", 'search({"q": "x"})')
    outcome, _ = await turn_over(stream_of(delta(tool_calls=calls), delta(tool_calls=more), STOP, DONE))
    assert finish_of(outcome).reason == "tool_calls"
    outcome, _ = await turn_over(stream_of(delta(function_call={"name": "f"}), delta("function_call"), DONE))
    assert finish_of(outcome) == Finished("tool_calls", "f()")


USAGES: dict[str, tuple[bytes, Usage]] = {
    "OpenAI": (USAGE, Usage(1200, 34, 20)),
    "Anthropic": (event({"usage": {"input_tokens": 5, "output_tokens": 6}}), Usage(5, 6, None)),
    "Groq": (event({"x_groq": {"usage": {"prompt_tokens": 5}}}), Usage(5, None, None)),
    "llama.cpp": (event({"choices": [], "timings": {"cache_n": 2, "prompt_n": 3, "predicted_n": 9}}), Usage(5, 9)),
    "flat": (event({"usage": {"prompt_tokens": 5, "reasoning_tokens": 1}}), Usage(5, reasoning_tokens=1)),
}  # fmt: skip


@pytest.mark.parametrize(("counted", "usage"), USAGES.values(), ids=USAGES)
async def test_tokens_are_counted_by(counted: bytes, usage: Usage) -> None:
    early = event({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}})
    outcome, _ = await turn_over(stream_of(text("42"), early, STOP, counted, DONE))
    assert usage_of(outcome) == usage


@pytest.mark.parametrize(
    "bad", [{"prompt_tokens": -1}, {"prompt_tokens": "7"}, {"prompt_tokens": True}, [], None, {}]
)
async def test_count_that_makes_no_sense_is_none(bad: Any) -> None:
    outcome, _ = await turn_over(stream_of(text("42"), event({"choices": [], "usage": bad}), STOP, DONE))
    assert (outcome.text, usage_of(outcome)) == ("42", None)


BODIES: dict[str, tuple[Any, str, str, type[GptalkError] | None]] = {
    "a completion": (completion("All at once."), "All at once.", "", None),
    "one with reasoning": (completion("42", reasoning_content="6*7"), "42", "6*7", None),
    "one with tags": (completion("<think>6*7</think>42"), "42", "6*7", None),
    "one that is long": (completion("x" * 200_000), "x" * 200_000, "", None),
    "no choices": ({"choices": []}, "", "", ProtocolError),
    "an error": ({"error": "boom"}, "", "", ServerError),
    "a list with an error": ([{"error": {"message": "boom"}}], "", "", ServerError),
    "something else": ({"status": "ok"}, "", "", ProtocolError),
}


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream", "text/plain"])
@pytest.mark.parametrize(("body", "words", "reasoning", "error"), BODIES.values(), ids=BODIES)
async def test_whole_body_of_json_is_a_reply(
    body: Any, words: str, reasoning: str, error: type[GptalkError] | None, kind: str
) -> None:
    outcome, _ = await turn_over(answers(("200 OK", json.dumps(body).encode(), f"content-type: {kind}\r\n")))
    assert (outcome.text, reasoning_of(outcome)) == (words, reasoning)
    assert type(outcome.error) is (error or type(None))


REJECTIONS: dict[str, tuple[Any, str]] = {
    "a list": ([{"error": {"message": "Invalid JSON payload."}}], "Invalid JSON payload."),
    "an object": ({"error": {"message": "bad"}}, "bad"),
    "details": (
        {"detail": [{"loc": ["body", "model"], "msg": "Field required"}]},
        "body.model: Field required",
    ),
    "a string": ({"detail": "bad"}, "bad"),
}


@pytest.mark.parametrize("status", ["400 Bad Request", "422 Unprocessable"])
@pytest.mark.parametrize(("body", "says"), REJECTIONS.values(), ids=REJECTIONS)
async def test_rejected_request_is_told_in_the_engines_words(body: Any, says: str, status: str) -> None:
    outcome, requests = await turn_over(answers((status, json.dumps(body).encode(), "")))
    assert isinstance(outcome.error, ServerError)
    assert "rejected the request" in outcome.error.message
    assert says in outcome.error.message
    assert len(requests) == 1


async def test_option_that_is_ours_is_left_out_once_and_for_good() -> None:
    said = b'{"error": {"message": "Unrecognized request argument supplied: stream_options"}}'

    async def handle(connection: Connection) -> None:
        while (asked := await connection.request()) is not None:
            if "stream_options" in asked.json():
                await connection.answer(said, status="400 Bad Request")
            else:
                await stream_of(text("Fine."), STOP, DONE)(connection, asked)

    async with RawServer(handle) as server:
        provider = OpenAI(server.url)
        for _ in range(2):
            outcome = await run_turn(provider, REQUEST)
            assert (outcome.text, outcome.error, outcome.retries) == ("Fine.", None, [])
        await provider.aclose()
        assert len(server.requests) == 3


async def test_option_that_the_person_chose_is_left_out_with_a_word() -> None:
    said = b'{"error": {"message": "Unsupported parameter: \'top_k\' is not supported with this model."}}'
    chat = answers(("400 Bad Request", said, ""))
    outcome, requests = await turn_over(chat, ReplyRequest(REQUEST.messages, "m", {"top_k": 1, "seed": 2}))
    assert isinstance(outcome.error, ServerError)
    assert [set(each.json()) & {"top_k", "seed"} for each in requests] == [{"top_k", "seed"}, {"seed"}]
    assert ["top_k" in each.reason for each in outcome.retries] == [True]


async def test_option_with_a_bad_value_stays() -> None:
    said = b'{"error": {"message": "temperature must be at most 2"}}'
    chat = answers(("400 Bad Request", said, ""))
    outcome, requests = await turn_over(chat, ReplyRequest(REQUEST.messages, "m", {"temperature": 9}))
    assert isinstance(outcome.error, ServerError)
    assert len(requests) == 1


@pytest.mark.parametrize("after", [[], [b": heartbeat\n\n"] * 3, [event({"type": "ping"})] * 3], ids=len)
async def test_reply_ends_soon_after_its_finish_reason(after: list[bytes]) -> None:
    gone = []

    async def chat(connection: Connection, request: Request) -> None:
        await connection.start_stream()
        await connection.chunk(text("All of it."), STOP, *after)
        await connection.client_gone()
        gone.append(time.monotonic())

    async def handle(connection: Connection) -> None:
        while (asked := await connection.request()) is not None:
            await chat(connection, asked)

    async with RawServer(handle) as server:
        provider = OpenAI(server.url, timeouts=Timeouts(stall_s=30))
        outcome = await run_turn(provider, REQUEST)
        assert (outcome.text, outcome.error, finish_of(outcome).reason) == ("All of it.", None, "stop")
        await eventually(lambda: gone, limit_s=1)
        await provider.aclose()


async def test_pings_alone_do_not_keep_a_reply_alive() -> None:
    async def chat(connection: Connection, request: Request) -> None:
        await connection.start_stream()
        await connection.chunk(text("a"))
        while not connection.writer.is_closing():
            await connection.chunk(event({"type": "ping"}))

    outcome, _ = await turn_over(chat, timeouts=Timeouts(comments_s=0.2))
    assert isinstance(outcome.error, StalledError)
    assert outcome.text == "a"


async def test_reset_after_the_finish_reason_does_no_harm() -> None:
    async def chat(connection: Connection, request: Request) -> None:
        await connection.start_stream()
        await connection.chunk(text("All of it."), STOP)
        connection.writer.close()

    outcome, _ = await turn_over(chat)
    assert (outcome.text, outcome.error) == ("All of it.", None)


async def test_reply_without_end_mark_or_finish_reason_is_truncated() -> None:
    outcome, _ = await turn_over(stream_of(delta(reasoning="hm"), text("half a ta<g")))
    assert isinstance(outcome.error, TruncatedError)
    assert (outcome.text, reasoning_of(outcome)) == ("half a ta<g", "hm")


async def test_engine_on_this_computer_may_load_its_model_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai, "LOADING_S", 0.3)
    waits = [0.2, 0.6]

    async def chat(connection: Connection, request: Request) -> None:
        await asyncio.sleep(waits.pop(0))  # the engine is loading
        await stream_of(text("Fine."), STOP, DONE)(connection, request)

    outcome, _ = await turn_over(chat)
    assert (outcome.text, outcome.error) == ("Fine.", None)
    assert [each for each in outcome.phases if each is not Phase.STREAMING] == [
        Phase.CONNECTING,
        Phase.WAITING,
    ]
    outcome, _ = await turn_over(chat)
    assert outcome.error is not None
    assert "did not answer in time" in outcome.error.message


def test_limit_that_the_person_set_counts_for_loading_too() -> None:
    assert OpenAI("http://127.0.0.1:1", timeouts=Timeouts(headers_s=5))._headers_s == 5
    assert OpenAI("http://127.0.0.1:1")._headers_s == openai.LOADING_S
    assert OpenAI("http://engine.test")._headers_s == Timeouts().headers_s


async def test_query_of_the_address_goes_with_every_request() -> None:
    async def handle(connection: Connection) -> None:
        while (asked := await connection.request()) is not None:
            if asked.method == "GET":
                await connection.answer({"data": [{"id": "first"}]})
            else:
                await stream_of(text("Fine."), STOP, DONE)(connection, asked)

    async with RawServer(handle) as server:
        provider = OpenAI(f"{server.url}/deployments/gpt/chat/completions?api-version=2024-10-21")
        assert (await run_turn(provider, ReplyRequest(REQUEST.messages))).text == "Fine."
        assert provider.model_for("") == "first"
        await provider.aclose()
        assert [each.target for each in server.requests] == [
            "/deployments/gpt/models?api-version=2024-10-21",
            "/deployments/gpt/chat/completions?api-version=2024-10-21",
        ]


@pytest.mark.parametrize(
    "body", [b"", b"no such page", b'{"error": {"message": "unknown"}}', b"<html></html>"]
)
async def test_missing_list_of_models_is_an_empty_one(body: bytes) -> None:
    async def handle(connection: Connection) -> None:
        while await connection.request() is not None:
            await connection.answer(body, status="404 Not Found")

    async with RawServer(handle) as server:
        provider = OpenAI(server.url)
        assert await provider.models() == []
        await provider.aclose()


EVENTS = st.one_of(
    st.text(st.sampled_from("ab <`\n"), max_size=5).map(lambda words: ("text", words)),
    st.sampled_from(["<think>", "</think>", "```", "\n"]).map(lambda words: ("text", words)),
    st.tuples(
        st.sampled_from(["reasoning", "reasoning_content"]), st.text(st.sampled_from("xy "), max_size=3)
    ),
    st.sampled_from(["ping", "other choice", "usage", "parts"]).map(lambda kind: (kind, "p")),
)


def as_bytes(kind: str, words: str) -> bytes:
    match kind:
        case "text":
            return text(words)
        case "ping":
            return b": comment\n\n" + event({"type": "ping"})
        case "other choice":
            return delta("length", index=1, content=words)
        case "usage":
            return USAGE
        case "parts":
            return delta(content=[{"type": "thinking", "thinking": words}, {"type": "text", "text": words}])
    return delta(**{kind: words})


def play(stream: bytes, cuts: list[int]) -> tuple[str, str, int, bool]:
    """Return the text, the reasoning, how often tokens are told and whether the reply is whole."""
    decoder, reply = EventStreamDecoder(), OpenAIReply()
    words = reasoning = ""
    counts = 0
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        for each in decoder.feed(stream[start:end]):
            reply.push(each)
        news = []
        while (change := reply.take()) is not None:
            news.append(change)
        if end == len(stream):
            while (change := reply.take_held()) is not None:
                news.append(change)
        for change in news:
            match change:
                case TextAdded(more):
                    words += more
                case TextReplaced(whole):
                    words = whole
                case ReasoningAdded(more):
                    reasoning += more
                case UsageReported():
                    counts += 1
                case PhaseChanged():
                    raise AssertionError("a decoder knows no phases")
    return words, reasoning, counts, reply.is_done


@given(st.lists(EVENTS, max_size=8), st.data())
def test_shapes_in_any_mixture_and_cut_anywhere_become_the_same_reply(
    parts: list[tuple[str, str]], data: st.DataObject
) -> None:
    stream = b"".join(as_bytes(*each) for each in parts) + STOP + DONE
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=5)))
    whole = play(stream, [])
    assert play(stream, cuts) == whole
    assert play(stream, list(range(1, len(stream)))) == whole
    assert whole[3]
    assert whole[2] == any(kind == "usage" for kind, _ in parts)
    own = "".join(words for kind, words in parts if kind in ("reasoning", "reasoning_content", "parts"))
    content = "".join(words for kind, words in parts if kind in ("text", "parts"))
    if not own:
        assert whole[:2] == split_slowly(content)[::-1]
    elif not any(kind == "text" for kind, _ in parts):
        assert whole[:2] == (content, own)
