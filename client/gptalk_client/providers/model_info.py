"""What engines tell about their models: size, context, price. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from gptalk_client.providers.windows import listed_window
from gptalk_client.text import short_count

MOST_MODELS = 10_000
"""How many models of a list are taken in."""

_MOST_CHARS = 200


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model. What the engine doesn't tell is empty."""

    name: str
    """What a request calls it."""
    context_tokens: int | None = None
    """How many tokens it has room for."""
    size: str = ""
    """How many parameters it has, such as `8.2B`."""
    quantization: str = ""
    """How its weights are stored, such as `Q4_K_M`."""
    prompt_price: float | None = None
    """US dollars for a million tokens of the prompt; 0 if it costs nothing."""
    reply_price: float | None = None
    """US dollars for a million tokens of the reply."""

    def or_else(self, other: ModelInfo) -> Self:
        """Return this with the other's members where it has none itself."""
        missing = {
            each.name: getattr(other, each.name)
            for each in fields(self)
            if getattr(self, each.name) in ("", None)
        }
        return replace(self, **missing)

    @property
    def summary(self) -> str:
        """What is known beside the name, such as `8.2B · Q4_K_M · 32k · $0.15/$0.60`; empty if nothing is."""
        room = short_count(self.context_tokens) if self.context_tokens else ""
        parts = [self.size, self.quantization, room]
        if self.prompt_price == 0 and self.reply_price == 0:
            parts.append("free")
        elif self.prompt_price is not None and self.reply_price is not None:
            parts.append(f"${self.prompt_price:.2f}/${self.reply_price:.2f}")
        return " · ".join(filter(None, parts))


def listed_models(models: object) -> list[ModelInfo]:
    """Return the models of a list, in its order, each once.

    Source: https://platform.openai.com/docs/api-reference/models/list; Ollama's `/api/tags`, LM Studio's
    `/api/v0/models`, llama.cpp's `meta`, OpenRouter's and Together's prices.

    Args:
        models: The list's `data` or `models`, as decoded. Whatever has no name is left out.
    """
    found: dict[str, ModelInfo] = {}
    for each in models[:MOST_MODELS] if isinstance(models, list) else []:
        if isinstance(each, Mapping) and (name := _text(each, "id", "model", "name")):
            if each.get("owned_by") == "google":  # Gemini takes its models without this, too
                name = name.removeprefix("models/")
            found.setdefault(name, _info(name, each))
    return list(found.values())


def _info(name: str, model: Mapping[str, Any]) -> ModelInfo:
    details = model.get("details")
    meta = model.get("meta")
    parts = [model, *(each for each in (details, meta) if isinstance(each, Mapping))]
    prompt, reply = _prices(model.get("pricing"))
    return ModelInfo(
        name,
        listed_window([model], ""),
        next((size for part in parts if (size := _size(part))), ""),
        next((kind for part in parts if (kind := _text(part, "quantization_level", "quantization"))), ""),
        prompt,
        reply,
    )


def _text(values: Mapping[str, Any], *names: str) -> str:
    """Return the first member with one of the names that is a text; empty if there is none."""
    for name in names:
        value = values.get(name)
        if isinstance(value, str) and 0 < len(value) <= _MOST_CHARS:
            return value
    return ""


def _size(values: Mapping[str, Any]) -> str:
    if told := _text(values, "parameter_size", "params_string"):
        return told
    count = values.get("n_params")
    if not isinstance(count, int) or isinstance(count, bool) or count <= 0:
        return ""
    return f"{count / 1e9:.1f}B" if count >= 1e9 else f"{count / 1e6:.0f}M"


def _prices(pricing: object) -> tuple[float | None, float | None]:
    """Return the prices of a million tokens: OpenRouter gives one token's, as texts; Together a million's."""
    if not isinstance(pricing, Mapping):
        return None, None
    for names, factor in ((("prompt", "completion"), 1e6), (("input", "output"), 1.0)):
        found = [_price(pricing.get(name)) for name in names]
        if None not in found:
            return tuple(each * factor for each in found if each is not None)  # type: ignore[return-value]
    return None, None


def _price(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        price = float(value)
    except ValueError:
        return None
    return price if 0 <= price < 1e6 else None  # OpenRouter's -1 means that it depends
