"""How many tokens a model's context has room for, from what engines say about their models. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_MEMBERS = (
    "context_length",  # OpenRouter, Together
    "max_model_len",  # vLLM
    "loaded_context_length",  # LM Studio
    "max_context_length",  # Mistral, LM Studio
    "context_window",  # Groq
    "max_input_tokens",  # Anthropic, LiteLLM
    "n_ctx",  # llama.cpp, under `meta`
    "n_ctx_train",
)
_INSIDE = ("meta", "top_provider", "model_info", "limits")

LARGEST = 100_000_000
"""A larger number is taken for a mistake."""


def listed_window(models: object, model: str) -> int | None:
    """Return the context of a model from a list of models.

    Source: https://platform.openai.com/docs/api-reference/models/list, and what engines add to it.

    Args:
        models: The list's `data`, as decoded.
        model: The model's name; empty means the first one.

    Returns:
        Tokens; None if the list does not say.
    """
    for each in _objects(models):
        if not model or each.get("id") in (model, f"models/{model}"):
            return next((size for part in _parts(each) for size in _sizes(part)), None)
    return None


def loaded_window(running: object, model: str) -> int | None:
    """Return the context that Ollama loaded a model with.

    Source: https://github.com/ollama/ollama/blob/main/docs/api.md, list running models (`GET /api/ps`).
    """
    found = running.get("models") if isinstance(running, Mapping) else None
    for each in _objects(found):
        if model in (each.get("name"), each.get("model"), str(each.get("name")).removesuffix(":latest")):
            return next(_sizes(each), None)
    return None


def slot_window(props: object) -> int | None:
    """Return the context that llama.cpp gives one conversation.

    Source: https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md, `GET /props`.
    """
    found = props.get("default_generation_settings") if isinstance(props, Mapping) else None
    return next(_sizes(found), None) if isinstance(found, Mapping) else None


def _objects(values: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(values, list):
        yield from (each for each in values if isinstance(each, Mapping))


def _parts(model: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield model
    yield from (part for name in _INSIDE if isinstance(part := model.get(name), Mapping))


def _sizes(part: Mapping[str, Any]) -> Iterator[int]:
    for name in _MEMBERS:
        size = part.get(name)
        if isinstance(size, int) and not isinstance(size, bool) and 0 < size <= LARGEST:
            yield size
