"""Prompts go out, replies stream in, and nothing is lost on the way."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.app import App

from gptalk_client.errors import NetworkError, StoreFullError
from gptalk_client.models import Phase, PhaseChanged, Status, TextReplaced
from gptalk_client.store.store import Store
from gptalk_tui.app import MOST_FRAMES
from support.apps import paths_in, running_app
from support.scripted_provider import ScriptedProvider


async def test_a_prompt_is_answered_and_both_are_stored(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["Hello ", "**world**"]), tmp_path) as app:
        await app.send("Hi there")
        await app.until_idle()
        assert "▌ Hi there" in app.text
        assert "Hello world" in app.text
        assert app.chat.composer.text == ""
    with Store.open(paths_in(tmp_path).database) as store:
        [conversation] = store.conversations()
        assert conversation.title == "Hi there"
        assert [(m.role, m.content, m.status) for m in store.messages(conversation.id)] == [
            ("user", "Hi there", Status.COMPLETE),
            ("assistant", "Hello **world**", Status.COMPLETE),
        ]


async def test_the_last_conversation_is_there_at_the_next_start(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["An answer."]), tmp_path) as app:
        await app.send("First")
        await app.until_idle()
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        assert "▌ First" in app.text
        assert "An answer." in app.text


async def test_escape_stops_the_reply_and_keeps_its_text(tmp_path: Path) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["Half of", gate, " it"])
    async with running_app(provider, tmp_path) as app:
        await app.send("Go")
        await app.until(lambda: "Half of" in app.text)
        await app.press("escape")
        await app.until_idle()
        assert "Stopped." in app.text
        assert provider.closed == 1
        entry = app.chat.transcript.last_entry
        assert entry is not None
        assert app.store.message(entry.id).status is Status.STOPPED
        assert app.store.message(entry.id).content == "Half of"


async def test_two_conversations_stream_at_the_same_time(tmp_path: Path) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["one ", gate, "done one"], ["two ", gate, "done two"])
    async with running_app(provider, tmp_path) as app:
        await app.send("First")
        await app.until(lambda: "one" in app.text)
        await app.press("ctrl+n")
        await app.send("Second")
        await app.until(lambda: "two" in app.text)
        assert "one" not in app.text
        marks = [row.right.strip() for row in app.chat.list_pane._rows.rows if not row.is_heading]
        assert marks == ["⠶", "⠶"]
        gate.set()
        await app.until_idle()
        assert "two done two" in app.text
        first = next(c for c in app.store.conversations() if c.title == "First")
        assert first.unread
        assert app.store.branch_messages(first.id)[-1].content == "one done one"


async def test_a_conversation_that_streams_can_be_left_and_opened_again(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with running_app(ScriptedProvider(["begin ", gate, "end"]), tmp_path) as app:
        await app.send("First")
        await app.until(lambda: "begin" in app.text)
        first = app.chat.session.conversation_id
        assert first is not None
        await app.press("ctrl+n")
        app.chat.controllers.opener.switch_to(first)
        await app.until(lambda: "begin" in app.text)
        gate.set()
        await app.until(lambda: "begin end" in app.text)
        await app.until_idle()


async def test_a_failure_before_any_text_gives_the_prompt_back(tmp_path: Path) -> None:
    provider = ScriptedProvider([NetworkError("No connection.")], ["Now it works."])
    async with running_app(provider, tmp_path) as app:
        await app.send("Precious words")
        await app.until_idle()
        assert "No connection. Check the network" in app.text
        assert app.chat.composer.text == "Precious words"
        await app.press("enter")
        await app.until_idle()
        assert "Now it works." in app.text
        assert app.text.count("Precious words") == 1
        conversation = app.chat.session.conversation
        assert conversation is not None
        roles = [m.role for m in app.store.messages(conversation.id)]
        assert roles == ["user", "assistant", "assistant"]


async def test_a_failure_after_text_keeps_it_and_says_why(tmp_path: Path) -> None:
    provider = ScriptedProvider(["Part of it", NetworkError("The line broke.")], ["All of it"])
    async with running_app(provider, tmp_path) as app:
        await app.send("Go")
        await app.until_idle()
        assert "Part of it" in app.text
        assert "Incomplete. The line broke." in app.text
        await app.press("enter")
        await app.until_idle()
        assert "All of it" in app.text
        assert "Part of it" not in app.text


async def test_a_rewritten_reply_is_shown_as_it_was_rewritten(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["Wrong", TextReplaced("Right")]), tmp_path) as app:
        await app.send("Go")
        await app.until_idle()
        assert "Right" in app.text
        assert "Wrong" not in app.text


async def test_the_status_line_tells_what_happens(tmp_path: Path) -> None:
    gate, other = asyncio.Event(), asyncio.Event()
    script = [
        PhaseChanged(Phase.SIGNING_IN),
        gate,
        PhaseChanged(Phase.RETRYING, wait_s=7.0, reason="Too many requests."),
        other,
        "text",
    ]
    async with running_app(ScriptedProvider(script), tmp_path) as app:
        status = app.chat.query_one("#status")
        await app.send("Go")
        await app.until(lambda: "signing in" in status.left.plain)  # type: ignore[attr-defined]
        gate.set()
        await app.until(lambda: "Too many requests. · trying again in 7 s" in status.left.plain)  # type: ignore[attr-defined]
        other.set()
        await app.until_idle()
        await app.until(lambda: status.left.plain.startswith("about 1 token"))  # type: ignore[attr-defined]


async def test_a_prompt_that_cannot_be_stored_is_not_sent_and_not_lost(tmp_path: Path) -> None:
    provider = ScriptedProvider(["never"])
    async with running_app(provider, tmp_path) as app:

        def refuse(*_: object, **__: object) -> None:
            raise StoreFullError("No space is left.")

        app.store.open_turn = refuse  # type: ignore[method-assign, assignment]
        await app.send("Keep me")
        await app.until(lambda: app.chat.composer.text == "Keep me")
        assert provider.requests == []


async def test_quitting_while_a_reply_streams_keeps_it(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with running_app(ScriptedProvider(["Half", gate]), tmp_path) as app:
        await app.send("Go")
        await app.until(lambda: "Half" in app.text)
        await app.press("ctrl+q")
        await app.until(lambda: app.app._exit)
    with Store.open(paths_in(tmp_path).database) as store:
        [conversation] = store.conversations()
        reply = store.messages(conversation.id)[-1]
        assert (reply.content, reply.status) == ("Half", Status.STOPPED)


async def test_a_draft_is_there_again_after_a_restart(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.send("First")
        await app.until_idle()
        app.chat.composer.insert_text("not sent yet")
        await app.press("ctrl+q")
        await app.until(lambda: app.app._exit)
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        assert app.chat.composer.text == "not sent yet"


async def test_markup_and_controls_of_a_server_stay_text(tmp_path: Path) -> None:
    hostile = "[/nope] [@click=app.quit]x[/] \x1b]52;c;aGk=\x07 \x9b2J"
    async with running_app(ScriptedProvider([hostile]), tmp_path) as app:
        await app.send(hostile.replace("\x1b", ""))
        await app.until_idle()
        assert "[/nope] [@click=app.quit]x[/]" in app.text
        assert "\x1b" not in app.text
        assert "\x9b" not in app.text
        assert "␛]52;c;aGk=␇" in app.text


async def test_frames_that_a_hanging_terminal_does_not_take_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[object] = []
    monkeypatch.setattr(App, "_display", lambda _app, _screen, frame: painted.append(frame))
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.press("a")
        await app.until(lambda: painted)
        app.app._driver.backlog = MOST_FRAMES  # type: ignore[union-attr]
        painted.clear()
        await app.press("b", "c")
        assert app.chat.composer.text == "abc"
        assert painted == []
        app.app._driver.backlog = 0  # type: ignore[union-attr]
        await app.until(lambda: painted)
        assert app.app._repaint is None
