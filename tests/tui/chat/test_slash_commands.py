"""Slash commands: every action of the table by its name, completed as one types."""

from __future__ import annotations

from pathlib import Path

import pytest

from gptalk_tui.actions import ACTIONS
from gptalk_tui.chat.autocomplete import command_rows
from gptalk_tui.chat.slash import SLASH_COMMANDS
from gptalk_tui.dialogs.export import ExportScreen
from gptalk_tui.keymap import KeyMap
from gptalk_tui.widgets.row_list import Row
from support.apps import running_app
from support.scripted_provider import ScriptedProvider


def test_every_command_of_the_palette_has_one_name() -> None:
    names = SLASH_COMMANDS
    offered = {action.id for action in ACTIONS if action.in_palette}
    assert sorted(action.id for action in names.values()) == sorted(
        offered - {"turn.send"}
    )  # which sends itself
    assert names["export"].id == "conversation.export"
    assert names["new"].id == "conversation.new"


def test_names_come_before_titles() -> None:
    rows = command_rows("ex", SLASH_COMMANDS.items(), KeyMap())
    assert rows[0].key == "export"
    assert all("ex" in row.text.casefold() for row in rows)


async def test_a_command_is_completed_and_run(tmp_path: Path) -> None:
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path) as app:
        await app.send("Go")
        await app.until_idle()
        await app.press(*"/exp")
        assert app.chat.composer.is_completing
        assert app.chat.query_one("#completions").display
        await app.press("enter")
        await app.until(lambda: isinstance(app.app.screen, ExportScreen))
        assert app.chat.composer.text == ""
        await app.press("escape")
        assert app.chat.composer.has_focus
        assert len(provider.requests) == 1


async def test_tab_writes_the_name_and_enter_runs_it(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.send("Go")
        await app.until_idle()
        await app.press(*"/ne")
        app.chat.controllers.autocomplete._rows.highlight("new")  # type: ignore[union-attr]
        await app.press("tab")
        assert app.chat.composer.text == "/new"
        await app.press("enter")
        await app.until(lambda: app.chat.session.conversation is None)


async def test_a_clicked_row_is_chosen(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.press(*"/help")
        await app.pilot.pause()
        await app.pilot.click("#completions", offset=(5, 0))
        await app.until(lambda: app.app.screen is not app.chat)


@pytest.mark.parametrize("text", ["/nonsense", "/nonsense with words"])
async def test_an_unknown_command_is_not_sent(tmp_path: Path, text: str) -> None:
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path) as app:
        await app.send(text)
        await app.until(lambda: app.app._notifications)
        said = [each.message for each in app.app._notifications]
        assert said == ["No such command: /nonsense. A leading space sends it as text."]
        assert app.chat.composer.text == text
        await app.press("home", "space", "enter")
        await app.until_idle()
        assert provider.requests[0].messages[-1]["content"] == f" {text}"


async def test_words_behind_a_command_are_used_or_stay(tmp_path: Path) -> None:
    provider = ScriptedProvider(["a whale"])
    async with running_app(provider, tmp_path) as app:
        await app.send("Go")
        await app.until_idle()
        await app.send("/rename Whales  and more")
        await app.until(lambda: app.chat.session.chosen.title == "Whales  and more")
        await app.send("/find whale")
        await app.until(
            lambda: app.chat.query("#found") and "1/1" in str(app.chat.query_one("#found").render())
        )
        await app.press("escape")
        assert app.chat.composer.text == ""
        await app.send("/help me with whales")
        await app.until(lambda: app.app._notifications)
        said = [each.message for each in app.app._notifications]
        assert said == ["/help takes no arguments. A leading space sends it as text."]
        assert app.chat.composer.text == "/help me with whales"
        assert len(provider.requests) == 1


async def test_what_is_done_to_a_message_is_done_to_the_last_one_from_the_composer(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["*one*"], ["*two*"]), tmp_path) as app:
        await app.send("Go")
        await app.until_idle()
        await app.send("/copy")
        await app.until(lambda: app.app.clipboard == "*one*")
        assert app.chat.composer.has_focus
        assert app.chat.transcript.chosen is None
        await app.send("/regenerate")
        await app.until(lambda: "two" in app.text)
        await app.until_idle()
        await app.send("/older")
        await app.until(lambda: "one" in app.text and "1/2" in app.text)


async def test_a_path_is_no_command(tmp_path: Path) -> None:
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path) as app:
        await app.send("/usr/bin/env is what?")
        await app.until_idle()
        assert len(provider.requests) == 1


def test_rows_say_the_key() -> None:
    names = [("export", SLASH_COMMANDS["export"])]
    [row] = command_rows("export", names, KeyMap())
    assert row == Row("export", f"/{'export':<14} Export", "Ctrl+O")
    [row] = command_rows("export", names, KeyMap({"conversation.export": "f5"}))
    assert row.right == "F5"
