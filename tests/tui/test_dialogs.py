"""A dialog closes once, and nothing but itself."""

from __future__ import annotations

from pathlib import Path

from gptalk_tui.screens.confirm import ConfirmScreen
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
