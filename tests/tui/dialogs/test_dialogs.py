"""A dialog closes once, and nothing but itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.widgets import Input

from gptalk_client.settings import Settings
from gptalk_tui.dialogs.base import LOOKING
from gptalk_tui.dialogs.confirm import ConfirmScreen
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.dialogs.picker import PickerScreen
from gptalk_tui.widgets.row_list import Row
from support.apps import running_app
from support.scripted_provider import ScriptedProvider


async def test_an_answer_that_comes_after_a_dialog_was_left_closes_nothing(tmp_path: Path) -> None:
    answers: list[bool | None] = []
    async with running_app(ScriptedProvider([]), tmp_path) as running:
        dialog = ConfirmScreen("Really?", "", yes="Yes")
        await running.app.push_screen(dialog, answers.append)
        dialog.dismiss(None)
        dialog.dismiss(True)
        await running.until(lambda: running.app.screen is running.chat)
        other = ConfirmScreen("And this?", "", yes="Yes")
        await running.app.push_screen(other)
        dialog.dismiss(True)
        await running.pilot.pause()
        assert running.app.screen is other
    assert answers == [None]


async def test_an_answer_under_another_dialog_waits_until_that_is_closed(tmp_path: Path) -> None:
    answers: list[bool | None] = []
    async with running_app(ScriptedProvider([]), tmp_path) as running:
        below, above = (ConfirmScreen(words, "", yes="Yes") for words in ("Below?", "Above?"))
        await running.app.push_screen(below, answers.append)
        await running.app.push_screen(above)
        below.dismiss(True)
        await running.pilot.pause()
        assert (running.app.screen, answers) == (above, [])
        above.dismiss(None)
        await running.until(lambda: running.app.screen is running.chat)
    assert answers == [True]


async def test_what_is_found_after_a_dialog_was_left_is_shown_to_nobody(tmp_path: Path) -> None:
    found = asyncio.Event()

    async def find(text: str) -> list[Row]:
        await found.wait()
        return [Row("x", "x")]

    async with running_app(ScriptedProvider([]), tmp_path) as running:
        picker = PickerScreen("Anything", [], empty_text="Nothing", find=find)
        await running.app.push_screen(picker)
        looking = next(each for each in running.app.workers if each.group == LOOKING)
        await running.until(lambda: looking.is_running)
        closed = picker.dismiss(None)
        found.set()
        await closed
        await running.until(lambda: looking.is_finished)
        assert looking.is_cancelled


async def test_enter_takes_the_row_that_fits_best(tmp_path: Path) -> None:
    answers: list[str | None] = []
    rows = [Row("send", "Send", words="reply"), Row("edit", "Edit the reply"), Row("copy", "Copy the reply")]
    async with running_app(ScriptedProvider([]), tmp_path) as running:
        await running.app.push_screen(PickerScreen("Anything", rows, empty_text="Nothing"), answers.append)
        await running.press(*"reply", "enter")
        await running.until(lambda: running.app.screen is running.chat)
    assert answers == ["edit"]


async def test_a_letter_that_quits_can_still_be_typed(tmp_path: Path) -> None:
    settings = Settings(provider="gptalk", model="test-model", keys={"app.quit": "slash,f12"})
    async with running_app(ScriptedProvider([]), tmp_path, settings=settings) as running:
        await running.press("ctrl+p", "slash")
        assert running.app.screen.query_one(Input).value == "/"
        await running.press("f12")
        await running.until(lambda: running.app.return_code is not None)


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (58, 24), (40, 18), (40, 12)])
async def test_every_dialog_keeps_its_keys_in_sight_and_takes_clicks_on_them(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with running_app(ScriptedProvider(["A reply."]), tmp_path, size=size) as app:
        await app.send("A question")
        await app.until_idle()
        seen = set()
        for keys in (
            ["ctrl+p"],
            ["ctrl+r"],
            ["ctrl+o"],
            ["f1"],
            [*"/rename", "escape", "enter"],
            [*"/tag", "escape", "enter"],
            [*"/search", "escape", "enter"],
        ):
            await app.press(*keys)
            await app.until(lambda: app.app.screen is not app.chat, f"{keys} open a dialog")
            await app.pilot.pause()
            screen = app.app.screen
            seen.add(type(screen).__name__)
            hints, dialog = screen.query_one(KeyHints), screen.query_one(".dialog")
            assert hints.region, type(screen)
            assert hints.region in dialog.content_region, type(screen)
            assert dialog.max_scroll_y == 0, type(screen)
            lines = hints.render().plain.splitlines()
            assert len(lines) <= hints.size.height, type(screen)
            y = next(y for y, line in enumerate(lines) if "Esc" in line)
            await app.pilot.click(hints, offset=(lines[y].index("Esc") + 1, y))
            await app.until(lambda: app.app.screen is app.chat, f"{screen} closes")
            app.chat.composer.text = ""
        assert seen >= {"PickerScreen", "ExportScreen", "HelpScreen", "RenameScreen", "TagsScreen"}
        assert "SearchScreen" in seen
