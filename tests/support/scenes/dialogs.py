"""Scenes of what opens over the chat screen."""

from __future__ import annotations

from unittest.mock import AsyncMock, patch

from gptalk_client.model_choices import mark_favourite, note_used
from gptalk_client.presets import PRESETS
from gptalk_client.providers.discovery import FoundEngine
from gptalk_client.providers.model_info import ModelInfo
from gptalk_client.settings import Persona, ProviderSettings, Settings
from gptalk_tui.widgets.row_list import RowList
from support.pictures import picture
from support.scenes.stage import Scene, scene, talk
from support.scenes.texts import LIFETIMES, PASTA, STRUCTS


async def first_start() -> str:
    """The question of the very first start."""

    async def can_connect(_url: str, **_options: object) -> bool:
        return False

    async def find_engines(**_options: object) -> list[FoundEngine]:
        return []

    with (
        patch("gptalk_client.providers.reachability.can_connect", can_connect),
        patch("gptalk_client.providers.discovery.find_engines", find_engines),
    ):
        return await _first_start()


async def _first_start() -> str:
    async with scene([], settings=Settings()) as app:
        places = app.app.screen.query_one(RowList)
        await app.until(lambda: places.highlighted is not None and places.highlighted.key == "local")
        return await picture(app)


async def export() -> str:
    """The export dialog."""
    async with scene([PASTA]) as app:
        await talk(app, "Pasta for eight")
        await app.press("ctrl+o")
        return await picture(app)


async def search() -> str:
    """Searching all conversations."""
    async with scene([PASTA], [LIFETIMES]) as app:
        await talk(app, "Pasta for eight")
        await app.press("ctrl+n")
        await talk(app, "How do lifetimes relate to borrows?")
        await app.press("ctrl+f", "tab", *"the")
        await app.until(lambda: len(app.app.screen.query(RowList)) and app.app.screen.query_one(RowList).rows)
        return await picture(app)


async def compare() -> str:
    """Two models answer one prompt side by side."""
    async with scene([LIFETIMES], [STRUCTS]) as app:
        await talk(app, "How do lifetimes relate to borrows?")
        await app.send("/compare gpt-4o")
        await app.until_idle()
        await app.until(lambda: "struct Excerpt" in app.app.screen.panes[1].document.text(1))  # type: ignore[attr-defined]
        svg = await picture(app)
        await app.press("escape")
        return svg


async def settings() -> str:
    """The settings of a conversation."""
    chosen = Settings(provider="gptalk", model="gpt-3.5-turbo", personas={"chef": Persona("You cook.")})
    async with scene([PASTA], settings=chosen) as app:
        await talk(app, "Pasta for eight")
        await app.press("ctrl+t")
        return await picture(app)


MODELS = [
    ModelInfo("qwen3:8b", 40_960, "8.2B", "Q4_K_M"),
    ModelInfo("llama3.2:3b", 131_072, "3.2B", "Q4_K_M"),
    ModelInfo("gpt-oss:20b", 131_072, "20.9B", "MXFP4"),
    ModelInfo("gemma3:4b", 131_072, "4.3B", "Q4_K_M"),
]


async def add_provider() -> str:
    """Adding a provider: one runs on this computer."""

    async def find_engines(**_options: object) -> list[FoundEngine]:
        return [FoundEngine(PRESETS[0], MODELS)]

    variables = {each.key_variable: "" for each in PRESETS if each.key_variable}
    with (
        patch("gptalk_client.providers.discovery.find_engines", find_engines),
        patch.dict("os.environ", {**variables, "OPENAI_API_KEY": "sk-…"}),
    ):
        async with scene([PASTA]) as app:
            await app.press(*"/providers", "enter")
            await app.until(lambda: app.app.screen is not app.chat)
            await app.press("a")
            await app.until(lambda: app.app.screen.query_one(RowList).rows[0].text.startswith("Running"))
            return await picture(app)


async def models() -> str:
    """A provider's models: a favourite, one that was used last, and what is known of each."""
    settings = Settings(provider="ollama", providers={"ollama": ProviderSettings(model="qwen3:8b")})
    async with scene([PASTA], settings=settings) as app:
        provider = app.chat.services.provider
        assert provider is not None
        with patch.object(provider, "list_models", AsyncMock(return_value=MODELS)):
            mark_favourite(app.paths.model_choices, "ollama", "gpt-oss:20b", is_favourite=True)
            note_used(app.paths.model_choices, "ollama", "qwen3:8b")
            await app.press(*"/model", "enter")
            await app.until(
                lambda: len(app.app.screen.query(RowList)) and app.app.screen.query_one(RowList).rows
            )
            return await picture(app)


async def help_() -> str:
    """The keys of what has the focus."""
    async with scene([PASTA]) as app:
        await talk(app, "Pasta for eight")
        await app.press("f1")
        await app.until(lambda: app.app.screen is not app.chat)
        return await picture(app)


SCENES: dict[str, Scene] = {
    "first-start": first_start,
    "export": export,
    "search": search,
    "compare": compare,
    "settings": settings,
    "add-provider": add_provider,
    "models": models,
    "help": help_,
}
