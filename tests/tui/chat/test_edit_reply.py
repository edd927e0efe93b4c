"""A reply can be edited: the result is another version of it, marked as edited."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gptalk_client.errors import StoreFullError
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider


async def talk(app: Running) -> None:
    await app.send("Go")
    await app.until(lambda: "A reply" in app.text)
    await app.until_idle()


async def test_an_edited_reply_is_a_version_of_its_own_and_is_sent_from_then_on(tmp_path: Path) -> None:
    provider = ScriptedProvider(["A reply"], ["next"])
    async with running_app(provider, tmp_path) as app:
        await talk(app)
        await app.send("kept draft")  # composer text is set aside
        await app.until_idle()
        await app.press("alt+up", "alt+up", "alt+up", "E")
        assert app.chat.composer.text == "A reply"
        await app.press(*" of /mine", "enter")
        await app.until(lambda: "A reply of /mine" in app.text)
        assert "‹ 2/2 ›  edited  [ older" in app.text
        await app.send("and now?")
        await app.until_idle()
        sent = [m["content"] for m in provider.requests[-1].messages]
        assert sent == ["Go", "A reply of /mine", "and now?"]
        await app.press("alt+up", "alt+up", "alt+up", "left_square_bracket")
        await app.until(lambda: "‹ 1/2 ›  ] newer" in app.text)
        assert "edited" not in app.text


async def test_a_reply_that_begins_like_a_command_is_kept_as_text(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["A reply"]), tmp_path) as app:
        await talk(app)
        await app.send("/edit-reply")
        await app.until(lambda: app.chat.session.edit is not None)
        app.chat.composer.set_text("/new things, with @nobody")
        await app.press("enter")
        await app.until(lambda: "/new things, with @nobody" in app.text)
        assert app.chat.session.conversation is not None
        assert app.chat.composer.text == ""


async def test_an_edit_that_cannot_be_stored_stays_in_the_composer(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["A reply"]), tmp_path) as app:
        await talk(app)

        def refuse(*_: object) -> None:
            raise StoreFullError("No space is left.")

        app.store.edit_reply = refuse  # type: ignore[method-assign, assignment]
        await app.press("alt+up", "E", "!", "enter")
        await app.until(lambda: app.chat.composer.text == "A reply!")
        assert app.chat.session.edit is not None


async def test_a_reply_is_not_edited_while_another_streams(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with running_app(ScriptedProvider(["A reply"], ["more", gate]), tmp_path) as app:
        await talk(app)
        await app.send("Again")
        await app.until(lambda: "more" in app.text)
        await app.press("alt+up", "alt+up", "alt+up", "E")
        said = "\n".join(each.message for each in app.app._notifications)
        assert "Still replying. Esc stops it." in said
        gate.set()
        await app.until_idle()
