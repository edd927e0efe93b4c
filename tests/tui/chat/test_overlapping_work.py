"""What is begun while the store waits for another program: nothing is lost, nothing happens twice."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gptalk_client.errors import StoreError
from gptalk_client.models import Role, Status
from gptalk_client.store.store import Store
from gptalk_tui.widgets.queue_pane import QueuePane
from support.apps import LIMIT_S, Running, paths_in, running_app
from support.scripted_provider import ScriptedProvider


@contextmanager
def locked(app: Running) -> Iterator[None]:
    """Hold the database as another program does that writes for a long time."""
    con = sqlite3.connect(app.paths.database, isolation_level=None)
    try:
        con.execute("BEGIN IMMEDIATE")
        yield
    finally:
        con.close()


def prompts(app: Running) -> list[str]:
    """Return the prompts of all conversations, oldest first."""
    return [
        message.content
        for conversation in app.store.conversations()
        for message in app.store.messages(conversation.id)
        if message.role is Role.USER
    ]


def said(app: Running) -> str:
    return "\n".join(each.message for each in app.app._notifications)


async def test_a_prompt_is_shown_at_once_and_a_second_one_is_queued(tmp_path: Path) -> None:
    provider = ScriptedProvider(["first answer"], ["second answer"])
    async with running_app(provider, tmp_path, toasts=True) as app:
        with locked(app):
            await app.send("one")
            await app.until(lambda: "▌ one" in app.text)
            assert app.chat.composer.text == ""
            assert not provider.requests
            await app.send("two")
            assert app.chat.composer.text == ""
            await app.until(lambda: app.chat.query(QueuePane))
        await app.until(lambda: "second answer" in app.text)
        await app.until_idle()
        assert prompts(app) == ["one", "two"]
        assert len(app.store.conversations()) == 1


async def test_a_prompt_that_waits_goes_on_while_something_else_is_opened(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["the answer"]), tmp_path) as app:
        with locked(app):
            await app.send("one")
            await app.until(lambda: "▌ one" in app.text)
            await app.press("ctrl+n", *"draft")
            assert "one" not in app.text
        await app.until_idle()
        assert app.chat.composer.text == "draft"
        [conversation] = [each for each in app.store.conversations() if each.message_count]
        assert [message.content for message in app.store.messages(conversation.id)] == ["one", "the answer"]
        assert app.store.conversation(conversation.id).unread


async def test_a_prompt_that_is_not_stored_comes_back_but_never_over_what_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def refuse(*_: object, **__: object) -> None:
        gate.wait(LIMIT_S)
        raise StoreError("The database is locked by another process.")

    provider = ScriptedProvider(["an answer"])
    async with running_app(provider, tmp_path, toasts=True) as app:
        monkeypatch.setattr(Store, "open_turn", refuse)
        await app.send("one")
        await app.until(lambda: "▌ one" in app.text)
        await app.press(*"typed on")
        gate.set()
        await app.until(lambda: "Up restores it" in said(app))
        assert "locked by another process" in said(app)
        assert "▌ one" not in app.text
        assert app.chat.composer.text == "typed on"
        await app.press("up")
        assert app.chat.composer.text == "one"
        await app.press("enter")
        await app.until(lambda: not app.chat.session.is_replying and app.chat.composer.text == "one")
        assert not provider.requests


async def test_a_prompt_that_waits_is_stopped_once_it_is_stored(tmp_path: Path) -> None:
    provider = ScriptedProvider(["an answer"])
    async with running_app(provider, tmp_path) as app:
        with locked(app):
            await app.send("one")
            await app.until(lambda: "▌ one" in app.text)
            await app.press("escape")
            assert app.chat.session.is_replying
        await app.until_idle()
        [conversation] = app.store.conversations()
        _, reply = app.store.messages(conversation.id)
        assert reply.status is Status.STOPPED
        assert app.chat.composer.text == ""


@pytest.mark.parametrize("keys", [("e",), ("r",), ("d",)], ids=["edit", "regenerate", "delete"])
async def test_messages_are_left_alone_while_a_prompt_waits(tmp_path: Path, keys: tuple[str, ...]) -> None:
    async with running_app(ScriptedProvider(["first"], ["second"]), tmp_path, toasts=True) as app:
        await app.send("one")
        await app.until_idle()
        with locked(app):
            await app.send("two")
            await app.until(lambda: "▌ two" in app.text)
            await app.press("alt+up", "alt+up", "alt+up", *keys)
            assert "Still replying" in said(app)
        await app.until_idle()
        [conversation] = app.store.conversations()
        kept = [message.content for message in app.store.messages(conversation.id)]
        assert kept == ["one", "first", "two", "second"]


async def test_a_prompt_to_a_conversation_that_is_being_trashed_is_not_lost(tmp_path: Path) -> None:
    with Store.open(paths_in(tmp_path).database) as store:
        store.open_turn(store.create_conversation(title="kept").id, "earlier")
    async with running_app(ScriptedProvider(["an answer"]), tmp_path) as app:
        await app.until(lambda: "earlier" in app.text)
        with locked(app):
            await app.press("ctrl+s", "f8")
            app.chat.composer.focus()
            await app.send("one")
        await app.until_idle()
        every = [*app.store.conversations(), *app.store.conversations(trash=True)]
        stored = [m.content for each in every for m in app.store.messages(each.id)]
        assert "one" in stored or app.chat.composer.text == "one"
