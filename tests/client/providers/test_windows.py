"""How many tokens a model has room for, as engines say it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gptalk_client.providers.openai import OpenAI
from gptalk_client.providers.windows import listed_window
from support.raw_server import Connection, RawServer


@pytest.mark.parametrize(
    ("members", "window"),
    [
        ({"max_model_len": 8192}, 8192),  # vLLM
        ({"context_length": 131072, "top_provider": {"context_length": 65536}}, 131072),  # OpenRouter
        ({"top_provider": {"context_length": 65536}}, 65536),
        ({"max_context_length": 32768}, 32768),  # Mistral
        ({"context_window": 16384}, 16384),  # Groq
        ({"meta": {"n_ctx": 4096, "n_ctx_train": 40960}}, 4096),  # llama.cpp
        ({"context_length": "8192"}, None),
        ({"context_length": True}, None),
        ({"context_length": -1, "max_model_len": 2048}, 2048),
        ({"context_length": 10**12}, None),
        ({"meta": 7}, None),
        ({}, None),
    ],
)
def test_list_of_models_says_how_much_room_there_is(members: dict[str, Any], window: int | None) -> None:
    listed = [{"id": "other", "max_model_len": 1}, {"id": "m", **members}, 7]
    assert listed_window(listed, "m") == window
    assert listed_window(listed, "absent") is None
    assert listed_window(listed, "") == 1


@pytest.mark.parametrize("listed", [None, 7, {}, [], [None], [[]]])
def test_what_is_no_list_of_models_says_nothing(listed: object) -> None:
    assert listed_window(listed, "m") is None


async def window_by(answers: dict[str, Any], model: str = "m") -> tuple[int | None, list[str]]:
    """Return the window that a provider finds, asked twice, and the paths that it asked for."""
    paths: list[str] = []

    async def handle(connection: Connection) -> None:
        while (request := await connection.request()) is not None:
            paths.append(request.path)
            found = answers.get(request.path)
            body = json.dumps(found).encode()
            status = "404 Not Found" if found is None else "200 OK"
            await connection.send(
                f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\n\r\n".encode()
                + body
            )

    async with RawServer(handle) as server:
        provider = OpenAI(server.url)
        first = await provider.context_window(model)
        assert await provider.context_window(model) == first
        await provider.aclose()
    return first, paths


async def test_list_is_asked_once() -> None:
    found = await window_by({"/v1/models": {"data": [{"id": "m", "max_model_len": 8192}]}})
    assert found == (8192, ["/v1/models"])


async def test_ollama_says_what_it_loaded_the_model_with() -> None:
    models = {"data": [{"id": "m", "owned_by": "library"}]}
    running = {
        "models": [
            {"name": "other:latest", "context_length": 1},
            {"name": "m:latest", "context_length": 4096},
        ]
    }
    assert await window_by({"/v1/models": models, "/api/ps": running}) == (4096, ["/v1/models", "/api/ps"])
    assert (await window_by({"/v1/models": models}))[0] is None


async def test_llama_cpp_says_what_one_conversation_has() -> None:
    models = {"data": [{"id": "m", "owned_by": "llamacpp", "meta": {"n_ctx_train": 40960}}]}
    props = {"default_generation_settings": {"n_ctx": 1024}}
    assert await window_by({"/v1/models": models, "/props": props}) == (1024, ["/v1/models", "/props"])
    assert (await window_by({"/v1/models": models}))[0] == 40960


async def test_engine_that_lists_nothing_says_nothing() -> None:
    assert await window_by({}) == (None, ["/v1/models"])
