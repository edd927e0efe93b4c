"""What is typed and not sent is on disk a second later, and is there again wherever it was typed."""

from __future__ import annotations

from pathlib import Path

from gptalk_client.errors import NetworkError, StoreFullError
from gptalk_client.models import Status
from gptalk_client.store.store import Store
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider


def drafts(app: Running) -> list[str]:
    return [each.draft for each in app.store.conversations()]


async def test_what_is_typed_in_a_new_conversation_is_on_disk_soon(tmp_path: Path) -> None:
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path) as app:
        await app.press(*"half a thought")
        await app.until(lambda: drafts(app) == ["half a thought"])
        await app.press(*" and more")
        await app.until(lambda: drafts(app) == ["half a thought and more"])
        await app.press("enter")
        await app.until_idle()
        assert drafts(app) == [""]
        (conversation,) = app.store.conversations()
        assert conversation.title == "half a thought and more"
        assert len(provider.requests) == 1


async def test_a_command_that_is_typed_makes_no_conversation(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        for command in ("/", "/sear", "/search some words"):
            app.chat.composer.set_text(command)
            await app.until(lambda: app.chat.controllers.drafts._timer is not None)
            await app.until(lambda: app.chat.controllers.drafts._timer is None, "it is time to store it")
            await app.until_idle()
            assert drafts(app) == []
        app.chat.composer.set_text("/usr/bin is full")
        await app.until(lambda: drafts(app) == ["/usr/bin is full"])


async def test_reopening_the_open_conversation_keeps_what_is_typed(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.send("Hello")
        await app.until_idle()
        here = app.chat.session.conversation_id
        assert here is not None
        app.chat.composer.insert_text("half a thought")
        app.chat.controllers.opener.switch_to(here)
        await app.until_idle()
        assert app.chat.composer.text == "half a thought"


async def test_an_edit_of_a_prompt_that_came_back_is_kept(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([NetworkError("No connection.")]), tmp_path) as app:
        await app.send("Hello")
        await app.until_idle()
        await app.until(lambda: app.chat.composer.text == "Hello")
        await app.press(*" again", "ctrl+n", "ctrl+pagedown")
        await app.until(lambda: app.chat.composer.text == "Hello again")


async def test_a_prompt_that_failed_out_of_sight_is_back_when_its_conversation_is(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([NetworkError("No connection.")], ["ok"]), tmp_path) as app:
        await app.send("Hello")
        await app.press("ctrl+n")
        await app.until_idle()
        assert app.chat.composer.text == ""
        await app.press("ctrl+pagedown")
        await app.until(lambda: app.chat.composer.text == "Hello")
        left = app.chat.query_one("#status").left  # type: ignore[attr-defined]
        assert left.plain == "the prompt is back: Enter tries again"
        await app.press("enter")
        await app.until_idle()
        (conversation,) = app.store.conversations()
        assert [m.content for m in app.store.branch_messages(conversation.id)] == ["Hello", "ok"]
        assert app.store.messages(conversation.id)[1].status is Status.FAILED


async def test_a_draft_that_cannot_be_stored_comes_back_with_up(tmp_path: Path, monkeypatch) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.send("Hello")
        await app.until_idle()

        def refuse(*_: object, **__: object) -> None:
            raise StoreFullError("The disk is full.")

        monkeypatch.setattr(Store, "set_draft", refuse)
        await app.press(*"half a thought", "ctrl+n")
        await app.until(lambda: any("Up restores the text" in n.message for n in app.app._notifications))
        await app.press("up")
        await app.until(lambda: app.chat.composer.text == "half a thought")
