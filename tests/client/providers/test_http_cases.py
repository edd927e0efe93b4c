"""What a service may answer to each of the three calls, and what a turn makes of it."""

from __future__ import annotations

import asyncio
import email.utils
import time

import pytest

from gptalk_client.errors import (
    AuthError,
    BlockedError,
    GptalkError,
    NetworkError,
    ProtocolError,
    RateLimitedError,
    ServerError,
    TruncatedError,
)
from gptalk_client.models import Phase
from gptalk_client.providers import retries
from gptalk_client.providers.auth_cache import AuthCache
from gptalk_client.providers.gptalk import GPTalk
from gptalk_client.providers.http_errors import parse_retry_after
from gptalk_client.providers.json_text import server_reason
from support.gptalk_wire import (
    LOGIN_TOKEN,
    REQUEST,
    STREAM_TOKEN,
    Outcome,
    Step,
    answers,
    good_login,
    good_stream,
    good_submit,
    gptalk,
    paths_of,
    run_turn,
    stream_of,
)
from support.raw_server import Connection, RawServer, Request

HTML = "content-type: text/html; charset=utf-8\r\n"
EVENTS = "content-type: text/event-stream\r\n"
PAGE = b"<!doctype html><title>Just a moment PAGE-CANARY</title>"
OK = ("200 OK", b'{"data": {"token": "%s"}}' % STREAM_TOKEN.encode(), "")
TOO_MANY = "429 Too Many Requests"


@pytest.fixture(autouse=True)
def _no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "JITTER_S", (0.0, 0.01))


async def turn_with(
    login: Step = good_login, submit: Step = good_submit, stream: Step = good_stream, turns: int = 1
) -> tuple[Outcome, list[str]]:
    """Run turns with one provider; return what the last came to, and all that was asked for."""
    async with RawServer(gptalk(login, submit, stream)) as server:
        provider = GPTalk(url=server.url)
        try:
            for _ in range(turns):
                outcome = await run_turn(provider)
        finally:
            await provider.aclose()
        return outcome, paths_of(server.requests)


def raw(*pieces: bytes, reset: bool = False) -> Step:
    """Return a step that sends these bytes as they are and hangs up."""

    async def step(connection: Connection, request: Request) -> None:
        await connection.send(*pieces)
        if reset:
            connection.reset()
        raise ConnectionAbortedError

    return step


REFUSED = ("401 Unauthorized", b'{"msg": "expired"}', "")
IN_BODY = ("200 OK", b'{"code": 401, "msg": "expired"}', "")


@pytest.mark.parametrize("refused", [REFUSED, IN_BODY], ids=["by status", "in the body"])
async def test_a_refused_cached_token_costs_one_login_and_one_more_try(
    refused: tuple[str, bytes, str],
) -> None:
    outcome, asked = await turn_with(submit=answers(OK, refused, OK), turns=2)
    assert (outcome.text, outcome.error) == ("Hi", None)
    assert asked == ["login", "text", "stream", "text", "login", "text", "stream"]


async def login_by_count(connection: Connection, request: Request) -> None:
    number = len(connection.requests)
    await connection.answer({"data": {"token": f"token-{number}", "expires_at": time.time() + 99}})


async def test_a_second_refusal_is_final() -> None:
    outcome, asked = await turn_with(login_by_count, answers(OK, REFUSED), turns=2)
    assert type(outcome.error).__mro__[1] is AuthError
    assert "expired" in outcome.error.message
    assert asked == ["login", "text", "stream", "text", "login", "text"]


async def test_a_refused_fresh_token_is_final() -> None:
    outcome, asked = await turn_with(submit=answers(REFUSED))
    assert isinstance(outcome.error, AuthError)
    assert asked == ["login", "text"]


async def test_a_refused_login_is_final() -> None:
    outcome, asked = await turn_with(login=answers(REFUSED))
    assert isinstance(outcome.error, AuthError)
    assert asked == ["login"]


async def test_a_refused_stream_costs_the_whole_turn_once_more() -> None:
    left = [answers(REFUSED), good_stream]

    async def stream(connection: Connection, request: Request) -> None:
        await left.pop(0)(connection, request)

    outcome, asked = await turn_with(stream=stream)
    assert (outcome.text, outcome.error) == ("Hi", None)
    assert asked == ["login", "text", "stream", "text", "stream"]


async def test_a_stream_refused_twice_is_final() -> None:
    outcome, asked = await turn_with(stream=answers(REFUSED))
    assert isinstance(outcome.error, AuthError)
    assert asked == ["login", "text", "stream", "text", "stream"]


@pytest.mark.parametrize("step", ["login", "submit", "stream"])
@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden", "503 Service Unavailable"])
async def test_a_page_for_people_means_blocked_and_is_not_shown(step: str, status: str) -> None:
    outcome, asked = await turn_with(**{step: answers((status, PAGE, HTML))})
    assert type(outcome.error) is BlockedError
    assert "CANARY" not in outcome.error.for_humans()
    assert asked == ["login", "text", "stream"][: ["login", "submit", "stream"].index(step) + 1]


async def test_a_page_that_says_it_is_a_stream_means_blocked() -> None:
    outcome, _ = await turn_with(stream=answers(("200 OK", b"\n" + PAGE, EVENTS)))
    assert type(outcome.error) is BlockedError


@pytest.mark.parametrize("step", ["login", "submit", "stream"])
@pytest.mark.parametrize("retry_after", ["0", "-1"])
async def test_too_many_requests_waits_and_tries_once_more(
    step: str, retry_after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gptalk_client.providers.http_errors.DEFAULT_RETRY_AFTER_S", 0.01)
    good = {"login": good_login, "submit": good_submit, "stream": good_stream}[step]
    left = [answers((TOO_MANY, b'{"msg": "slow down"}', f"retry-after: {retry_after}\r\n")), good]

    async def flaky(connection: Connection, request: Request) -> None:
        await left.pop(0)(connection, request)

    outcome, _ = await turn_with(**{step: flaky})
    assert (outcome.text, outcome.error) == ("Hi", None)
    (retry,) = outcome.retries
    assert retry.wait_s == (0.0 if retry_after == "0" else 0.01)
    assert "slow down" in retry.reason


async def test_a_second_refusal_for_too_many_requests_is_final() -> None:
    outcome, asked = await turn_with(submit=answers((TOO_MANY, b"", "retry-after: 0\r\n")))
    assert type(outcome.error) is RateLimitedError
    assert asked == ["login", "text", "text"]


async def test_a_long_wait_fails_at_once() -> None:
    outcome, asked = await turn_with(submit=answers((TOO_MANY, b"", "retry-after: 61\r\n")))
    assert type(outcome.error) is RateLimitedError
    assert outcome.error.retry_after_s == 61
    assert outcome.retries == []
    assert asked == ["login", "text"]


async def test_the_wait_can_be_cancelled() -> None:
    async with RawServer(gptalk(submit=answers((TOO_MANY, b"", "retry-after: 60\r\n")))) as server:
        provider = GPTalk(url=server.url)
        waiting = asyncio.Event()

        async def turn() -> None:
            async for event in provider.stream(REQUEST):
                if getattr(event, "phase", None) is Phase.RETRYING:
                    waiting.set()

        task = asyncio.create_task(turn())
        await asyncio.wait_for(waiting.wait(), 5)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 1)
        await provider.aclose()
        assert paths_of(server.requests) == ["login", "text"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), (" 60 ", 60.0), ("soon", 2.0), ("", 2.0), (None, 2.0), ("-3", 2.0), ("1.5", 2.0), ("٣", 2.0),
     ("9" * 5000, 999999999.0), ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0), ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
     ("Thu, 99 Jan 1970 00:00:01 GMT", 2.0), ("Thu, 01 Jan 99999999999 00:00:00 GMT", 2.0),
     ("Thu, 01 Jan 1970 00:00:01 +99999999999999", 2.0)],
)  # fmt: skip
def test_retry_after(value: str | None, seconds: float) -> None:
    assert parse_retry_after(value, now_s=10.0) == seconds


def test_retry_after_as_a_date_from_now() -> None:
    assert 25 < parse_retry_after(email.utils.formatdate(time.time() + 30, usegmt=True)) <= 31


@pytest.mark.parametrize("status", ["500 Internal Server Error", "502 Bad Gateway", "504 Gateway Timeout"])
async def test_a_failure_on_submit_is_not_tried_again(status: str) -> None:
    outcome, asked = await turn_with(submit=answers((status, b'{"message": "the disk is full"}', "")))
    assert type(outcome.error) is ServerError
    assert "the disk is full" in outcome.error.message
    assert outcome.error.status == int(status[:3])
    assert asked == ["login", "text"]


async def test_a_failure_on_login_is_tried_once_more() -> None:
    bad = ("502 Bad Gateway", b"", HTML)
    good = ("200 OK", b'{"data": {"token": "abc"}}', "")
    outcome, asked = await turn_with(login=answers(bad, good))
    assert (outcome.text, outcome.error) == ("Hi", None)
    assert asked == ["login", "login", "text", "stream"]
    outcome, asked = await turn_with(login=answers(bad))
    assert type(outcome.error) is ServerError
    assert asked == ["login", "login"]


@pytest.mark.parametrize("step", ["login", "submit", "stream"])
@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"]
)
async def test_a_redirect_is_not_followed_and_its_host_is_named(step: str, status: str) -> None:
    target = "location: https://evil.test:99/x?token=LOCATION-CANARY\r\n"
    outcome, asked = await turn_with(**{step: answers((status, b"", target))})
    assert type(outcome.error) is ProtocolError
    assert "evil.test" in outcome.error.message
    assert "CANARY" not in outcome.error.message
    assert asked[-1] == {"login": "login", "submit": "text", "stream": "stream"}[step]


@pytest.mark.parametrize("host", ["[::1", "\xff\x80.test", "a:b:c"])
async def test_a_redirect_to_a_malformed_address(host: str) -> None:
    answer = ("302 Found", b"", f"location: http://{host}/?token=LOCATION-CANARY\r\n")
    outcome, _ = await turn_with(submit=answers(answer))
    assert type(outcome.error) is ProtocolError
    assert "redirects to another address" in outcome.error.message


@pytest.mark.parametrize("step", ["login", "submit", "stream"])
@pytest.mark.parametrize("opening", [b"[", b'{"error":'], ids=["lists", "objects"])
async def test_deep_json_with_bytes_that_are_no_text(step: str, opening: bytes) -> None:
    closing = {b"[": b"]"}.get(opening, b"}")
    body = opening * 700 + b'"\xff"' + closing * 700
    outcome, _ = await turn_with(**{step: answers(("200 OK", body, ""))})
    assert type(outcome.error) is ProtocolError
    assert "nested too deep" in outcome.error.message


async def test_a_reason_is_short_whatever_it_is() -> None:
    outcome, _ = await turn_with(submit=answers(("200 OK", b'{"code": %s}' % (b"7" * 4000), "")))
    assert type(outcome.error) is ServerError
    assert "code 777" in outcome.error.message
    assert len(outcome.error.message) < 400


def test_a_reason_is_not_looked_for_at_any_depth() -> None:
    value: dict[str, object] = {"message": "far down"}
    for _ in range(10_000):
        value = {"error": value}
    assert server_reason(value) == ""
    assert server_reason({"error": {"error": {"message": "near"}}}) == "near"


STREAM_ANSWERS = {
    "JSON that says why": (("200 OK", b'{"msg": "no quota"}', ""), ServerError, "no quota"),
    "JSON that says nothing": (("200 OK", b"{}", ""), ProtocolError, ""),
    "JSON that is none": (("200 OK", b"{nonsense", ""), ProtocolError, ""),
    "JSON of 10 MB": (("200 OK", b'{"x": "' + b"y" * 10_000_000 + b'", "msg": "no"}', ""), ProtocolError, ""),
    "204": (("204 No Content", b"", EVENTS), ProtocolError, ""),
    "an empty 200": (("200 OK", b"", EVENTS), ProtocolError, "empty"),
    "an encoding that was not asked for": (
        ("200 OK", b"\x1f\x8b", EVENTS + "content-encoding: gzip\r\n"), ProtocolError, "compressed",
    ),
    "not found": (("404 Not Found", b"", HTML), ProtocolError, "404"),
    "a refusal with a reason": (
        ("400 Bad Request", b'{"error": {"message": "too long"}}', ""), ServerError, "too long",
    ),
    "forbidden": (("403 Forbidden", b'{"msg": "banned"}', ""), AuthError, "banned"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "error", "says"), STREAM_ANSWERS.values(), ids=STREAM_ANSWERS)
async def test_a_stream_request_answered_otherwise(
    answer: tuple[str, bytes, str], error: type[GptalkError], says: str
) -> None:
    outcome, _ = await turn_with(stream=answers(answer))
    assert type(outcome.error) is error
    assert says in outcome.error.message


@pytest.mark.parametrize("step", ["login", "submit"])
async def test_an_encoding_is_refused_on_every_call_and_identity_is_asked_for(step: str) -> None:
    asked_for: list[str] = []

    async def bomb(connection: Connection, request: Request) -> None:
        asked_for.append(request.headers["accept-encoding"])
        await connection.answer(b"\x1f\x8b", headers="content-encoding: br\r\n")

    outcome, _ = await turn_with(**{step: bomb})
    assert type(outcome.error) is ProtocolError
    assert asked_for == ["identity"]


async def test_a_response_without_a_type_is_not_a_stream_if_it_is_empty() -> None:
    body = b'data: {"content": "x"}\n\ndata: [DONE]\n\n'
    outcome, _ = await turn_with(stream=answers(("200 OK", body, "content-type: text/plain\r\n")))
    assert (outcome.text, outcome.error) == ("x", None)


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
EVENT = b'data: {"content": "Hi"}\n\n'
BROKEN = {
    "a short chunked body": (raw(CHUNKED + b"19\r\n" + EVENT + b"\r\n"), TruncatedError, "Hi"),
    "a short chunk": (raw(CHUNKED + b"99\r\n" + EVENT), TruncatedError, "Hi"),
    "a short body with a length": (raw(HEAD + b"content-length: 999\r\n\r\n" + EVENT), TruncatedError, "Hi"),
    "a bad chunk size": (raw(CHUNKED + b"19\r\n" + EVENT + b"\r\nxyz\r\n"), ProtocolError, "Hi"),
    "a bad status line": (raw(b"HTTP/1.1 nonsense\r\n\r\n"), ProtocolError, ""),
    "another protocol": (raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), ProtocolError, ""),
    "a header of 200 kB": (raw(HEAD + b"x: " + b"y" * 200_000 + b"\r\n\r\n"), ProtocolError, ""),
    "nothing at all": (raw(), NetworkError, ""),
    "half a head": (raw(HEAD), NetworkError, ""),
}  # fmt: skip


@pytest.mark.parametrize(("stream", "error", "text"), BROKEN.values(), ids=BROKEN)
async def test_a_broken_answer(stream: Step, error: type[GptalkError], text: str) -> None:
    outcome, asked = await turn_with(stream=stream)
    assert type(outcome.error) is error
    assert STREAM_TOKEN not in outcome.error.for_humans()
    assert outcome.text == text
    assert asked == ["login", "text", "stream"]


async def test_a_reset_in_the_middle_keeps_the_text() -> None:
    has_text = asyncio.Event()

    async def stream(connection: Connection, request: Request) -> None:
        await connection.start_stream()
        await connection.chunk(EVENT)
        await has_text.wait()
        connection.reset()

    async with RawServer(gptalk(stream=stream)) as server:
        provider = GPTalk(url=server.url)
        events = provider.stream(REQUEST)
        outcome = Outcome()
        while not outcome.text:
            outcome.take(await anext(events))
        has_text.set()
        with pytest.raises(TruncatedError, match="broke before the end") as caught:
            await anext(events)
        await provider.aclose()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


USELESS = pytest.mark.parametrize(
    "body",
    [b"{}", b'{"data": null}', b'{"data": {}}', b'{"data": {"token": ""}}', b'{"data": {"token": 7}}',
     b'{"data": {"token": "a\\r\\nx-evil: 1"}}', b'{"data": {"token": "a\\n"}}',
     b'{"data": {"token": "\xc3\xa9"}}',
     b'{"data": "x"}', b'{"data": {"token": " "}}'],
)  # fmt: skip


@USELESS
async def test_a_login_without_a_usable_token_is_never_cached(body: bytes) -> None:
    cache = AuthCache(None)
    async with RawServer(gptalk(login=answers(("200 OK", body, "")))) as server:
        provider = GPTalk(url=server.url, auth_cache=cache)
        outcome = await run_turn(provider)
        await provider.aclose()
        assert isinstance(outcome.error, AuthError)
        assert cache.current(server.url) is None
        assert paths_of(server.requests) == ["login"]


@USELESS
async def test_a_prompt_whose_stream_has_no_usable_name(body: bytes) -> None:
    outcome, asked = await turn_with(submit=answers(("200 OK", body, "")))
    assert type(outcome.error) is ProtocolError
    assert asked == ["login", "text"]


@pytest.mark.parametrize("name", ["message", "msg", "error"])
async def test_the_services_own_reason_is_quoted(name: str) -> None:
    body = b'{"%s": "closed on\\nSundays %s"}' % (name.encode(), b"z" * 1000)
    for step, error in (("login", AuthError), ("submit", ServerError)):
        outcome, _ = await turn_with(**{step: answers(("200 OK", body, ""))})
        assert type(outcome.error) is error
        assert "closed on Sundays zzz" in outcome.error.message
        assert len(outcome.error.message) < 400


async def test_a_warm_turn_is_two_requests_on_one_connection() -> None:
    async with RawServer(gptalk()) as server:
        provider = GPTalk(url=server.url)
        for _ in range(3):
            assert (await run_turn(provider)).error is None
        assert len(server.connections) == 1
        assert paths_of(server.requests) == ["login", "text", "stream", "text", "stream", "text", "stream"]
        await provider.aclose()


async def test_what_is_sent_is_the_protocols() -> None:
    async with RawServer(gptalk()) as server:
        provider = GPTalk(url=server.url)
        assert (await run_turn(provider)).error is None
        await provider.aclose()
        login, submit, stream = server.requests
        fingerprint = provider.auth_cache.fingerprint
        assert login.json() == {"fingerprint": fingerprint, "platform": "fingerprint"}
        assert submit.headers["authorization"] == f"Bearer {LOGIN_TOKEN}"
        assert stream.target.endswith(f"/stream?token={STREAM_TOKEN}")
        assert "authorization" not in stream.headers
        body = submit.json()
        assert abs(body.pop("created_at") - time.time()) < 60
        assert body == {
            "content": "hello", "accept": "stream", "from": 1, "model": "gpt-3.5-turbo", "is_mobile": 0,
            "user_agent": submit.headers["user-agent"], "is_open_ctx": 0, "prompt": "", "roid": 111,
            "temperature": 0, "ctx_msg_count": 3,
        }  # fmt: skip
        for request in server.requests:
            assert request.headers["origin"] == server.url
            assert request.headers["accept"] == "*/*"
            assert request.headers["content-type"] == "application/json"
            assert request.headers["x-auth-appid"] == "2229"
            assert request.headers["x-auth-openid"] == request.headers["x-auth-platform"] == ""
            assert abs(int(request.headers["x-auth-timestamp"]) - time.time()) < 60
            for name in (
                "accept-language",
                "sec-ch-ua",
                "sec-fetch-dest",
                "sec-fetch-mode",
                "sec-fetch-site",
            ):
                assert request.headers[name]


async def test_cookies_are_not_kept() -> None:
    async def login(connection: Connection, request: Request) -> None:
        await connection.answer({"data": {"token": "abc"}}, headers="set-cookie: who=you; path=/\r\n")

    async with RawServer(gptalk(login)) as server:
        provider = GPTalk(url=server.url)
        assert (await run_turn(provider)).error is None
        await provider.aclose()
        assert not any("cookie" in request.headers for request in server.requests)


@pytest.mark.parametrize("step", ["submit", "stream", "event"])
async def test_a_service_that_quotes_the_token_does_not_get_it_shown(step: str) -> None:
    body = b'{"msg": "I know %s and %s"}' % (LOGIN_TOKEN.encode(), STREAM_TOKEN.encode())
    quoting = stream_of(b"data: " + body + b"\n\n") if step == "event" else answers(("200 OK", body, ""))
    outcome, _ = await turn_with(**{"stream" if step == "event" else step: quoting})
    assert isinstance(outcome.error, ServerError)
    assert "I know [hidden]" in outcome.error.message
    assert LOGIN_TOKEN not in repr(outcome.error) + outcome.error.for_humans()
    if step != "submit":  # before it is granted, nobody knows what a stream token looks like
        assert STREAM_TOKEN not in repr(outcome.error)
