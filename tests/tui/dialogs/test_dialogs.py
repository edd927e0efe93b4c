"""A dialog closes once, and nothing but itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.widgets import Input

from gptalk_client.settings import Settings
from gptalk_tui.dialogs.base import LOOKING
from gptalk_tui.dialogs.confirm import ConfirmScreen
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


async def test_a_letter_that_quits_can_still_be_typed(tmp_path: Path) -> None:
    settings = Settings(provider="gptalk", model="test-model", keys={"app.quit": "slash,f12"})
    async with running_app(ScriptedProvider([]), tmp_path, settings=settings) as running:
        await running.press("ctrl+p", "slash")
        assert running.app.screen.query_one(Input).value == "/"
        await running.press("f12")
        await running.until(lambda: running.app.return_code is not None)
