"""A reply that was cut or stopped goes on in the same message."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gptalk_client.models import Finished, Status
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider


def last_text(app: Running) -> str:
    [conversation] = app.store.conversations()
    return app.store.branch_messages(conversation.id)[-1].content


async def test_a_stopped_reply_is_continued_by_its_key(tmp_path: Path) -> None:
    provider = ScriptedProvider(["The first half", asyncio.Event()], [" and the rest."])
    async with running_app(provider, tmp_path) as app:
        await app.send("Go")
        await app.until(lambda: "first half" in app.text)
        await app.press("escape")
        await app.until_idle()
        assert "Stopped." in app.text
        await app.press("alt+up", "m")
        await app.until(lambda: "The first half and the rest." in app.text)
        await app.until_idle()
        assert "Stopped." not in app.text
        [conversation] = app.store.conversations()
        _, reply = app.store.messages(conversation.id)
        assert (reply.content, reply.status) == ("The first half and the rest.", Status.COMPLETE)


async def test_the_command_continues_and_a_second_stop_keeps_all_of_the_text(tmp_path: Path) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["One", Finished("length")], [" two", gate], [" three."])
    async with running_app(provider, tmp_path) as app:
        await app.send("Count")
        await app.until_idle()
        await app.send("/continue")
        await app.until(lambda: "One two" in app.text)
        await app.press("ctrl+n")
        await app.press("ctrl+pageup")
        await app.until(lambda: "One two" in app.text)
        await app.press("escape")
        await app.until_idle()
        assert last_text(app) == "One two"
        assert "Stopped." in app.text
        await app.send("/continue")
        await app.until(lambda: "One two three." in app.text)
        await app.until_idle()
        assert last_text(app) == "One two three."


async def test_a_whole_reply_cannot_be_continued(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["All of it."]), tmp_path) as app:
        await app.send("Go")
        await app.until_idle()
        await app.send("/continue")
        said = "\n".join(each.message for each in app.app._notifications)
        assert "/continue isn't available" in said
