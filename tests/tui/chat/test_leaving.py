"""The app ends in good order whatever is about to open."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest

from gptalk_client.models import Conversation
from gptalk_client.store.store import Store
from gptalk_tui.dialogs.confirm import ConfirmScreen
from gptalk_tui.dialogs.rename import RenameScreen
from support.apps import running_app
from support.scripted_provider import ScriptedProvider


# Textual 8.2 drops a reactive's first watcher where the app closes at that moment (no upstream issue).
@pytest.mark.filterwarnings("ignore:coroutine 'Screen._watch_selections' was never awaited")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("steps", range(4))
async def test_a_dialog_that_is_about_to_open_does_not_crash_the_end(tmp_path: Path, steps: int) -> None:
    conversation = Conversation(id="x", title="x", created_at_ms=0, updated_at_ms=0)
    async with running_app(ScriptedProvider([]), tmp_path) as running:
        running.app.push_screen(ConfirmScreen("Really?", "", yes="Yes"))
        running.app.push_screen(RenameScreen(conversation))
        for _ in range(steps):
            await asyncio.sleep(0)
        running.app.exit(143, return_code=143)
        running.app._close_messages_no_wait()
    assert running.app.return_code == 143
    assert running.app._exception is None


@pytest.mark.parametrize("opens", ["f1", "ctrl+t", "ctrl+o", "f2", "ctrl+r", "ctrl+p"])
async def test_the_key_that_quits_does_so_from_a_dialog_too(tmp_path: Path, opens: str) -> None:
    async with running_app(ScriptedProvider(["Hello"]), tmp_path) as running:
        await running.send("Hi")
        await running.until_idle()
        await running.press(*"a draft", opens)
        assert running.app.screen is not running.chat
        await running.press("ctrl+q")
        await running.until(lambda: running.app._exit)
    assert running.app.return_code == 0
    with Store.open(running.paths.database) as store:
        assert store.conversations()[0].draft == "a draft"


async def test_work_that_finds_the_screen_gone_does_not_crash_the_end(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["Hello"]), tmp_path) as running:
        await running.send("Hi")
        finding, met = running.chat.controllers.find, asyncio.Event()

        async def open_late() -> None:
            running.app.exit(143, return_code=143)
            met.set()
            await finding.open()

        running.app.call_later(open_late)
        await met.wait()
    assert running.app.return_code == 143
    assert running.app._exception is None


async def test_work_that_is_overtaken_by_the_end_is_closed(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path) as running:
        work = running.chat.controllers.opener.open("gone")
        running.chat.run_worker(work)
        running.app.workers.cancel_all()
        await running.pilot.pause()
        assert inspect.getcoroutinestate(work) == inspect.CORO_CLOSED
