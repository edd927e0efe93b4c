"""An address is checked before it is kept: what answers, what doesn't, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from gptalk_client.errors import AuthError, GptalkError, Remedy
from gptalk_client.models import DEFAULT_MODEL, ReplyRequest
from gptalk_client.presets import PRESETS, Preset, preset_named
from gptalk_client.providers.building import check_provider, make_provider
from gptalk_client.providers.discovery import LOCAL_PRESETS, find_engines
from gptalk_client.providers.model_info import ModelInfo
from gptalk_client.providers.openai import OpenAI
from gptalk_client.settings import ProviderSettings
from support.engines import GEMINI, GEMINI_BAD_KEY, NOT_FOUND, OLLAMA, Route, anthropic, engine
from support.gptalk_server import GptalkServer
from support.raw_server import Connection, RawServer, Request

KEY = "sk-KEY-CANARY"
EMPTY_REQUEST = ("400 Bad Request", {"error": {"message": "messages must not be empty"}})


async def check(routes: Mapping[str, Route], path: str = "/v1", **members: Any) -> list[ModelInfo]:
    async with RawServer(engine(routes)) as server:
        return await check_provider("work", ProviderSettings(url=server.url + path, **members))


async def complaint(routes: Mapping[str, Route], path: str = "/v1", **members: Any) -> str:
    with pytest.raises(GptalkError) as caught:
        await check(routes, path, **members)
    words = caught.value.for_humans()
    assert KEY not in words
    return words


async def test_ollama_tells_size_and_quantization() -> None:
    (model,) = await check(OLLAMA)
    assert (model.name, model.summary) == ("qwen3:8b", "8.2B · Q4_K_M")


async def test_address_where_nothing_listens_says_to_start_the_engine() -> None:
    async with RawServer(engine({})) as server:
        url = server.url
    with pytest.raises(GptalkError) as caught:
        await check_provider("ollama", ProviderSettings(url=url))
    assert caught.value.for_humans() == (
        f"Nothing answers at {url.removeprefix('http://')}. Start the engine there, then try again."
    )


async def test_unknown_host_is_named() -> None:
    with pytest.raises(GptalkError, match=r"No such host: no\.such\.invalid"):
        await check_provider("x", ProviderSettings(url="http://no.such.invalid/v1"))


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_refused_key_is_named_with_its_provider(status: str) -> None:
    routes = {"/v1/models": (status, {"error": {"message": f"Incorrect API key provided: {KEY}"}})}
    words = await complaint(routes, api_key=KEY)
    assert "refused the" in words
    assert words.endswith("Check the key of “work”.")
    without = await complaint({"/v1/models": (status, {"error": {"message": "No key"}})})
    assert without.endswith("No key is set for “work”.")


@pytest.mark.parametrize("routes", [{}, {"/v1/models": ("200 OK", b"<html><body>Router</body></html>")}])
async def test_address_of_something_else_is_wrong(routes: Mapping[str, Route]) -> None:
    assert (await complaint(routes)).endswith("Check the address; for most engines it ends with /v1.")


@pytest.mark.parametrize(
    "listed", [NOT_FOUND, ("404 Not Found", b"<html>no</html>"), ("200 OK", {"hello": 1})]
)
@pytest.mark.parametrize(
    "chat", [EMPTY_REQUEST, ("404 Not Found", {"error": {"message": "The model `` does not exist"}})]
)
async def test_engine_without_a_list_of_models_is_fine(listed: Route, chat: Route) -> None:
    assert await check({"/v1/models": listed, "/v1/chat/completions": chat}) == []


@pytest.mark.parametrize("data", [[], None])
async def test_engine_without_models_needs_one(data: object) -> None:
    words = await complaint({"/v1/models": ("200 OK", {"object": "list", "data": data})})
    assert words.endswith("has no models yet. Load one there, then try again.")


async def test_broken_engine_is_not_taken_for_a_wrong_address() -> None:
    routes = {"/v1/chat/completions": ("503 Service Unavailable", {"error": {"message": "No replica is up"}})}
    assert "status 503: No replica is up" in await complaint(routes)


async def test_gptalk_service_is_checked_by_its_login() -> None:
    async with GptalkServer("Fine.") as service:
        settings = ProviderSettings(type="gptalk", url=service.url)
        models = await check_provider("team", settings)
    assert [each.name for each in models] == [DEFAULT_MODEL]
    with pytest.raises(GptalkError, match="Nothing answers at"):
        await check_provider("team", settings)


# Services with a compatible address


async def test_anthropic_lists_its_models_for_the_header_that_it_wants() -> None:
    routes: dict[str, Route] = {"/v1/models": lambda request: anthropic(request, KEY)}
    (model,) = await check(routes, api_key=KEY)
    assert (model.name, model.context_tokens) == ("claude-sonnet", 200_000)
    words = await complaint(routes, api_key="sk-other")
    assert "refused the key: invalid x-api-key. Check the key of “work”." in words
    assert "No key is set" in await complaint(routes)


async def test_key_goes_nowhere_else_in_anthropics_header() -> None:
    seen: list[Request] = []

    def models(request: Request) -> tuple[str, Any]:
        seen.append(request)
        return "401 Unauthorized", {"error": {"message": "Unauthorized"}}

    await complaint({"/v1/models": models}, api_key=KEY)
    assert [each.headers.get("x-api-key") for each in seen] == [None]


async def test_gemini_models_lose_their_prefix() -> None:
    models = await check(GEMINI, "/v1beta/openai", api_key=KEY)
    assert [each.name for each in models] == ["gemini-2.5-flash", "gemini-2.5-pro"]


async def test_gemini_refuses_a_key_with_status_400_in_a_list() -> None:
    words = await complaint({"/v1beta/openai/models": GEMINI_BAD_KEY}, "/v1beta/openai", api_key=KEY)
    assert "refused the key: API key not valid." in words
    async with RawServer(engine({"/v1/chat/completions": GEMINI_BAD_KEY})) as server:
        provider = OpenAI(server.url, api_key=KEY, name="gemini")
        with pytest.raises(AuthError) as caught:
            async for _ in provider.stream(ReplyRequest([{"role": "user", "content": "Hi"}], "m")):
                pass
        await provider.aclose()
    assert (caught.value.remedy, caught.value.hint) == (Remedy.KEY, "Check the key of “gemini”.")


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (
            ("401 Unauthorized", {"error": {"message": "No auth credentials found"}}),
            "refused the key: No auth",
        ),
        (
            ("402 Payment Required", {"error": {"message": "Insufficient credits"}}),
            "402: Insufficient credits",
        ),
    ],
)
async def test_key_is_checked_where_everybody_sees_the_models(refusal: Route, words: str) -> None:
    listed: Route = ("200 OK", {"data": [{"id": "m"}]})
    assert words in await complaint({"/v1/models": listed, "/v1/chat/completions": refusal}, api_key=KEY)
    assert [each.name for each in await check({"/v1/models": listed, "/v1/chat/completions": EMPTY_REQUEST})]


async def test_check_makes_no_engine_load_its_model() -> None:
    async with RawServer(engine(OLLAMA)) as server:
        await check_provider("ollama", ProviderSettings(url=server.url))
        assert [each.method for each in server.requests] == ["GET", "GET"]


@pytest.mark.parametrize("model", ["", "m"])
async def test_refused_key_is_told_alike_by_list_and_chat(model: str) -> None:
    refusal: Route = ("401 Unauthorized", {"error": {"message": "Invalid API Key"}})
    async with RawServer(engine({"/v1/models": refusal, "/v1/chat/completions": refusal})) as server:
        provider = OpenAI(server.url, api_key=KEY, name="work")
        with pytest.raises(AuthError) as caught:
            async for _ in provider.stream(ReplyRequest([{"role": "user", "content": "Hi"}], model)):
                pass
        await provider.aclose()
    assert (caught.value.remedy, caught.value.hint) == (Remedy.KEY, "Check the key of “work”.")


async def test_headers_and_query_go_with_every_request() -> None:
    async with RawServer(engine(OLLAMA)) as server:
        settings = ProviderSettings(
            url=server.url + "/v1?a=1",
            headers={"X-Team": "42", "Authorization": "Basic abc"},
            query={"api-version": "2024-10-21"},
            api_key=KEY,
        )
        provider = make_provider("work", settings)
        assert provider.name == "work"
        await provider.models()
        async for _ in provider.stream(ReplyRequest([{"role": "user", "content": "Hi"}], "m")):
            pass
        await provider.aclose()
        assert [each.target for each in server.requests] == [
            "/v1/models?a=1&api-version=2024-10-21",
            "/v1/chat/completions?a=1&api-version=2024-10-21",
        ]
        for each in server.requests:
            assert (each.headers["x-team"], each.headers["authorization"]) == ("42", "Basic abc")


async def test_key_goes_where_a_header_has_its_place() -> None:
    seen: list[Request] = []

    def models(request: Request) -> tuple[str, Any]:
        seen.append(request)
        return "403 Forbidden", {"error": {"message": f"no access for {KEY} of team 42"}}

    words = await complaint({"/v1/models": models}, api_key=KEY, headers={"Api-Key": "{key}", "x-team": "42"})
    assert "no access for [hidden] of team 42" in words
    (request,) = seen
    assert request.headers["api-key"] == KEY
    assert "authorization" not in request.headers


async def test_secret_header_quoted_by_a_service_is_hidden() -> None:
    routes = {"/v1/models": ("403 Forbidden", {"error": {"message": f"no access for {KEY}"}})}
    words = await complaint(routes, headers={"api-key": KEY})
    assert "no access for [hidden]" in words


# Discovery


def at(preset: Preset, url: str) -> Preset:
    return replace(preset, url=url + "/v1")


async def test_engines_are_found_by_their_answers() -> None:
    async def mute(connection: Connection) -> None:
        await connection.client_gone()

    web = engine({"/v1/models": ("200 OK", b"<html></html>")})
    async with RawServer(engine(OLLAMA)) as ollama, RawServer(web) as other, RawServer(mute) as silent:
        first, second, third, *_ = LOCAL_PRESETS
        wanted = [at(third, silent.url), at(first, ollama.url), at(second, other.url)]
        found = await find_engines(wanted, limit_s=0.3)
    assert [(each.preset.name, [model.name for model in each.models]) for each in found] == [
        ("ollama", ["qwen3:8b"])
    ]


async def test_engines_are_asked_at_the_same_time() -> None:
    asked = 0
    all_asked = asyncio.Event()

    async def slow(connection: Connection) -> None:
        nonlocal asked
        while await connection.request() is not None:
            asked += 1
            if asked == len(LOCAL_PRESETS):
                all_asked.set()
            await all_asked.wait()
            await connection.answer({"data": [{"id": "m"}]})

    async with RawServer(slow) as server:
        wanted = [at(each, server.url) for each in LOCAL_PRESETS]
        found = await find_engines(wanted, limit_s=5)
    assert [each.preset for each in found] == wanted


def test_presets_are_complete() -> None:
    assert [each.url.rpartition(":")[2] for each in LOCAL_PRESETS] == [
        "11434/v1", "1234/v1", "8080/v1", "8000/v1",
    ]  # fmt: skip
    for preset in PRESETS:
        assert preset_named(preset.name) is preset
        assert bool(preset.key_variable) == (preset.url.startswith("https://"))
        assert bool(preset.start) == preset.is_local
    assert preset_named("nobody") is None
