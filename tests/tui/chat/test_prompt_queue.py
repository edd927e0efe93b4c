"""Enter while a reply streams queues the prompt: on disk before it is shown, sent when its turn has come."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from gptalk_client.errors import NetworkError
from gptalk_client.models import Finished, QueuedPrompt
from gptalk_client.store.journal import Journal
from gptalk_client.store.store import Store
from gptalk_tui.widgets.queue_pane import QueuePane
from support.apps import Running, paths_in, running_app
from support.scripted_provider import ScriptedProvider


def shown(app: Running) -> list[str]:
    """Return what the pane shows, its heading first."""
    panes = app.chat.query(QueuePane)
    return [row.text for pane in panes if pane.display for row in pane.rows]


def said(app: Running) -> str:
    return "\n".join(each.message for each in app.app._notifications)


def sent(provider: ScriptedProvider) -> list[str]:
    return [str(request.messages[-1]["content"]) for request in provider.requests]


async def begin(app: Running, *queued: str) -> None:
    """Send a prompt whose reply waits at a gate, and queue more."""
    await app.send("first")
    await app.until(lambda: "begun" in app.text)
    for count, text in enumerate(queued, 1):
        await app.send(text)
        await app.until(lambda count=count: len(shown(app)) == count + 1)


async def test_queued_prompts_are_sent_one_after_another(tmp_path: Path) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["begun ", gate, "one"], ["two"], ["three"])
    async with running_app(provider, tmp_path) as app:
        await begin(app, "second", "third\nin two lines")
        assert shown(app) == ["2 queued · sent when the reply is complete", "second", "third in two lines"]
        assert app.chat.composer.text == ""
        conversation_id = app.chat.session.chosen.id
        with Store.open(paths_in(tmp_path).database) as other:
            assert [each.content for each in other.queued(conversation_id)] == [
                "second",
                "third\nin two lines",
            ]
            assert len(other.messages(conversation_id)) == 2
        gate.set()
        await app.until(lambda: "three" in app.text)
        await app.until_idle()
        assert shown(app) == []
        assert sent(provider) == ["first", "second", "third\nin two lines"]
        contents = [m.content for m in app.store.branch_messages(conversation_id)]
        assert contents == ["first", "begun one", "second", "two", "third\nin two lines", "three"]
        assert app.store.queued(conversation_id) == []


async def test_a_stop_holds_the_queue_until_a_key_sends_it(tmp_path: Path) -> None:
    provider = ScriptedProvider(["begun ", asyncio.Event()], ["two"], ["three"])
    async with running_app(provider, tmp_path) as app:
        await begin(app, "second", "third")
        await app.press("escape")
        await app.until_idle()
        assert shown(app)[0] == "2 queued, held · Enter in the empty composer sends them"
        assert "2 queued prompts are held. Enter in the empty composer sends them." in said(app)
        assert len(provider.requests) == 1
        assert "asks again" not in str(app.chat.controllers.bars.status.left)
        await app.press("enter")
        await app.until(lambda: "three" in app.text)
        assert sent(provider) == ["first", "second", "third"]


async def test_a_failure_and_a_cut_reply_hold_the_queue(tmp_path: Path) -> None:
    for number, bad in enumerate(([NetworkError("No line.")], [Finished("length")])):
        gate = asyncio.Event()
        provider = ScriptedProvider(["begun ", gate, *bad], ["two"])
        async with running_app(provider, tmp_path / str(number)) as app:
            await begin(app, "second")
            gate.set()
            await app.until_idle()
            assert shown(app)[0].startswith("1 queued, held")
            assert len(provider.requests) == 1


async def test_a_prompt_sent_directly_does_not_release_what_is_held(tmp_path: Path) -> None:
    provider = ScriptedProvider(["begun ", asyncio.Event()], ["two"])
    async with running_app(provider, tmp_path) as app:
        await begin(app, "held back")
        await app.press("escape")
        await app.until_idle()
        await app.send("something else")
        await app.until(lambda: "two" in app.text)
        await app.until_idle()
        assert sent(provider) == ["first", "something else"]
        assert shown(app)[1:] == ["held back"]


async def test_a_queue_that_was_left_is_held_at_the_next_start(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["begun ", asyncio.Event()]), tmp_path) as app:
        await begin(app, "for tomorrow")
    provider = ScriptedProvider(["hello"])
    async with running_app(provider, tmp_path) as app:
        await app.until(lambda: shown(app))
        assert shown(app) == ["1 queued, held · Enter in the empty composer sends it", "for tomorrow"]
        assert provider.requests == []
        await app.press("enter")
        await app.until(lambda: "hello" in app.text)
        assert sent(provider) == ["for tomorrow"]


async def test_up_edits_the_last_prompt_in_its_place(tmp_path: Path) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["begun ", gate, "one"], ["two"], ["three"])
    async with running_app(provider, tmp_path) as app:
        await begin(app, "second", "third")
        await app.press("up")
        assert app.chat.composer.text == "third"
        await app.until(lambda: "editing a queued prompt" in str(app.chat.controllers.bars.status.left))
        await app.until(lambda: "Esc stop" not in str(app.chat.controllers.bars.footer.left))
        await app.press("!", "enter")
        await app.until(lambda: shown(app)[2:] == ["third!"])
        await app.press("tab", "up", "e")
        await app.until(lambda: app.chat.composer.text == "second")
        await app.press("escape")
        assert app.chat.composer.text == ""
        gate.set()
        await app.until(lambda: "three" in app.text)
        assert sent(provider) == ["first", "second", "third!"]


async def test_a_prompt_that_is_being_edited_is_not_sent(tmp_path: Path) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["begun ", gate, "one"], ["two"])
    async with running_app(provider, tmp_path) as app:
        await begin(app, "second")
        await app.press("up")
        gate.set()
        await app.until_idle()
        assert len(provider.requests) == 1
        assert shown(app)[0].startswith("1 queued, held")
        await app.press("!", "enter", "enter")
        await app.until(lambda: "two" in app.text)
        assert sent(provider) == ["first", "second!"]


async def test_a_removed_prompt_can_be_restored(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["begun ", asyncio.Event()]), tmp_path) as app:
        await begin(app, "second", "third")
        conversation_id = app.chat.session.chosen.id
        await app.press("tab", "home", "d")
        await app.until(lambda: shown(app)[1:] == ["third"])
        assert [each.content for each in app.store.queued(conversation_id)] == ["third"]
        await app.press("u")
        await app.until(lambda: shown(app)[1:] == ["second", "third"])


async def test_a_conversation_that_is_not_on_screen_sends_its_queue(tmp_path: Path) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["begun ", gate, "one"], ["two"], ["three"])
    async with running_app(provider, tmp_path) as app:
        await begin(app, "second")
        first = app.chat.session.chosen.id
        await app.press("ctrl+n")
        assert shown(app) == []
        await app.press("d")
        gate.set()
        await app.until(lambda: len(provider.requests) == 2)
        await app.until_idle()
        assert app.chat.composer.text == "d"
        assert [m.content for m in app.store.branch_messages(first)][2:] == ["second", "two"]


async def test_slash_commands_act_at_once(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["begun ", asyncio.Event()]), tmp_path) as app:
        await begin(app)
        await app.send("/new")
        await app.until(lambda: app.chat.session.conversation is None)
        assert shown(app) == []


async def test_a_locked_store_keeps_both_prompts(tmp_path: Path) -> None:
    provider = ScriptedProvider(["one"], ["two"], ["three"])
    async with running_app(provider, tmp_path) as app:
        await app.send("before")
        await app.until_idle()
        con = sqlite3.connect(paths_in(tmp_path).database, isolation_level=None)
        con.execute("BEGIN IMMEDIATE")
        await app.send("first")
        await app.send("second")
        await app.until(lambda: shown(app)[1:] == ["second"])
        assert "▌ first" in app.text
        journal = Journal(paths_in(tmp_path).journal)
        await app.until(lambda: journal.texts() == ["first"])
        assert b'"second"' in journal.path.read_bytes()
        con.close()
        await app.until(lambda: len(provider.requests) == 3)
        await app.until_idle()
        assert sent(provider) == ["before", "first", "second"]
        await app.until(lambda: not journal.path.exists())


async def test_what_another_window_sent_is_not_sent_again(tmp_path: Path) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["begun ", gate, "one"], ["two"])
    async with running_app(provider, tmp_path) as app:
        await begin(app, "second")
        conversation_id = app.chat.session.chosen.id
        with Store.open(paths_in(tmp_path).database) as other:
            [prompt] = other.queued(conversation_id)
            other.open_turn(conversation_id, prompt.content, queued_id=prompt.id)
            gate.set()
            await app.until_idle()
            await app.until(lambda: shown(app) == [])
            assert sent(provider) == ["first"]
            assert "another window sent or removed it" in said(app)


async def test_trash_and_undo_keep_the_queue_and_purging_leaves_it_to_up(tmp_path: Path) -> None:
    with Store.open(paths_in(tmp_path).database) as store:
        conversation = store.create_conversation(title="Plans")
        store.enqueue(QueuedPrompt("a" * 32, conversation.id, "precious"))
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        await app.until(lambda: shown(app)[1:] == ["precious"])
        await app.send("/trash")
        await app.until(lambda: app.chat.session.conversation is None)
        await app.press("ctrl+z")
        await app.until(lambda: shown(app)[1:] == ["precious"])
        await app.send("/trash")
        await app.until(lambda: app.chat.session.conversation is None)
        app.chat.controllers.opener.switch_to(conversation.id)
        await app.until(lambda: shown(app)[1:] == ["precious"])
        await app.send("/purge")
        await app.until(lambda: len(app.app.screen_stack) == 2)
        await app.press("y")
        await app.until(lambda: "Up restores its queued prompt" in said(app))
        await app.press("up")
        assert app.chat.composer.text == "precious"
