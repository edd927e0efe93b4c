"""Vi's keys in the composer: modes, sending, folds, pastes, and what is left to the conversation."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual import events

from gptalk_client.settings import Settings, UiSettings
from gptalk_tui.widgets.vi_composer import ViComposer
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider


@asynccontextmanager
async def vi_app(
    folder: Path, *replies: object
) -> AsyncIterator[tuple[Running, ViComposer, ScriptedProvider]]:
    provider = ScriptedProvider(*(replies or (["ok"],)))
    settings = Settings(provider="gptalk", model="test-model", ui=UiSettings(composer="vi"))
    async with running_app(provider, folder, settings=settings) as app:
        composer = app.chat.composer
        assert isinstance(composer, ViComposer)
        yield app, composer, provider


async def test_modes_are_shown_and_edits_are_vis(tmp_path: Path) -> None:
    async with vi_app(tmp_path) as (app, composer, provider):
        assert composer.border_title == "INSERT"
        await app.press(*"one two three", "escape")
        assert composer.border_title == "NORMAL"
        await app.press("b", "d")
        assert composer.border_title == "NORMAL d"
        await app.press("i", "w")
        assert (composer.text, composer.cursor_location) == ("one two ", (0, 7))
        await app.press("0", "v", "e")
        assert (composer.border_title, composer.selected_text) == ("VISUAL", "one")
        await app.press("U", "w", ".")
        assert composer.text == "ONE TWO "
        await app.press("u", "u", "u")
        assert composer.text == "one two three"
        await app.press("ctrl+r")
        assert composer.text == "one two "
        assert provider.requests == []


async def test_enter_sends_in_both_modes_and_ctrl_j_is_a_new_line(tmp_path: Path) -> None:
    async with vi_app(tmp_path, ["ok"], ["ok"]) as (app, composer, provider):
        await app.press("a", "ctrl+j", "b", "escape", "ctrl+j", "c", "escape", "enter")
        await app.until_idle()
        assert provider.requests[0].messages[-1]["content"] == "a\nb\nc"
        assert composer.border_title == "INSERT"
        await app.press(*"two", "enter")
        await app.until_idle()
        assert provider.requests[1].messages[-1]["content"] == "two"


async def test_escape_in_normal_mode_stops_the_reply(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with vi_app(tmp_path, ["some", gate]) as (app, composer, provider):
        await app.press("a", "enter")
        await app.until(lambda: app.chat.session.is_replying and provider.at_gate.is_set())
        await app.press("b", "escape")
        assert app.chat.session.is_replying
        assert composer.border_title == "NORMAL"
        await app.press("escape")
        await app.until(lambda: not app.chat.session.is_replying)
        gate.set()


async def test_prompts_are_recalled_at_the_edges(tmp_path: Path) -> None:
    async with vi_app(tmp_path, ["ok"], ["ok"]) as (app, composer, _):
        await app.press(*"one", "enter")
        await app.until_idle()
        await app.press("escape", "k")
        await app.until(lambda: composer.text == "one")
        assert composer.border_title == "NORMAL"
        await app.press("j")
        await app.until(lambda: composer.text == "")


async def test_what_vi_does_not_know_types_nothing_and_is_left_to_the_app(tmp_path: Path) -> None:
    async with vi_app(tmp_path) as (app, composer, _):
        await app.press("a", "escape", "Q", "z", "ö", "space")
        assert composer.text == "a"
        await app.press("ctrl+p")
        await app.until(lambda: app.app.screen is not app.chat)
        await app.press("escape")
        await app.until(lambda: app.app.screen is app.chat)
        await app.press("f1")
        await app.until(lambda: app.app.screen is not app.chat)
        await app.until(lambda: "To insert mode." in str(app.app.screen.query_one("#help-text").content))  # type: ignore[attr-defined]


async def test_pastes_are_inserted_in_any_mode(tmp_path: Path) -> None:
    async with vi_app(tmp_path) as (app, composer, _):
        await app.press(*"ab", "escape")
        app.app.post_message(events.Paste("dd\r"))
        await app.until(lambda: composer.text == "add\nb")
        assert composer.border_title == "NORMAL"
        await app.press("V")
        app.app.post_message(events.Paste("x"))
        await app.until(lambda: composer.text == "add\nx")
        await app.press("u", "u")
        assert composer.text == "ab"


async def test_a_fold_is_one_character(tmp_path: Path) -> None:
    pasted = "\n".join(f"line {number}" for number in range(40))
    async with vi_app(tmp_path) as (app, composer, _):
        await app.press(*"a b", "escape")
        composer.insert_paste(pasted)
        assert composer.text == f"a {pasted}b"
        await app.press("x")
        assert composer.text in (f"a {pasted}", "a b")
        await app.press("u", "0", "w", "d", "l")
        assert composer.text == "a b"
        await app.press("P")
        assert composer.text == f"a {pasted}b"


async def test_the_clipboard_is_a_register(tmp_path: Path) -> None:
    async with vi_app(tmp_path) as (app, composer, _):
        await app.press(*"one", "escape", '"', "+", "y", "y")
        assert app.app.clipboard == "one\n"
        app.app.copy_to_clipboard("two")
        await app.press("0", '"', "+", "P")
        assert composer.text == "twoone"


def test_nothing_of_vi_is_loaded_without_it() -> None:
    code = (
        "import sys, gptalk_tui.app; "
        "sys.exit(any(name.startswith(('gptalk_tui.widgets.vi',)) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
