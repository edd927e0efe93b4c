"""Editing, asking again, walking versions, forking and deleting: nothing is overwritten."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gptalk_client.errors import NetworkError, StoreFullError
from gptalk_client.store.store import Store
from support.apps import Running, paths_in, running_app
from support.scripted_provider import ScriptedProvider

LONG = "\n\n".join(f"Paragraph {number}." for number in range(60))


async def talk(app: Running, *prompts: str) -> None:
    for prompt in prompts:
        await app.send(prompt)
        await app.until_idle()


def status(app: Running) -> str:
    plain: str = app.chat.query_one("#status").left.plain  # type: ignore[attr-defined]
    return plain


def said(app: Running) -> str:
    return "\n".join(str(notification.message) for notification in app.app._notifications)


def contents(app: Running) -> list[str]:
    conversation = app.chat.session.conversation
    assert conversation is not None
    return [message.content for message in app.store.messages(conversation.id)]


async def test_an_edited_message_becomes_a_branch_and_the_old_one_stays(tmp_path: Path) -> None:
    provider = ScriptedProvider(["answer one"], ["answer two"], ["answer three"])
    async with running_app(provider, tmp_path) as app:
        await talk(app, "first", "second")
        await app.press("alt+up", "alt+up", "e")
        assert app.chat.composer.has_focus
        assert app.chat.composer.text == "second"
        assert "editing an earlier message" in status(app)
        await app.press(*" try")
        await app.press("enter")
        await app.until_idle()
        assert "▌ second try" in app.text
        assert "2/2" in app.text
        assert "answer two" not in app.text
        assert app.chat.composer.text == ""
        assert contents(app) == ["first", "answer one", "second", "answer two", "second try", "answer three"]
        assert [m["content"] for m in provider.requests[-1].messages] == ["first", "answer one", "second try"]


async def test_the_first_message_can_be_edited_too(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["one"], ["two"]), tmp_path) as app:
        await talk(app, "first")
        await app.press("alt+up", "e")  # on the reply: its prompt
        await app.press(*"!", "enter")
        await app.until_idle()
        assert "▌ first!" in app.text
        assert "▌ first\n" not in app.text + "\n"
        conversation = app.chat.session.conversation
        assert conversation is not None
        assert [m.parent_id for m in app.store.messages(conversation.id)].count(None) == 2


async def test_an_edit_that_is_sent_from_another_branch_shows_its_own_branch_whole(tmp_path: Path) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["one"], ["two"], ["three"], ["fo", gate, "ur"])
    async with running_app(provider, tmp_path) as app:
        await talk(app, "first", "second")
        await app.press(*["alt+up"] * 4, "e", "!", "enter")
        await app.until_idle()
        await app.press("alt+up", "alt+up", "left_square_bracket", "alt+down", "alt+down", "e", "?")
        await app.press(*["alt+up"] * 4, "right_square_bracket")
        assert "█ first!" in app.text
        app.chat.composer.focus()
        await app.press("enter")
        await app.until(lambda: "    fo" in app.lines)
        assert "▌ first\n" in app.text
        assert "▌ second?" in app.text
        assert app.chat.transcript.is_following
        gate.set()
        await app.until_idle()
        assert "    four" in app.lines
        assert [m["content"] for m in provider.requests[-1].messages] == ["first", "one", "second?"]


async def test_a_prompt_that_came_back_is_answered_on_its_own_branch(tmp_path: Path) -> None:
    provider = ScriptedProvider(["one"], ["two"], [NetworkError("No connection.")], ["four"])
    async with running_app(provider, tmp_path) as app:
        await talk(app, "first")
        await app.press("alt+up", "alt+up", "e", "!", "enter")
        await app.until_idle()
        await app.press("alt+up", "alt+up", "left_square_bracket")
        app.chat.composer.focus()
        await talk(app, "second")
        assert app.chat.composer.text == "second"
        await app.press(*["alt+up"] * 4, "right_square_bracket")
        assert "█ first!" in app.text
        app.chat.composer.focus()
        await app.press("enter")
        await app.until_idle()
        await app.until(lambda: "    four" in app.lines)
        assert "▌ first\n" in app.text
        assert [line for line in app.lines if "/" in line] == ["    ‹ 1/2 ›  ] newer", "    ‹ 2/2 ›  [ older"]


@pytest.mark.parametrize(("typed", "left"), [("", "mine"), ("?", "mine\n\nsecond?")])
async def test_an_edit_whose_message_is_deleted_becomes_a_prompt_of_its_own(
    tmp_path: Path, typed: str, left: str
) -> None:
    async with running_app(ScriptedProvider(["one"], ["two"], ["three"]), tmp_path) as app:
        await talk(app, "first", "second")
        await app.press(*"mine", "alt+up", "alt+up", "e", *typed)
        await app.press("tab", "d")
        await app.until(lambda: app.chat.session.edit is None)
        assert app.chat.composer.text == left
        assert status(app).endswith("about 1 token")
        app.chat.composer.focus()
        await app.press("enter")
        await app.until_idle()
        assert "three" in app.text
        assert contents(app) == ["first", "one", left, "three"]


async def test_a_prompt_that_came_back_can_be_sent_after_its_message_was_deleted(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["one"], [NetworkError("No.")], ["three"]), tmp_path) as app:
        await talk(app, "first", "second")
        assert app.chat.composer.text == "second"
        await app.press("alt+up", "alt+up", "d")
        await app.until(lambda: app.chat.session.returned is None)
        app.chat.composer.focus()
        await app.press("enter")
        await app.until_idle()
        assert contents(app) == ["first", "one", "second", "three"]


async def test_escape_leaves_the_edit_and_gives_the_draft_back(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["one"]), tmp_path) as app:
        await talk(app, "first")
        await app.press(*"a draft", "alt+up", "e", "x", "escape")
        assert app.chat.composer.text == "a draft"
        assert status(app).startswith("about 1 token")
        await app.chat.controllers.undo.run()
        assert app.chat.composer.text == "firstx"
        await app.press("escape")
        assert app.chat.composer.text == "a draft"


async def test_what_was_edited_and_not_sent_is_kept_as_a_draft(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["one"]), tmp_path) as app:
        await talk(app, "first")
        await app.press(*"mine", "alt+up", "e", "x", "ctrl+q")
        await app.until(lambda: app.app._exit)
    with Store.open(paths_in(tmp_path).database) as store:
        assert store.conversations()[0].draft == "mine\n\nfirstx"


async def test_an_untouched_edit_does_not_replace_the_draft(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["one"]), tmp_path) as app:
        await talk(app, "first")
        await app.press(*"mine", "alt+up", "e", "ctrl+n")
        assert app.chat.session.edit is None
        await app.until_idle()
        assert app.store.conversations()[0].draft == "mine"


async def test_an_edit_that_cannot_be_stored_stays_an_edit(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["one"]), tmp_path) as app:
        await talk(app, "first")

        def refuse(*_: object, **__: object) -> None:
            raise StoreFullError("No space is left.")

        app.store.open_turn = refuse  # type: ignore[method-assign, assignment]
        await app.press("alt+up", "e", "x", "enter")
        await app.until(lambda: app.chat.composer.text == "firstx")
        assert app.chat.session.edit is not None
        assert app.chat.session.edit.message.content == "first"


async def test_an_edit_that_fails_before_any_text_can_be_sent_again(tmp_path: Path) -> None:
    provider = ScriptedProvider(["one"], [NetworkError("No connection.")], ["two"])
    async with running_app(provider, tmp_path) as app:
        await talk(app, "first")
        await app.press("alt+up", "e", "x", "enter")
        await app.until_idle()
        assert app.chat.composer.text == "firstx"
        await app.press("enter")
        await app.until_idle()
        assert "two" in app.text
        assert contents(app) == ["first", "one", "firstx", "", "two"]


async def test_regenerating_adds_a_version_and_the_old_one_can_be_seen(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["one"], ["two"], ["three"]), tmp_path) as app:
        await talk(app, "first")
        for text, place in (("two", "2/2"), ("three", "3/3")):
            await app.press("alt+up", "r")
            await app.until_idle()
            assert text in app.text
            assert place in app.text
        assert app.chat.transcript.chosen == 1
        await app.press("left_square_bracket")
        assert "two" in app.text
        assert "2/3" in app.text
        await app.press("left_square_bracket", "left_square_bracket")
        assert "one" in app.text
        assert "1/3" in app.text
        assert "This is the oldest of 3 versions." in said(app)
        await app.press("right_square_bracket")
        assert "2/3" in app.text
        assert app.chat.transcript.chosen == 1


async def test_regenerate_on_a_prompt_answers_it_again(tmp_path: Path) -> None:
    provider = ScriptedProvider(["one"], ["two"], ["new one"])
    async with running_app(provider, tmp_path) as app:
        await talk(app, "first", "second")
        await app.press("alt+up", "alt+up", "alt+up", "alt+up", "r")
        await app.until_idle()
        assert "new one" in app.text
        assert "second" not in app.text
        assert [m["content"] for m in provider.requests[-1].messages] == ["first"]
        await app.press("left_square_bracket")
        assert "second" in app.text  # the branch below the older version is back as it was


async def test_a_conversation_reopens_on_the_branch_it_was_left_on(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["one"], ["two"]), tmp_path) as app:
        await talk(app, "first")
        await app.press("alt+up", "r")
        await app.until_idle()
        await app.press("left_square_bracket")
        assert "one" in app.text
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        assert "one" in app.text
        assert "1/2" in app.text


async def test_walking_keeps_the_place_on_screen(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([LONG], ["short"], [LONG + "\n\nmore"]), tmp_path) as app:
        await talk(app, "first", "second")
        await app.press("alt+up", "r")
        await app.until_idle()
        await app.press("left_square_bracket")
        y = next(i for i, line in enumerate(app.lines) if "1/2" in line)
        above = app.lines[: y - 1]  # the line between says where the chosen version comes from
        await app.press("right_square_bracket")
        assert "2/2" in app.lines[y]
        assert app.lines[: y - 1] == above


async def test_the_newest_version_of_a_streaming_reply_comes_back_whole(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with running_app(ScriptedProvider(["one"], ["begin ", gate, "end"]), tmp_path) as app:
        await talk(app, "first")
        await app.press("alt+up", "r")
        await app.until(lambda: "begin" in app.text)
        await app.press("left_square_bracket")
        assert "one" in app.text
        assert "begin" not in app.text
        await app.press("right_square_bracket")
        assert "begin" in app.text
        gate.set()
        await app.until(lambda: "begin end" in app.text)
        await app.until_idle()
        assert contents(app) == ["first", "one", "begin end"]


async def test_what_cannot_be_done_while_a_reply_streams_is_said(tmp_path: Path) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["one"], ["begin", gate])
    async with running_app(provider, tmp_path) as app:
        await talk(app, "first")
        await app.send("second")
        await app.until(lambda: "begin" in app.text)
        await app.press("alt+up")
        for key in ("e", "r", "d", "f"):
            app.app.clear_notifications()
            await app.press(key)
            assert "Still replying. Esc stops it." in said(app), key
        assert len(provider.requests) == 2
        assert app.chat.composer.text == ""
        gate.set()
        await app.until_idle()


async def test_a_fork_is_offered_for_all_but_the_reply_that_streams(tmp_path: Path) -> None:
    gate = asyncio.Event()

    def footer() -> str:
        plain: str = app.chat.query_one("#footer").left.plain  # type: ignore[attr-defined]
        return plain

    async with running_app(ScriptedProvider(["one"], ["two", gate, "!"]), tmp_path) as app:
        await talk(app, "first")
        await app.send("second")
        await app.until(lambda: "    two" in app.lines)
        await app.press("alt+up")
        assert "copy" in footer()
        assert "fork" not in footer()
        await app.press("alt+up")
        assert "fork" in footer()
        await app.press("f")
        await app.until(lambda: "Forked into" in said(app))
        assert "▌ second" in app.text
        assert "two" not in app.text
        gate.set()
        await app.until_idle()
        assert "two" not in app.text


async def test_a_fork_is_a_conversation_of_its_own(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["one"], ["two"], ["three"]), tmp_path) as app:
        await talk(app, "first", "second")
        first = app.chat.session.conversation_id
        await app.press("alt+up", "alt+up", "alt+up", "f")
        await app.until(lambda: app.chat.session.conversation_id != first)
        await app.until_idle()
        assert "one" in app.text
        assert "second" not in app.text
        await talk(app, "another way")
        assert contents(app) == ["first", "one", "another way", "three"]
        assert first is not None
        assert [m.content for m in app.store.messages(first)] == ["first", "one", "second", "two"]


async def test_a_deleted_message_comes_back(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["one"], ["two"]), tmp_path) as app:
        await talk(app, "first", "second")
        await app.press("alt+up", "alt+up", "d")
        await app.until_idle()
        assert "second" not in app.text
        assert "one" in app.text
        assert app.chat.transcript.chosen == 1
        assert "Ctrl+Z undoes it" in said(app)
        await app.press("u")
        await app.until_idle()
        assert "█ second" in app.text
        assert "two" in app.text
        assert not app.chat.controllers.undo.has_any


async def test_deleting_everything_shows_the_welcome_and_undo_brings_it_back(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["one"]), tmp_path) as app:
        await talk(app, "first")
        await app.press("alt+up", "alt+up", "d")
        await app.until_idle()
        assert app.chat.query_one("#main").has_class("-empty")
        assert app.chat.composer.has_focus
        await app.chat.controllers.undo.run()
        await app.until(lambda: "█ first" in app.text)


async def test_a_message_without_versions_says_so(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["one"]), tmp_path) as app:
        await talk(app, "first")
        await app.press("alt+up", "left_square_bracket")
        assert "no other version" in said(app)
        assert app.chat.composer.text == ""
