"""The endpoint refuses what is too much, and never at the cost of what it has accepted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from gptalk_client.embedded import connection, listen, server
from gptalk_client.embedded.server import EndpointTimeouts
from gptalk_client.providers.gptalk import MAX_USES, GPTalk
from support.gptalk_wire import run_turn
from support.raw_server import eventually

TEXT, STREAM = "/api/chatgpt/chatapi/text", "/api/chatgpt/chatapi/stream"


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as client:
        yield client


async def log_in(http: httpx.AsyncClient, url: str, fingerprint: str = "0" * 32) -> httpx.Response:
    return await http.post(f"{url}/api/chatgpt/user/login", json={"fingerprint": fingerprint})


async def bearer(http: httpx.AsyncClient, url: str) -> dict[str, str]:
    return {"authorization": f"Bearer {(await log_in(http, url)).json()['data']['token']}"}


async def submit(
    http: httpx.AsyncClient, url: str, headers: dict[str, str], text: str = "Hi"
) -> httpx.Response:
    return await http.post(url + TEXT, json={"content": text}, headers=headers)


async def reply(http: httpx.AsyncClient, url: str, submitted: httpx.Response) -> str:
    return (await http.get(url + STREAM, params={"token": submitted.json()["data"]["token"]})).text


def is_busy(answer: httpx.Response) -> bool:
    return (
        answer.status_code == 429 and int(answer.headers["retry-after"]) >= 1 and answer.json()["code"] == 429
    )


async def test_one_prompt_too_many_is_refused_and_the_waiting_ones_stay(
    http: Any, serve_engine: Any, scripted: Any
) -> None:
    async with serve_engine(scripted("fine")) as url:
        headers = await bearer(http, url)
        waiting = [await submit(http, url, headers) for _ in range(server.MAX_WAITING_PROMPTS)]
        assert {answer.status_code for answer in waiting} == {200}
        assert is_busy(await submit(http, url, headers))
        assert "[DONE]" in await reply(http, url, waiting[0])
        assert (await submit(http, url, headers)).status_code == 200


async def test_a_prompt_that_waited_too_long_makes_room(http: Any, serve_engine: Any, scripted: Any) -> None:
    async with serve_engine(scripted("fine"), EndpointTimeouts(stream_token_s=0)) as url:
        headers = await bearer(http, url)
        for _ in range(server.MAX_WAITING_PROMPTS + 1):
            assert (await submit(http, url, headers)).status_code == 200


async def test_one_login_too_many_is_refused_and_the_others_stay(
    http: Any, serve_engine: Any, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_LOGINS", 3)
    async with serve_engine(scripted("fine")) as url:
        first, *_ = [await log_in(http, url, str(number)) for number in range(3)]
        assert is_busy(await log_in(http, url, "3"))
        again = await log_in(http, url, "0")
        assert again.json()["data"]["token"] == first.json()["data"]["token"]
        headers = {"authorization": f"Bearer {first.json()['data']['token']}"}
        assert (await submit(http, url, headers)).status_code == 200


async def test_a_client_that_renews_its_login_takes_no_further_one(
    serve_engine: Any, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_LOGINS", 1)
    async with serve_engine(scripted("fine")) as url, GPTalk(url=url) as provider:
        for _ in range(2 * MAX_USES + 1):
            outcome = await run_turn(provider)
            assert (outcome.text, outcome.error) == ("fine", None)


async def test_prompts_are_refused_when_they_take_too_much_memory_together(
    http: Any, serve_engine: Any, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_HELD_BYTES", 100_000)
    hold = asyncio.Event()
    async with serve_engine(scripted("fine", hold)) as url:
        headers = await bearer(http, url)
        big = "x" * 40_000
        one, two = [await submit(http, url, headers, big) for _ in range(2)]
        assert is_busy(await submit(http, url, headers, big))
        assert (await submit(http, url, headers)).status_code == 200
        replying = asyncio.create_task(reply(http, url, one))
        assert is_busy(await submit(http, url, headers, big))  # a prompt being answered still counts
        hold.set()
        assert "[DONE]" in await replying
        assert (await submit(http, url, headers, big)).status_code == 200
        assert "[DONE]" in await reply(http, url, two)


async def test_no_refusal_and_no_broken_request_keeps_memory_counted(
    http: Any, serve_engine: Any, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_HELD_BYTES", 100_000)
    async with serve_engine(scripted("fine"), EndpointTimeouts(stream_token_s=0)) as url:
        headers = await bearer(http, url)
        for body in (b"x" * 90_000, json.dumps({"content": 5, "x": "x" * 90_000}).encode(), b"x" * 110_000):
            assert (await http.post(url + TEXT, content=body, headers=headers)).is_client_error
        reader, writer = await connect(url)
        writer.write(head(url, headers, length=90_000) + b"x" * 80_000)
        await writer.drain()
        writer.close()
        for _ in range(3):  # these expire at once
            await eventually_accepted(http, url, headers, "x" * 90_000)
        assert not await reader.read()


async def eventually_accepted(http: httpx.AsyncClient, url: str, headers: dict[str, str], text: str) -> None:
    async with asyncio.timeout(5):
        while (await submit(http, url, headers, text)).status_code == 429:
            pass


async def connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)


def head(url: str, headers: dict[str, str], length: int) -> bytes:
    parts = urlsplit(url)
    lines = [f"POST {parts.path}{TEXT} HTTP/1.1", f"host: {parts.netloc}", f"content-length: {length}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()


@pytest.mark.parametrize("sent", ["nothing", "half a head", "half a body"])
async def test_a_request_that_is_not_whole_in_time_is_ended(
    http: Any, serve_engine: Any, scripted: Any, sent: str
) -> None:
    async with serve_engine(scripted("fine"), EndpointTimeouts(request_s=0.3)) as url:
        whole = head(url, await bearer(http, url), length=100)
        reader, writer = await connect(url)
        writer.write({"nothing": b"", "half a head": whole[:-2], "half a body": whole + b"x"}[sent])
        async with asyncio.timeout(5):
            assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
        writer.close()


async def test_a_slow_reply_and_an_idle_connection_are_not_ended(
    http: Any, serve_engine: Any, scripted: Any
) -> None:
    hold = asyncio.Event()
    async with serve_engine(scripted("fine", hold), EndpointTimeouts(request_s=0.2)) as url:
        headers = await bearer(http, url)
        replying = asyncio.create_task(reply(http, url, await submit(http, url, headers)))
        await asyncio.sleep(0.4)  # longer than a request may take: the time itself is what is tested
        hold.set()
        assert "[DONE]" in await replying
        reader, writer = await connect(url)
        for _ in range(2):
            writer.write(head(url, headers, length=2) + b"{}")
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 400 ")
            await asyncio.sleep(0.4)
        assert not reader.at_eof()
        writer.close()


async def test_too_many_connections_are_refused(
    http: Any, serve_engine: Any, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "MAX_CONNECTIONS", 3)
    monkeypatch.setattr(connection, "MAX_CONNECTIONS", 3)
    monkeypatch.setattr(connection, "_SPARE_CONNECTIONS", 1)
    async with serve_engine(scripted("fine")) as url:
        open_ones = [await connect(url) for _ in range(3)]
        reader, writer = await connect(url)
        writer.write(head(url, {}, length=0))
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 503 ")
        open_ones.append(await connect(url))
        open_ones.append(await connect(url))
        await eventually(lambda: open_ones[-1][0].at_eof() or open_ones[-1][0].exception() is not None)
        for _, each in [*open_ones, (reader, writer)]:
            each.close()
        assert (
            await http.post(f"{url}/api/chatgpt/user/login", json={"fingerprint": "x"})
        ).status_code == 200


async def test_who_does_not_know_the_secret_keeps_no_connection(serve_engine: Any, scripted: Any) -> None:
    async with serve_engine(scripted()) as url:
        reader, writer = await connect(url)
        writer.write(f"GET / HTTP/1.1\r\nhost: {urlsplit(url).netloc}\r\n\r\n".encode())
        async with asyncio.timeout(5):
            assert (await reader.read()).startswith(b"HTTP/1.1 404 ")
        writer.close()


async def test_a_reply_has_a_longest_length_and_its_text_is_kept(
    http: Any, serve_engine: Any, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_REPLY_BYTES", 10)
    async with serve_engine(scripted("12345", "6789é", "!")) as url:
        headers = await bearer(http, url)
        events = await reply(http, url, await submit(http, url, headers))
    assert "12345" in events
    assert "é" not in events
    assert events.rstrip().endswith('{"error":"The reply is too long."}')
