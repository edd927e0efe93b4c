"""Keys typed while the store is slow have the effect that they have while it is quick."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from gptalk_client.models import Conversation, Message, SearchHit
from gptalk_client.store.store import Store
from support.apps import paths_in, running_app
from support.scripted_provider import ScriptedProvider


async def test_enter_behind_a_search_in_earlier_prompts_takes_what_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Store.prompts

    def slowly(self: Store, **options: Any) -> list[Message]:
        time.sleep(0.1)
        return read(self, **options)

    async with running_app(ScriptedProvider(["ok"]), tmp_path) as running:
        for prompt in ("wanted", "newest"):
            await running.send(prompt)
            await running.until_idle()
        monkeypatch.setattr(Store, "prompts", slowly)
        await running.press("ctrl+r", *"want", "enter")
        await running.until(lambda: running.chat.composer.text)
        assert running.chat.composer.text == "wanted"


async def test_enter_behind_a_search_in_all_conversations_opens_what_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(paths_in(tmp_path).database) as store:
        for title in ("wanted", "want it", "newest"):
            store.open_turn(store.create_conversation(title=title).id, f"prompt of {title}")
    read = Store.search

    def slowly(self: Store, query: str, **options: Any) -> list[SearchHit]:
        time.sleep(0.1)
        return read(self, query, **options)

    monkeypatch.setattr(Store, "search", slowly)
    async with running_app(ScriptedProvider([]), tmp_path) as running:
        await running.until(lambda: "prompt of newest" in running.text)
        await running.press("ctrl+f", "tab", *"wanted", "enter")
        await running.until(lambda: running.app.screen is running.chat)
        await running.until(lambda: "newest" not in running.text)
        assert "prompt of wanted" in running.text


async def test_enter_behind_a_filter_opens_what_the_filter_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = paths_in(tmp_path)
    with Store.open(paths.database) as store:
        for title in ("wanted", "other", "newest"):
            store.open_turn(store.create_conversation(title=title).id, f"prompt of {title}")
    read = Store.conversations

    def slowly(self: Store, **options: Any) -> list[Conversation]:
        time.sleep(0.1)
        return read(self, **options)

    monkeypatch.setattr(Store, "conversations", slowly)
    async with running_app(ScriptedProvider([]), tmp_path) as running:
        await running.until(lambda: "prompt of newest" in running.text)
        await running.press("ctrl+s", *"want", "enter")
        await running.until(lambda: "prompt of" in running.text and "newest" not in running.text)
        assert "prompt of wanted" in running.text
