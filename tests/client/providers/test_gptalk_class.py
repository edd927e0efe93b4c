"""GPTalk as a class, as library users take it."""

from __future__ import annotations

import asyncio
import inspect
import json
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gptalk_client.errors import ConfigError, TruncatedError
from gptalk_client.models import ReplyRequest, TextAdded
from gptalk_client.paths import Paths
from gptalk_client.providers.base import AsyncGeneratorProvider, Provider, Rewritten
from gptalk_client.providers.gptalk import GPTalk
from gptalk_client.providers.gptalk_requests import flatten, submit_body
from support.gptalk_server import GptalkServer, threaded_gptalk_server
from support.raw_server import eventually

MESSAGES = [{"role": "user", "content": "Привет, как дела?"}]


@pytest.fixture(autouse=True)
def _own_class_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GPTalk, "_auth", None)
    monkeypatch.setattr(GPTalk, "_stored", None)
    monkeypatch.setattr(GPTalk, "_caches", {})
    monkeypatch.setattr(GPTalk, "used_times", 0)


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GptalkServer]:
    async with GptalkServer("Хорошо, спасибо! А у вас?") as server:
        monkeypatch.setattr(GPTalk, "url", server.url)
        yield server


async def test_the_example_runs_word_for_word(
    server: GptalkServer, capsys: pytest.CaptureFixture[str]
) -> None:
    messages = [{"role": "user", "content": "Привет, как дела?"}]
    async for message in GPTalk.create_async_generator(model="gpt-3.5-turbo", messages=messages):
        print(message)
    assert capsys.readouterr().out.replace("\n", "") == server.reply
    assert server.prompts == ["Привет, как дела?"]


def test_the_class_is_what_the_protocol_names() -> None:
    assert GPTalk.url == "https://gptalk.net"
    assert GPTalk.working is True
    assert GPTalk.supports_gpt_35_turbo is True
    assert GPTalk._auth is None
    assert GPTalk.used_times == 0
    assert issubclass(GPTalk, AsyncGeneratorProvider)
    assert issubclass(GPTalk, Provider)
    assert inspect.isasyncgenfunction(GPTalk.create_async_generator)
    assert list(inspect.signature(GPTalk.create_async_generator).parameters) == [
        "model", "messages", "proxy", "kwargs",
    ]  # fmt: skip


async def test_a_login_sets_auth_and_each_reply_counts(server: GptalkServer) -> None:
    assert await GPTalk.create_async("", MESSAGES) == server.reply
    auth = GPTalk._auth
    assert auth is not None
    assert set(auth) == {"token", "expires_at"}
    assert isinstance(auth["expires_at"], int)
    assert GPTalk.used_times == 1
    await GPTalk.create_async("", MESSAGES)
    assert GPTalk.used_times == 2
    assert server.counts.logins == 1
    server.expire_tokens()
    await GPTalk.create_async("", MESSAGES)
    assert (GPTalk.used_times, server.counts.logins) == (1, 2)
    assert GPTalk._auth != auth


async def test_auth_that_was_set_by_hand_is_used_while_it_lasts(server: GptalkServer) -> None:
    await GPTalk.create_async("", MESSAGES)
    assert GPTalk._auth is not None
    token = GPTalk._auth["token"]
    Paths.default().auth.unlink()
    GPTalk._caches.clear()
    GPTalk._auth = {"token": token, "expires_at": int(time.time()) + 60}
    await GPTalk.create_async("", MESSAGES)
    assert server.counts.logins == 1
    Paths.default().auth.unlink(missing_ok=True)
    GPTalk._caches.clear()
    GPTalk._auth = {"token": token, "expires_at": int(time.time()) - 60}
    await GPTalk.create_async("", MESSAGES)
    assert server.counts.logins == 2


async def test_a_token_of_one_address_is_never_sent_to_another(
    server: GptalkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await GPTalk.create_async("", MESSAGES)
    assert GPTalk._auth is not None
    token = GPTalk._auth["token"]
    async with GptalkServer() as other:
        monkeypatch.setattr(GPTalk, "url", other.url)
        await GPTalk.create_async("", MESSAGES)
        assert other.counts.logins == 1
        assert not any(token in str(request) for request in other.requests)


async def test_the_login_is_found_again_on_disk(server: GptalkServer) -> None:
    await GPTalk.create_async("", MESSAGES)
    GPTalk._auth = None
    GPTalk._caches.clear()
    await GPTalk.create_async("", MESSAGES)
    assert server.counts.logins == 1
    assert GPTalk._auth is not None
    assert Paths.default().auth.exists()


async def test_keyword_arguments_override_the_body(server: GptalkServer) -> None:
    await GPTalk.create_async("gpt-4", MESSAGES, temperature=0.7, ctx_msg_count=5, roid=9)
    (body,) = server.bodies
    assert (body["model"], body["temperature"], body["ctx_msg_count"], body["roid"]) == ("gpt-4", 0.7, 5, 9)


async def test_many_at_once_share_one_login(server: GptalkServer) -> None:
    replies = await asyncio.gather(*(GPTalk.create_async("", MESSAGES) for _ in range(8)))
    assert replies == [server.reply] * 8
    assert server.counts.logins == 1
    assert GPTalk.used_times == 8


async def test_a_rewritten_reply_comes_as_a_piece_that_replaces(server: GptalkServer) -> None:
    server.hold()
    server.script(["Hello wurld"])
    pieces = GPTalk.create_async_generator("", MESSAGES)
    server.step()
    assert await anext(pieces) == "Hello wurld"
    await pieces.aclose()
    provider = _Rewriting()
    assert await provider.create_async("", []) == "new"
    server.release()


class _Rewriting(AsyncGeneratorProvider):
    @classmethod
    async def create_async_generator(  # type: ignore[override]
        cls, model: str, messages: Any, proxy: str | None = None, **kwargs: Any
    ) -> AsyncIterator[str]:
        yield "old"
        yield Rewritten("n")
        yield "ew"


async def test_a_broken_reply_raises_after_its_text(server: GptalkServer) -> None:
    server.script(["some text"], cut=True)
    pieces = []
    stream = GPTalk.create_async_generator("", MESSAGES)
    pieces.append(await anext(stream))
    with pytest.raises(TruncatedError):
        await anext(stream)
    assert pieces == ["some text"]


async def test_stopping_early_closes_the_connection(server: GptalkServer) -> None:
    server.hold()
    server.step()
    stream = GPTalk.create_async_generator("", MESSAGES)
    assert await anext(stream)
    await stream.aclose()
    await eventually(lambda: server.open_connections == 0, limit_s=1)
    assert server.counts.hung_up == 1


def test_synchronous_code_gets_the_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    with threaded_gptalk_server("one two three " * 5) as server:
        monkeypatch.setattr(GPTalk, "url", server.url)
        assert "".join(GPTalk.create_completion("", MESSAGES)) == server.reply


def test_synchronous_code_that_stops_waits_for_no_further_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    with threaded_gptalk_server("one two three " * 5) as server:
        monkeypatch.setattr(GPTalk, "url", server.url)
        server.hold()
        server.step()
        pieces = GPTalk.create_completion("", MESSAGES)
        assert next(iter(pieces))
        closer = threading.Thread(target=pieces.close)  # type: ignore[attr-defined]
        closer.start()
        closer.join(2)
        assert not closer.is_alive()
        assert not [each for each in threading.enumerate() if each.name == "GPTalk.create_completion"]


async def test_synchronous_code_works_inside_a_running_loop(server: GptalkServer) -> None:
    def whole() -> str:
        return "".join(GPTalk.create_completion("", MESSAGES))

    assert await asyncio.to_thread(whole) == server.reply


def test_synchronous_code_gets_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GPTalk, "url", "ftp://nowhere")
    with pytest.raises(ConfigError):
        list(GPTalk.create_completion("", MESSAGES))


# One prompt out of a conversation


def test_a_single_message_is_sent_as_it_is() -> None:
    assert flatten([{"role": "system", "content": " as\nit is "}]) == " as\nit is "


def test_several_messages_become_lines() -> None:
    conversation = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": [{"type": "text", "text": "Why"}, {"type": "text", "text": "?"}]},
    ]
    assert flatten(conversation) == "System: Be brief.\nUser: Hi\nAssistant: Hello\nUser: Why?\nAssistant:"


def test_a_lone_surrogate_in_a_prompt_can_be_sent() -> None:
    body = json.loads(submit_body(ReplyRequest([{"role": "user", "content": "a\ud800b"}])))
    assert body["content"] == "a\ufffdb"


def test_the_context_size_is_sent_under_the_services_name() -> None:
    body = json.loads(submit_body(ReplyRequest(MESSAGES, options={"context_messages": 7, "temperature": 1})))
    assert body["ctx_msg_count"] == 7
    assert "context_messages" not in body


# Addresses


async def test_a_path_prefix_is_kept_and_never_shown(tmp_path: Path) -> None:
    async with GptalkServer("fine", secret="PATH-CANARY") as server:
        provider = GPTalk(url=f"{server.url}/")
        events = [event async for event in provider.stream(ReplyRequest(MESSAGES))]
        assert "".join(event.text for event in events if isinstance(event, TextAdded)) == "fine"
        assert {request.headers["origin"] for request in server.requests} == {
            server.url.removesuffix("/PATH-CANARY")
        }
        assert "CANARY" not in provider.service
        await provider.aclose()


@pytest.mark.parametrize(
    "url",
    ["", "gptalk.net", "ftp://x", "http://", "http://x:99999", "http://user:pw@x", "http://x/?a=b", "http://x/#y",
     "http://[::1", "http://a b", "http://x\n.test"],
)  # fmt: skip
def test_an_address_that_cannot_be_used(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        GPTalk(url=url)
    assert "pw" not in caught.value.for_humans()


def test_importing_the_provider_loads_no_httpx() -> None:
    program = "import sys, gptalk_client.providers.gptalk as g; g.GPTalk(); print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
