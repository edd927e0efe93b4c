"""Clicks on what is no longer there."""

from __future__ import annotations

from pathlib import Path

from textual import events
from textual.widgets import Static

from support.apps import running_app
from support.scripted_provider import ScriptedProvider


async def test_a_click_on_what_was_removed_since_it_was_painted_does_nothing(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["Hello"]), tmp_path) as running:
        await running.send("Hi")
        row = Static("a row that goes away")
        await running.chat.query_one("#main").mount(row)
        await running.pilot.pause()
        x, y = row.region.offset
        assert running.chat.get_widget_and_offset_at(x, y)[0] is row
        await row.remove()
        running.chat._forward_event(events.MouseDown(None, x, y, 0, 0, 1, False, False, False))
        assert running.chat.get_widget_and_offset_at(x, y) == (None, None)
