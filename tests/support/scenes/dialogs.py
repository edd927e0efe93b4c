"""Scenes of what opens over the chat screen."""

from __future__ import annotations

import tempfile
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from unittest.mock import AsyncMock, patch

from gptalk_client.model_choices import mark_favourite, note_used
from gptalk_client.presets import PRESETS
from gptalk_client.providers.discovery import FoundEngine
from gptalk_client.providers.model_info import ModelInfo
from gptalk_client.settings import Persona, ProviderSettings, Settings
from gptalk_tui.widgets.row_list import RowList
from support.pictures import picture
from support.scenes.stage import Scene, open_dialog, scene, streaming_picture, talk
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


async def search_empty() -> str:
    """A search that finds nothing says what it looked through."""
    async with scene([PASTA]) as app:
        await talk(app, "Pasta for eight")
        await app.press("ctrl+f", "tab", *"gnocchi")
        await app.until(
            lambda: app.app.screen is not app.chat and app.app.screen.query_one(RowList).empty_text
        )
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
            await app.send("/providers")
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
            await app.send("/model")
            await app.until(
                lambda: len(app.app.screen.query(RowList)) and app.app.screen.query_one(RowList).rows
            )
            return await picture(app)


ENGINES = Settings(
    provider="ollama",
    model="qwen3:8b",
    providers={
        "ollama": ProviderSettings(url="http://127.0.0.1:11434/v1", model="qwen3:8b"),
        "work": ProviderSettings(url="https://llm.example.com/v1", api_key_env="WORK_KEY"),
    },
    personas={
        "chef": Persona("You cook, and answer in metric units."),
        "reviewer": Persona("Review the code: correctness first.", provider="work", model="gpt-oss:20b"),
        "日本語の先生": Persona("Answer in easy Japanese."),
    },
)


async def providers() -> str:
    """Providers: the one in use, the others, and the keys that change them."""
    async with scene([PASTA], settings=ENGINES) as app:
        await open_dialog(app, "/providers")
        return await picture(app)


async def provider_form() -> str:
    """A new provider's name, address and key, which is typed."""

    async def find_engines(**_options: object) -> list[FoundEngine]:
        return []

    variables = {each.key_variable: "" for each in PRESETS if each.key_variable}
    with (
        patch("gptalk_client.providers.discovery.find_engines", find_engines),
        patch.dict("os.environ", variables),
    ):
        async with scene([PASTA], settings=ENGINES) as app:
            await open_dialog(app, "/providers")
            await open_dialog(app, "a")
            await open_dialog(app, "down", "down", "down", "down", "enter")
            await app.press(*"sk-1")
            return await picture(app)


async def provider_refused() -> str:
    """An address that can't be one, with what to do next."""
    async with scene([PASTA], settings=ENGINES) as app:
        await open_dialog(app, "/providers")
        await open_dialog(app, "end", "e")
        await app.press("shift+tab", "home", "ctrl+k", *"ftp://llm", "enter")
        return await picture(app)


async def personas() -> str:
    """Personas, none of them in use."""
    async with scene([PASTA], settings=ENGINES) as app:
        await open_dialog(app, "/personas")
        return await picture(app)


async def persona_form() -> str:
    """One persona, to be changed."""
    async with scene([PASTA], settings=ENGINES) as app:
        await open_dialog(app, "/personas")
        await open_dialog(app, "down", "down", "e")
        return await picture(app)


async def remove() -> str:
    """A question before a persona is removed."""
    async with scene([PASTA], settings=ENGINES) as app:
        await open_dialog(app, "/personas")
        await app.press("down", "d")
        return await picture(app)


async def tags() -> str:
    """The tags of a conversation."""
    async with scene([PASTA]) as app:
        await talk(app, "Pasta for eight")
        await app.send("/tag cooking family")
        await app.until(lambda: app.app._notifications)
        app.app.clear_notifications()
        await open_dialog(app, "/tag")
        return await picture(app)


async def rename() -> str:
    """Another title for a conversation."""
    async with scene([PASTA]) as app:
        await talk(app, "Pasta for eight, with guanciale, and what to cook when it can't be had anywhere")
        await open_dialog(app, "f2")
        return await picture(app)


async def send_files() -> str:
    """A question about files that a prompt names and nobody chose: three answers."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("a.py").touch()
        Path("notes.md").touch()
        async with scene([PASTA]) as app:
            app.chat.composer.insert_text("Compare @a.py with @notes.md")
            await app.press("enter")
            await app.until(lambda: app.app.screen is not app.chat)
            return await picture(app)


async def download() -> str:
    """The small model isn't on this computer yet."""
    async with scene([PASTA]) as app:
        with patch.object(type(app.chat.services), "lacks_model", lambda *_: True):
            await app.send("Pasta for eight")
            await app.until(lambda: app.app.screen is not app.chat)
            svg = await streaming_picture(app, 0.3)
            await app.press("escape")
            await app.until_idle()
            return svg


async def palette() -> str:
    """Commands that a word finds, those that aren't available last, with the reason."""
    async with scene([PASTA]) as app:
        await talk(app, "Pasta for eight")
        await open_dialog(app, "ctrl+p")
        await app.press(*"reply")
        return await picture(app)


async def theme() -> str:
    """Themes: the highlighted one is shown."""
    async with scene([LIFETIMES]) as app:
        await talk(app, "How do lifetimes relate to borrows?")
        await open_dialog(app, "/theme")
        await app.press("down")
        return await picture(app)


async def prompts() -> str:
    """Earlier prompts, the newest first."""
    async with scene([PASTA]) as app:
        await talk(app, "Pasta for eight", "And for four?", "日本語で、もう一度お願いします。")
        await open_dialog(app, "ctrl+r")
        return await picture(app)


async def compare_with() -> str:
    """Who writes the second version of a reply."""
    async with scene([PASTA], settings=replace(ENGINES, provider="gptalk", model="gpt-3.5-turbo")) as app:
        await talk(app, "Pasta for eight")
        provider = app.chat.services.provider
        with patch.object(provider, "models", AsyncMock(return_value=["gpt-3.5-turbo", "gpt-4o"])):
            await open_dialog(app, "/compare")
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
    "search-empty": search_empty,
    "compare": compare,
    "settings": settings,
    "add-provider": add_provider,
    "models": models,
    "providers": providers,
    "provider-form": provider_form,
    "provider-refused": provider_refused,
    "personas": personas,
    "persona-form": persona_form,
    "remove": remove,
    "tags": tags,
    "rename": rename,
    "send-files": send_files,
    "download": download,
    "palette": palette,
    "theme": theme,
    "prompts": prompts,
    "compare-with": compare_with,
    "help": help_,
}
