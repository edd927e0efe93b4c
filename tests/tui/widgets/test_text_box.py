"""Undo and redo in text areas that shrink and grow."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import TextArea

from support.apps import running_app
from support.scripted_provider import ScriptedProvider


@pytest.mark.parametrize("lines", [3, 12, 40])
@pytest.mark.parametrize("size", [(120, 36), (80, 24), (40, 12)])
async def test_many_lines_can_be_undone_and_redone(tmp_path: Path, lines: int, size: tuple[int, int]) -> None:
    async with running_app(ScriptedProvider([]), tmp_path, size=size) as running:
        box = running.chat.composer
        box.insert_text("one")
        box.history.checkpoint()
        box.insert_text("\nline" * lines)
        await running.pilot.pause()
        whole, end = box.text, box.cursor_location
        for _ in range(2):
            await running.press("ctrl+z")
            assert (box.text, box.cursor_location) == ("one", (0, 3))
            await running.press("ctrl+y")
            assert (box.text, box.cursor_location) == (whole, end)


async def test_many_lines_can_be_undone_in_the_system_prompt(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path) as running:
        await running.press("ctrl+t")
        box = running.app.screen.query_one(TextArea)
        box.focus()
        box.insert("\nline" * 40)
        await running.pilot.pause()
        await running.press("ctrl+z")
        assert box.text == ""
