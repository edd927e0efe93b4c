"""What the app says and does while its conversations cannot be saved, and when they were damaged."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gptalk_client.errors import StoreFullError
from gptalk_client.models import Status
from gptalk_client.store.store import Store
from gptalk_tui.chat.store_watcher import StoreWatcher
from gptalk_tui.widgets.bar import Bar
from support.apps import Running, paths_in, running_app
from support.hostile_texts import bare
from support.scripted_provider import ScriptedProvider

WRITES = ("append_reply", "replace_reply", "close_turn")


class Disk:
    """A disk that is full while told to be; counts what it refused."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        self.refused = 0
        for name in WRITES:
            monkeypatch.setattr(Store, name, self._limited(getattr(Store, name)))

    def _limited(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def limited(store: Store, *arguments: Any, **options: Any) -> Any:
            if self.is_full:
                self.refused += 1
                raise StoreFullError("The disk is full: the conversations cannot be saved.")
            return write(store, *arguments, **options)

        return limited


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def status(running: Running) -> str:
    """Return what the status line says."""
    return running.chat.query_one("#status", Bar).left.plain


def toasts(running: Running) -> str:
    """Return what toasts say now."""
    return "\n".join(each.message for each in running.app._notifications)


async def test_conversations_that_cannot_be_opened_are_told_as_long_as_it_lasts(tmp_path: Path) -> None:
    (tmp_path / "data" / "conversations.db").mkdir(parents=True)
    async with running_app(ScriptedProvider([]), tmp_path) as running:
        assert "conversations.db cannot be" in toasts(running)
        assert "nothing is sent or saved" in status(running)
        running.app.clear_notifications()
        await running.press(*"Hi", "enter")
        assert running.chat.composer.text == "Hi"
        assert "conversations.db cannot be" in toasts(running)


async def test_the_bar_tells_of_a_full_disk_until_the_text_is_saved(tmp_path: Path, disk: Disk) -> None:
    gates = [asyncio.Event() for _ in range(4)]
    steps = ["one ", gates[0], "two ", gates[1], "three ", gates[2], "four ", gates[3], "five"]
    async with running_app(ScriptedProvider(steps), tmp_path) as running:
        await running.send("Go")
        await running.until(lambda: "one" in running.text)
        assert "not saved" not in status(running)
        disk.is_full = True
        gates[0].set()
        await running.until(lambda: "two" in running.text and disk.refused, "a write is refused")
        gates[1].set()
        await running.until(lambda: "not saved: The disk is full" in status(running), "the bar tells")
        await running.until(lambda: "three" in running.text, "streaming goes on")
        disk.is_full = False
        reply_id = running.chat.transcript.last_entry.id  # type: ignore[union-attr]
        await running.until(
            lambda: running.store.message(reply_id).content == "one two three ", "it is saved"
        )
        gates[2].set()
        await running.until(
            lambda: "four" in running.text and "not saved" not in status(running), "all is well"
        )
        gates[3].set()
        await running.until_idle()
        kept = running.store.message(reply_id)
        assert (kept.content, kept.status) == ("one two three four five", Status.COMPLETE)


async def test_a_reply_that_ends_on_a_full_disk_stays_on_screen_and_is_saved_later(
    tmp_path: Path, disk: Disk
) -> None:
    gate = asyncio.Event()
    async with running_app(ScriptedProvider(["one ", gate, "two"]), tmp_path) as running:
        await running.send("Go")
        await running.until(lambda: "one" in running.text)
        reply_id = running.chat.transcript.last_entry.id  # type: ignore[union-attr]
        disk.is_full = True
        gate.set()
        await running.until_idle()
        assert "one two" in running.text
        assert "not saved" in status(running) + toasts(running)
        disk.is_full = False
        await running.until(lambda: running.store.message(reply_id).status is Status.COMPLETE, "it is saved")
        assert running.store.message(reply_id).content == "one two"
        assert "one two" in running.text


@pytest.mark.parametrize("end", ["by itself", "stopped"])
async def test_an_unsaved_reply_is_whole_after_looking_elsewhere(
    tmp_path: Path, disk: Disk, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StoreWatcher, "begin", lambda self: None)
    gate = asyncio.Event()
    steps = ["one ", gate, "two", *([asyncio.Event()] if end == "stopped" else [])]
    async with running_app(ScriptedProvider(steps), tmp_path) as running:
        await running.send("Go")
        await running.until(lambda: "one" in running.text)
        here = running.chat.session.conversation_id
        assert here is not None
        reply_id = running.chat.transcript.last_entry.id  # type: ignore[union-attr]
        await running.until(lambda: running.store.message(reply_id).content == "one ", "the flush")
        disk.is_full = True
        gate.set()
        await running.until(lambda: "one two" in running.text)
        if end == "stopped":
            await running.press("escape")
        await running.until_idle()
        assert "one two" in running.text

        await running.press("ctrl+n")
        assert "one" not in running.text
        running.chat.controllers.opener.switch_to(here)
        await running.until(lambda: "one" in running.text, "back again")
        assert "one two" in running.text

        await running.chat.controllers.watcher._refresh_transcript()
        assert "one two" in running.text
        last = running.chat.transcript.last_entry
        assert last is not None
        assert last.status is (Status.STOPPED if end == "stopped" else Status.COMPLETE)

        disk.is_full = False
        await running.until(lambda: running.store.message(reply_id).status is last.status, "it is saved")
        assert running.store.message(reply_id).content == "one two"
        await running.chat.controllers.watcher._refresh_transcript()
        assert "one two" in running.text


async def test_a_folder_that_cannot_be_written_is_told_and_the_prompt_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = paths_in(tmp_path)
    with Store.open(paths.database) as store:
        conversation = store.create_conversation(title="kept")
        _, reply = store.open_turn(conversation.id, "earlier words")
        store.close_turn(reply.id, Status.COMPLETE, content="an answer")
    monkeypatch.setattr(os, "access", lambda _path, mode: mode == os.R_OK)
    provider = ScriptedProvider(["a reply"])
    async with running_app(provider, tmp_path, toasts=True) as running:
        await running.until(lambda: "an answer" in running.text)
        assert f"The folder {paths.data} cannot be written, so nothing will be saved." in toasts(running)
        await running.send("Go")
        await running.until(lambda: "cannot be" in toasts(running).replace("nothing will be saved", ""))
        await running.until(lambda: running.chat.composer.text == "Go", "the prompt is back")
        assert provider.requests == []


async def test_a_damaged_file_is_moved_aside_and_the_path_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "[@click=app.quit]x"
    paths = paths_in(folder)
    paths.data.mkdir(parents=True)
    paths.database.write_bytes(b"no database at all " * 1000)
    async with running_app(ScriptedProvider(["a reply"]), folder, toasts=True, size=(200, 40)) as running:
        await running.until(lambda: "The database was damaged" in toasts(running))
        [aside] = paths.data.glob("*damaged*")
        assert str(aside) in toasts(running)
        await running.until(lambda: running.chat.controllers.bars.status.notice.plain)
        shown = "".join(strip.text for strip in running.app.screen._compositor.render_strips())
        assert bare("[@click=app.quit]x") in bare(shown)
        assert aside.read_bytes() == b"no database at all " * 1000
        await running.send("Go")
        await running.until_idle()
        assert "a reply" in running.text
