"""What a second program writes shows up: another app on the same folder, or the command line."""

from __future__ import annotations

from pathlib import Path

from gptalk_client.models import Status
from gptalk_client.store.store import Store
from support.apps import Running, paths_in, running_app
from support.scripted_provider import ScriptedProvider


def look(app: Running) -> None:
    app.chat.controllers.watcher.look_soon()


def status(app: Running) -> str:
    plain: str = app.chat.query_one("#status").left.plain  # type: ignore[attr-defined]
    return plain


async def test_a_reply_that_another_program_writes_grows_and_ends_here(tmp_path: Path) -> None:
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path) as app:
        await app.send("Hello")
        await app.until_idle()
        here = app.chat.session.conversation_id
        assert here is not None
        await app.press(*"half a thought")
        with Store.open(paths_in(tmp_path).database) as other:
            _, reply = other.open_turn(here, "from elsewhere")
            other.append_reply(reply.id, "It be")
            look(app)
            await app.until(lambda: "from elsewhere" in app.text and "It be" in app.text)
            await app.until(lambda: status(app) == "another window is writing this reply")
            other.append_reply(reply.id, "gins.")
            look(app)
            await app.until(lambda: "It begins." in app.text)
            app.chat.composer.set_text("")
            await app.press("enter")  # which would ask again for a reply that broke off
            other.close_turn(reply.id, Status.COMPLETE)
        look(app)
        await app.until(lambda: status(app) == "")
        assert len(provider.requests) == 1


async def test_a_reply_whose_writer_died_is_told_as_broken_off(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.send("Hello")
        await app.until_idle()
        here = app.chat.session.conversation_id
        assert here is not None
        other = Store.open(paths_in(tmp_path).database)
        _, reply = other.open_turn(here, "from elsewhere")
        other.append_reply(reply.id, "It be")
        look(app)
        await app.until(lambda: status(app) == "another window is writing this reply")
        other._release_owner()  # as the system does for a process that dies
        look(app)
        await app.until(lambda: "Incomplete." in app.text)
        other.close()


async def test_the_reader_stays_in_place(tmp_path: Path) -> None:
    long = "\n\n".join(f"Paragraph {number}." for number in range(60))
    async with running_app(ScriptedProvider([long]), tmp_path) as app:
        await app.send("Hello")
        await app.until_idle()
        await app.press("pageup", "pageup")
        here, before = app.chat.session.conversation_id, app.lines[:5]
        assert here is not None
        with Store.open(paths_in(tmp_path).database) as other:
            other.open_turn(here, "from elsewhere")
            look(app)
            await app.until(lambda: len(app.chat.transcript.document.entries) == 4)
        assert app.lines[:5] == before
        assert app.chat.transcript.has_new_text


async def test_a_conversation_deleted_elsewhere_can_still_be_read(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.send("Hello")
        await app.until_idle()
        here = app.chat.session.conversation_id
        assert here is not None
        with Store.open(paths_in(tmp_path).database) as other:
            other.purge_conversation(here)
        look(app)
        await app.until(lambda: app.chat.list_pane._conversations == [])
        assert "▌ Hello" in app.text
        assert not app.app._notifications


async def test_the_draft_of_another_window_is_neither_overwritten_nor_taken_over(tmp_path: Path) -> None:
    with Store.open(paths_in(tmp_path).database) as other:
        here = other.create_conversation(title="shared").id
        async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
            await app.until(lambda: app.chat.session.conversation_id == here)
            other.set_draft(here, "typed in the other window")
            look(app)
            await app.until(lambda: app.chat.session.chosen.draft == "typed in the other window")
            await app.chat.controllers.drafts.put_away(before=here)
            assert other.conversation(here).draft == "typed in the other window"
            assert app.chat.composer.text == ""
            await app.press("up")
            assert app.chat.composer.text == "typed in the other window"


async def test_a_conversation_that_another_program_deleted_goes_on_with_what_is_on_screen(
    tmp_path: Path,
) -> None:
    provider = ScriptedProvider(["first answer"], ["second answer"])
    async with running_app(provider, tmp_path, toasts=True) as app:
        await app.send("one")
        await app.until_idle()
        here = app.chat.session.conversation_id
        assert here is not None
        with Store.open(paths_in(tmp_path).database) as other:
            other.trash_conversation(here)
            other.purge_conversation(here)
        await app.send("two")
        await app.until(lambda: "second answer" in app.text)
        await app.until_idle()
        kept = [message.content for message in app.store.messages(here)]
        assert kept == ["one", "first answer", "two", "second answer"]
        [notice] = [each.message for each in app.app._notifications]
        assert "deleted this conversation" in notice
        sent = [each["content"] for each in provider.requests[1].messages]
        assert sent == ["one", "first answer", "two"]
