"""GPTalk as callers of other providers use it: on instances, with their keyword arguments, on any loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

import pytest

from gptalk_client.errors import GptalkError, RateLimitedError, ServerError, TimedOutError, UsageError
from gptalk_client.models import ReplyRequest
from gptalk_client.providers.auth_cache import AuthCache
from gptalk_client.providers.gptalk import MAX_USES, GPTalk
from gptalk_client.providers.openai import OpenAI
from support.gptalk_server import GptalkServer, threaded_gptalk_server
from support.gptalk_wire import REQUEST, answers, good_submit, gptalk, paths_of, run_turn
from support.raw_server import RawServer, eventually

MESSAGES = [{"role": "user", "content": "Привет, как дела?"}]


@pytest.fixture(autouse=True)
def _own_class_state(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"_auth": None, "_stored": None, "_caches": {}, "used_times": 0}.items():
        monkeypatch.setattr(GPTalk, name, value)


@pytest.fixture
async def public(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GptalkServer]:
    """The service that the class asks."""
    async with GptalkServer("public") as server:
        monkeypatch.setattr(GPTalk, "url", server.url)
        yield server


@pytest.fixture
async def own(public: GptalkServer) -> AsyncIterator[GptalkServer]:
    """Another service, which instances ask."""
    async with GptalkServer("own", secret="prefix") as server:
        yield server


# Instances


async def test_an_instance_asks_its_own_address(public: GptalkServer, own: GptalkServer) -> None:
    async with GPTalk(url=own.url) as provider:
        streamed = [piece async for piece in provider.create_async_generator(model="", messages=MESSAGES)]
        assert "".join(streamed) == "own"
        assert await provider.create_async("", MESSAGES) == "own"
        assert await asyncio.to_thread(lambda: "".join(provider.create_completion("", MESSAGES))) == "own"
        assert await GPTalk.create_async("", MESSAGES) == "public"
        assert (own.counts.submits, public.counts.submits) == (3, 1)
        assert (provider.used_times, GPTalk.used_times) == (3, 1)
        assert own.counts.logins == 1
        assert provider._auth is not None
        assert GPTalk._auth is not None
        assert provider._auth["token"] != GPTalk._auth["token"]
    await eventually(lambda: own.open_connections == 0, limit_s=1)


async def test_fifty_calls_on_one_instance_share_its_connections(own: GptalkServer) -> None:
    async with GPTalk(url=own.url) as provider:
        for _ in range(50):
            assert await provider.create_async("", MESSAGES) == "own"
        assert own.connections == 1


async def test_an_instance_uses_its_own_login(own: GptalkServer) -> None:
    cache = AuthCache(None)
    async with GPTalk(url=own.url, auth_cache=cache) as provider:
        await provider.login()
        assert await provider.create_async("", MESSAGES) == "own"
    assert own.fingerprints == [cache.fingerprint]
    status = cache.status(own.url)
    assert status is not None
    assert status.used_times == 1


@pytest.mark.parametrize("where", ["instance", "call"])
async def test_a_proxy_is_the_instances_unless_the_call_names_one(where: str) -> None:
    def requests_of(server: RawServer) -> list[str]:
        return [request.target for request in server.requests]

    async with RawServer(gptalk()) as proxy, RawServer(gptalk()) as other:
        async with GPTalk(
            url="http://service.test", proxy=proxy.url if where == "instance" else other.url
        ) as provider:
            named = {} if where == "instance" else {"proxy": proxy.url}
            assert await provider.create_async("", MESSAGES, **named) == "Hi"
            assert (
                "".join(await asyncio.to_thread(lambda: [*provider.create_completion("", MESSAGES, **named)]))
                == "Hi"
            )
        assert all(target.startswith("http://service.test/") for target in requests_of(proxy))
        assert len(requests_of(proxy)) == 5
        assert requests_of(other) == []


# Keyword arguments


async def test_arguments_are_taken_by_their_meaning(own: GptalkServer) -> None:
    own.piece_chars = 1
    async with GPTalk(url=own.url) as provider:
        pieces = provider.create_async_generator(
            "gpt-4", MESSAGES, stream=False, timeout=30, system_prompt="Be brief.", temperature=0.7, api_key=None,
            body={"ctx_msg_count": 9, "extra": [1]},
        )  # fmt: skip
        assert [piece async for piece in pieces] == ["own"]
    (body,) = own.bodies
    assert body["content"] == f"System: Be brief.\nUser: {MESSAGES[0]['content']}\nAssistant:"
    assert (body["model"], body["temperature"], body["ctx_msg_count"], body["extra"]) == (
        "gpt-4",
        0.7,
        9,
        [1],
    )
    assert body.keys().isdisjoint({"stream", "timeout", "system_prompt", "api_key", "body", "proxy"})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"headers": {"x": "y"}}, "headers"), ({"cookies": {"x": "y"}}, "no cookies"),
        ({"api_key": "k"}, "API keys"),
        ({"proxies": {"https": "http://x"}}, "proxy="), ({"max_tokens": 5}, "body={'max_tokens'"),
        ({"stream": "yes"}, "stream must"), ({"timeout": 0}, "timeout must"), ({"timeout": "5"}, "timeout must"),
        ({"timeout": float("nan")}, "timeout must"), ({"timeout": True}, "timeout must"),
        ({"system_prompt": 5}, "system_prompt must"), ({"body": [1]}, "body must"),
        ({"body": {1: 2}}, "body must"),
        ({"temperature": object()}, "JSON"), ({"temperature": float("nan")}, "JSON"),
    ],
)  # fmt: skip
async def test_arguments_that_make_no_sense_are_refused_in_words(
    own: GptalkServer, given: dict[str, Any], says: str
) -> None:
    async with GPTalk(url=own.url) as provider:
        with pytest.raises(UsageError) as caught:
            await anext(provider.create_async_generator("", MESSAGES, **given))
        assert says in caught.value.for_humans()
    assert own.counts.submits == 0


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        ([], "no message"), ("hello", "must be a list"), (None, "must be a list"),
        ([5], "Message 1 is not of the form"), ([{"role": "user"}], "Message 1 has no text"),
        ([{"role": "user", "content": None}], "Message 1 has no text"),
        ([*MESSAGES, {"role": "user", "content": []}], "Message 2 has no text"),
        ([{"role": "user", "content": 5}], "Message 1 is not text"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}], "'image_url'"),
        ([{"role": "user", "content": [{"type": "text"}]}], "Message 1 has a part"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("system_prompt", [None, "Be brief."])
async def test_messages_that_cannot_be_sent_are_refused_before_anything_is(
    own: GptalkServer, messages: Any, says: str, system_prompt: str | None
) -> None:
    async with GPTalk(url=own.url) as provider:
        with pytest.raises(UsageError) as caught:
            await provider.create_async("", messages, system_prompt=system_prompt)
        assert says in caught.value.message
    assert own.requests == []


def test_synchronous_code_can_have_the_reply_as_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    with threaded_gptalk_server("one two three " * 5) as server:
        monkeypatch.setattr(GPTalk, "url", server.url)
        assert list(GPTalk.create_completion("", MESSAGES, False)) == [server.reply]
        assert "".join(GPTalk.create_completion("", MESSAGES, stream=True, proxy=None)) == server.reply


@pytest.mark.parametrize("how", ["whole", "pieces"])
async def test_a_reply_that_takes_longer_than_allowed_is_ended(own: GptalkServer, how: str) -> None:
    own.piece_chars = 1
    own.hold()
    own.step()
    async with GPTalk(url=own.url) as provider:
        pieces = provider.create_async_generator("", MESSAGES, timeout=0.2)
        if how == "pieces":
            assert await anext(pieces) == "o"
        reply = anext(pieces) if how == "pieces" else provider.create_async("", MESSAGES, timeout=0.2)
        with pytest.raises(TimedOutError) as caught:
            await reply
        assert "0.2 seconds" in caught.value.message
        await eventually(lambda: own.counts.hung_up == 1, limit_s=1)


async def test_the_time_limit_does_not_cancel_what_the_caller_does_between_pieces(own: GptalkServer) -> None:
    async with GPTalk(url=own.url) as provider:
        await provider.create_async("", MESSAGES)
        pieces = provider.create_async_generator("", MESSAGES, timeout=0.8)
        assert await anext(pieces) == "own"
        await asyncio.sleep(0.9)  # the caller's own work: the time itself is what is tested
        assert [piece async for piece in pieces] == []  # it was complete in time


# A login serves five replies


async def test_a_login_that_has_served_five_replies_is_renewed(own: GptalkServer) -> None:
    async with GPTalk(url=own.url) as provider:
        served = []
        for _ in range(2 * MAX_USES + 1):
            await provider.create_async("", MESSAGES)
            served.append((own.counts.logins, provider.used_times))
        assert served == [
            (1, 1),
            (1, 2),
            (1, 3),
            (1, 4),
            (1, 5),
            (2, 1),
            (2, 2),
            (2, 3),
            (2, 4),
            (2, 5),
            (3, 1),
        ]
        assert len(set(own.fingerprints)) == 1


async def test_the_class_renews_its_login_too(public: GptalkServer) -> None:
    for _ in range(MAX_USES + 1):
        await GPTalk.create_async("", MESSAGES)
    assert (public.counts.logins, GPTalk.used_times) == (2, 1)
    assert GPTalk._auth is not None
    GPTalk._auth = {**GPTalk._auth}
    GPTalk.used_times = MAX_USES
    await GPTalk.create_async("", MESSAGES)
    assert (public.counts.logins, GPTalk.used_times) == (3, 1)


NOTHING = ("200 OK", b'{"msg": "guests get five"}', "")
GRANTED = ("200 OK", b'{"data": {"token": "stream-1"}}', "")


async def test_an_answer_without_data_costs_one_more_login() -> None:
    async with RawServer(gptalk(submit=answers(GRANTED, NOTHING, GRANTED))) as server:
        async with GPTalk(url=server.url) as provider:
            await run_turn(provider)
            outcome = await run_turn(provider)
        assert (outcome.text, outcome.error) == ("Hi", None)
        assert paths_of(server.requests) == ["login", "text", "stream", "text", "login", "text", "stream"]


async def test_a_service_with_no_more_replies_for_guests_is_told_with_what_else_there_is() -> None:
    async with RawServer(gptalk(submit=answers(GRANTED, NOTHING))) as server:
        async with GPTalk(url=server.url) as provider:
            await run_turn(provider)
            outcome = await run_turn(provider)
        assert type(outcome.error) is RateLimitedError
        assert "no more replies for guests: guests get five" in outcome.error.message
        assert "another provider" in outcome.error.for_humans()
        assert paths_of(server.requests) == ["login", "text", "stream", "text", "login", "text"]


async def test_a_renewal_that_is_refused_is_told_with_what_else_there_is() -> None:
    left = [
        ("200 OK", b'{"data": {"token": "login-1"}}', ""),
        ("200 OK", b'{"msg": "come back tomorrow"}', ""),
    ]
    async with RawServer(gptalk(login=answers(*left), submit=good_submit)) as server:
        async with GPTalk(url=server.url) as provider:
            for _ in range(MAX_USES):
                assert (await run_turn(provider)).error is None
            outcome = await run_turn(provider)
        assert type(outcome.error) is RateLimitedError
        assert "come back tomorrow" in outcome.error.message
        assert "another provider" in outcome.error.for_humans()


async def test_a_first_answer_without_data_is_the_services_own_refusal() -> None:
    async with RawServer(gptalk(submit=answers(NOTHING))) as server, GPTalk(url=server.url) as provider:
        outcome = await run_turn(provider)
        assert type(outcome.error) is ServerError
        assert paths_of(server.requests) == ["login", "text"]


# Messages


async def test_messages_go_beside_the_prompt_only_where_the_service_takes_them(own: GptalkServer) -> None:
    conversation = [{"role": "system", "content": "Be brief."}, *MESSAGES]
    for accepts, expected in ((None, None), (["messages"], conversation), ("messages", None)):
        own.accepts = accepts
        async with GPTalk(url=own.url) as provider:
            await provider.create_async("", conversation)
            await provider.create_async("", [{"role": "tool", "content": "x"}])
            one, other = own.bodies[-2:]
            assert one.get("messages") == expected
            assert one["content"] == f"System: Be brief.\nUser: {MESSAGES[0]['content']}\nAssistant:"
            assert "messages" not in other


# Loops and threads


def refused(work: Coroutine[Any, Any, Any]) -> UsageError:
    """Return the error that a coroutine raises at once on a loop of its own."""
    with pytest.raises(UsageError) as caught:
        asyncio.run(asyncio.wait_for(work, 5))
    return caught.value


@pytest.fixture
def served() -> Iterator[GptalkServer]:
    with threaded_gptalk_server("fine") as server:
        yield server


@pytest.mark.parametrize("kind", ["gptalk", "openai"])
async def test_another_loop_or_thread_gets_a_clear_error(own: GptalkServer, kind: str) -> None:
    provider = GPTalk(url=own.url) if kind == "gptalk" else OpenAI(own.url)
    async with provider:
        await run_turn(provider)
        connections = own.connections
        errors: list[UsageError] = []

        def elsewhere() -> None:
            errors.append(refused(anext(provider.stream(REQUEST))))  # type: ignore[arg-type]
            errors.append(refused(provider.warm_up()))

        thread = threading.Thread(target=elsewhere)
        thread.start()
        await asyncio.to_thread(thread.join, 10)
        assert len(errors) == 2
        assert all("event loop" in error.message and "async with" in error.hint for error in errors)
        assert own.connections == connections


def test_a_second_run_gets_a_clear_error_and_other_calls_still_work(served: GptalkServer) -> None:
    provider = GPTalk(url=served.url)

    async def first() -> None:
        async with provider:
            await provider.create_async("", MESSAGES)

    asyncio.run(first())
    assert "another event loop" in refused(provider.create_async("", MESSAGES)).message
    assert "".join(provider.create_completion("", MESSAGES)) == "fine"


def test_a_reply_cannot_move_to_another_loop(served: GptalkServer) -> None:
    served.hold()
    served.step()
    provider = GPTalk(url=served.url)
    loop = asyncio.new_event_loop()
    events = provider.stream(ReplyRequest(MESSAGES))

    async def until_text() -> None:
        async for event in events:
            if hasattr(event, "text"):
                return

    loop.run_until_complete(until_text())
    assert "another event loop" in refused(anext(events)).message  # type: ignore[arg-type]
    loop.run_until_complete(provider.aclose())
    loop.close()


def test_without_asyncio_there_is_a_clear_error() -> None:
    """Trio drives coroutines in the same way: by hand, as far as asyncio can tell."""
    for work in (
        GPTalk.create_async("", MESSAGES),
        GPTalk(url="http://127.0.0.1:1").create_async("", MESSAGES),
    ):
        with pytest.raises(GptalkError) as caught:
            work.send(None)
        assert "No asyncio event loop" in caught.value.message
