"""Earlier prompts come back, what was typed is never lost, and Ctrl+C only ever takes the gentlest step."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gptalk_tui.dialogs.picker import PickerScreen
from gptalk_tui.widgets.row_list import RowList
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider


async def talk(app: Running, *prompts: str) -> None:
    for prompt in prompts:
        await app.send(prompt)
        await app.until_idle()


async def test_up_and_down_walk_earlier_prompts_and_give_back_what_was_typed(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await talk(app, "first", "second\nwith two lines", "third")
        await app.press(*"mine")
        seen = []
        for key in ("up", "up", "up", "up", "down", "down", "down", "down", "down"):
            await app.press(key)
            await app.pilot.pause()
            seen.append(app.chat.composer.text)
        two = "second\nwith two lines"
        assert seen == ["third", two, "first", "first", two, "third", "mine", "mine", "mine"]


async def test_a_changed_earlier_prompt_is_what_is_typed_now(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await talk(app, "first", "second")
        await app.press("up", "up", *" more")
        assert app.chat.composer.text == "first more"
        await app.press("up")
        await app.until(lambda: app.chat.composer.text == "second")
        await app.press("down")
        await app.until(lambda: app.chat.composer.text == "first more")


async def test_more_prompts_than_a_page_are_walked(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        conversation = app.store.create_conversation()
        for number in range(70):
            app.store.open_turn(conversation.id, f"prompt {number}")
        await app.press(*["up"] * 80)
        await app.until(lambda: app.chat.composer.text == "prompt 0")


async def test_ctrl_r_finds_an_earlier_prompt_as_one_types(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await talk(app, "A story about a whale", "Ёлка в лесу", "Something else")
        await app.press(*"half", "ctrl+r")
        assert isinstance(app.app.screen, PickerScreen)
        rows = app.app.screen.query_one(RowList)
        await app.until(lambda: len(rows.rows) == 3)
        await app.press(*"елка")
        await app.until(lambda: [row.text for row in rows.rows] == ["Ёлка в лесу"])
        await app.press("enter")
        await app.until(lambda: app.chat.composer.text == "Ёлка в лесу")
        assert app.chat.composer.has_focus
        await app.press("ctrl+z")
        assert app.chat.composer.text == "half"


async def test_ctrl_r_takes_any_input(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await talk(app, 'say "NEAR(" -x')
        await app.press("ctrl+r")
        await app.press(*'"NEAR( -')
        rows = app.app.screen.query_one(RowList)
        await app.until(lambda: len(rows.rows) == 1)
        await app.press(*"zzz")
        await app.until(lambda: not rows.rows)
        await app.press("enter", "escape")
        assert app.app.screen is app.chat


async def test_ctrl_c_puts_the_text_aside_and_up_or_undo_bring_it_back(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.press(*"precious", "ctrl+c")
        assert app.chat.composer.text == ""
        await app.press("up")
        await app.until(lambda: app.chat.composer.text == "precious")
        await app.press("ctrl+c")
        assert app.chat.composer.text == ""
        await app.press("ctrl+z")
        assert app.chat.composer.text == "precious"


async def test_ctrl_c_stops_the_reply_before_it_touches_the_text(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with running_app(ScriptedProvider(["begin", gate]), tmp_path) as app:
        await app.send("Go")
        await app.until(lambda: "begin" in app.text)
        await app.press(*"next", "ctrl+c")
        await app.until_idle()
        assert "Stopped." in app.text
        assert app.chat.composer.text == "next"


async def test_ctrl_c_copies_a_selection_first(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.press(*"some words", "ctrl+shift+left", "ctrl+c")
        await app.until(lambda: app.app.clipboard == "words")
        assert app.chat.composer.text == "some words"


async def test_ctrl_c_never_quits_and_says_what_does(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.press("ctrl+c")
        assert not app.app._notifications
        await app.press("ctrl+c")
        assert [each.message for each in app.app._notifications] == ["Ctrl+Q quits."]
        assert app.app.is_running
        assert not app.app._exit


async def test_what_was_put_aside_is_the_draft(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await talk(app, "first")
        await app.press(*"precious", "ctrl+c", "ctrl+q")
        await app.until(lambda: app.app._exit)
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        assert app.chat.composer.text == "precious"


async def test_what_was_typed_in_a_new_conversation_is_kept_with_it(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await talk(app, "first")
        first = app.chat.session.conversation_id
        assert first is not None
        await app.press("ctrl+n", *"half a thought")
        app.chat.controllers.opener.switch_to(first)
        await app.until(lambda: [each.draft for each in app.store.conversations()] == ["half a thought", ""])
        await app.press("ctrl+n", "ctrl+n", "space", "ctrl+n")
        await app.pilot.pause()
        assert len(app.store.conversations()) == 2
        await app.press(*"more", "ctrl+q")
        await app.until(lambda: app.app._exit)
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        assert app.chat.composer.text == "more"
