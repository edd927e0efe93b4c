"""Which engines run on this computer, found by their answers at the usual ports."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from gptalk_client.errors import GptalkError
from gptalk_client.presets import PRESETS, Preset
from gptalk_client.providers.model_info import ModelInfo
from gptalk_client.providers.openai import OpenAI
from gptalk_client.settings import Timeouts

LOOK_S = 1.0
"""How long an engine may take to list its models, in seconds."""

LOCAL_PRESETS = tuple(each for each in PRESETS if each.is_local)
"""The engines that are looked for, in the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class FoundEngine:
    """An engine that answered."""

    preset: Preset
    models: list[ModelInfo]


async def find_engines(
    presets: Iterable[Preset] = LOCAL_PRESETS, *, limit_s: float = LOOK_S
) -> list[FoundEngine]:
    """Return the engines that list models, in the presets' order. All are asked at the same time, without a key.

    Args:
        presets: The engines to look for, at their addresses.
        limit_s: How long each may take, in seconds.
    """
    wanted = list(presets)
    found = await asyncio.gather(*(_models(each, limit_s) for each in wanted))
    return [
        FoundEngine(each, models) for each, models in zip(wanted, found, strict=True) if models is not None
    ]


async def _models(preset: Preset, limit_s: float) -> list[ModelInfo] | None:
    """Return the models of an engine; None if nothing at its address lists any."""
    engine = OpenAI(preset.url, timeouts=Timeouts(connect_s=limit_s, headers_s=limit_s), name=preset.name)
    try:
        async with asyncio.timeout(limit_s):
            return await engine.find_models()
    except (GptalkError, TimeoutError):
        return None
    finally:
        await engine.aclose()
