"""How often the app asks its store: each call waits behind the ones before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gptalk_client.store.saver import ReplySaver
from gptalk_client.store.store import Store
from gptalk_client.store.worker import StoreThread
from gptalk_tui.chat.store_watcher import StoreWatcher
from support.apps import paths_in, running_app
from support.scripted_provider import ScriptedProvider


class Calls:
    """Counts the calls that the app makes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        call = StoreThread.call

        async def counted(thread: StoreThread, work: Any, /, *args: Any, **kwargs: Any) -> Any:
            self.count += 1
            return await call(thread, work, *args, **kwargs)

        monkeypatch.setattr(StoreThread, "call", counted)
        monkeypatch.setattr(StoreWatcher, "look_soon", lambda self: None)
        monkeypatch.setattr(ReplySaver, "_flush_later", lambda self: None)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch)


async def test_a_turn_takes_two_calls_and_two_for_the_list(tmp_path: Path, calls: Calls) -> None:
    async with running_app(ScriptedProvider(["one"], ["two"]), tmp_path) as app:
        for prompt in ("in a new conversation", "in one that is stored"):
            before = calls.count
            await app.send(prompt)
            await app.until_idle()
            assert calls.count - before == 4, prompt


async def test_opening_a_conversation_takes_one_call_and_one_for_the_list(
    tmp_path: Path, calls: Calls
) -> None:
    with Store.open(paths_in(tmp_path).database) as store:
        for title in ("oldest", "older", "newer"):
            store.open_turn(store.create_conversation(title=title).id, f"prompt of {title}")
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        await app.until(lambda: "prompt of newer" in app.text)
        await app.until_idle()
        before = calls.count
        await app.press("ctrl+pagedown")
        await app.until(lambda: "prompt of older" in app.text)
        await app.until_idle()
        assert calls.count - before == 2
