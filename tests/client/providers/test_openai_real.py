"""The provider for OpenAI-compatible endpoints against a real one: llama.cpp's own server with the small model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import pytest

from gptalk_client.errors import AuthError, ServerError
from gptalk_client.models import Phase, ReplyRequest, TextAdded
from gptalk_client.providers.building import check_provider
from gptalk_client.providers.openai import OpenAI
from gptalk_client.settings import ProviderSettings
from support.gptalk_wire import run_turn
from support.openai_peer import CONTEXT_TOKENS, KEY, Peer, openai_peer
from support.raw_server import eventually

CAPITAL: list[dict[str, Any]] = [
    {"role": "user", "content": "What is the capital of France? Answer in one word."}
]
SHORT = {"max_tokens": 12, "temperature": 0}


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with openai_peer() as peer:
        yield peer


@pytest.fixture
async def provider(peer: Peer) -> AsyncIterator[OpenAI]:
    provider = OpenAI(peer.url, api_key=KEY)
    yield provider
    await provider.aclose()


async def test_a_reply_streams_in_pieces(provider: OpenAI, peer: Peer) -> None:
    outcome = await run_turn(provider, ReplyRequest(CAPITAL, peer.model, SHORT))
    assert outcome.error is None
    assert "Paris" in outcome.text
    assert outcome.phases == [Phase.CONNECTING, Phase.WAITING, Phase.STREAMING]
    assert sum(isinstance(event, TextAdded) for event in outcome.events) > 1


async def test_the_models_are_listed_and_the_first_is_the_default(provider: OpenAI, peer: Peer) -> None:
    assert await provider.models() == [peer.model]
    outcome = await run_turn(provider, ReplyRequest(CAPITAL, "", SHORT))
    assert (outcome.error, "Paris" in outcome.text) == (None, True)


async def test_check_tells_what_it_knows_of_the_model(provider: OpenAI, peer: Peer) -> None:
    (model,) = await provider.check()
    assert (model.name, model.size) == (peer.model, "135M")
    assert model.context_tokens is not None


async def test_a_stop_in_the_middle_stops_the_engine(provider: OpenAI, peer: Peer) -> None:
    # Without its end mark the model would write until its context is full, for many seconds.
    options = {"ignore_eos": True, "max_tokens": CONTEXT_TOKENS}
    request = ReplyRequest(CAPITAL, "", options)
    async with aclosing(provider.stream(request)) as events:
        async for event in events:
            if isinstance(event, TextAdded):
                break
        assert await asyncio.to_thread(lambda: peer.is_writing)
    await eventually(lambda: not peer.is_writing)
    again = await run_turn(provider, ReplyRequest(CAPITAL, "", SHORT))
    assert again.error is None


async def test_two_replies_share_one_engine(provider: OpenAI) -> None:
    request = ReplyRequest(CAPITAL, "", SHORT)
    outcomes = await asyncio.gather(run_turn(provider, request), run_turn(provider, request))
    assert [(each.error, "Paris" in each.text) for each in outcomes] == [(None, True)] * 2


async def test_a_model_that_the_engine_does_not_have_is_its_own_business(provider: OpenAI) -> None:
    # llama.cpp has one model and answers with it, whatever it is called; others answer 404 with a reason.
    outcome = await run_turn(provider, ReplyRequest(CAPITAL, "no-such-model", SHORT))
    assert (outcome.error, "Paris" in outcome.text) == (None, True)


async def test_a_prompt_beyond_its_context_is_refused_with_its_own_reason(provider: OpenAI) -> None:
    request = ReplyRequest([{"role": "user", "content": "word " * 2 * CONTEXT_TOKENS}], "", SHORT)
    outcome = await run_turn(provider, request)
    assert isinstance(outcome.error, ServerError)
    assert "context" in outcome.error.message
    assert outcome.text == ""


@pytest.mark.parametrize("key", ["", "sk-somebody-elses"])
async def test_a_key_that_is_refused_is_reported_without_it(peer: Peer, key: str) -> None:
    provider = OpenAI(peer.url, api_key=key)
    # The list of models is open to everybody here, the replies are not.
    outcome = await run_turn(provider, ReplyRequest(CAPITAL, "", SHORT))
    await provider.aclose()
    assert isinstance(outcome.error, AuthError)
    told = outcome.error.for_humans()
    assert "refused the key" in told
    assert told.endswith("Check the key of “openai”." if key else "No key is set for “openai”.")
    assert "sk-somebody" not in told
    with pytest.raises(AuthError, match="refused the key"):
        await check_provider("mine", ProviderSettings(url=peer.url, api_key=key))
