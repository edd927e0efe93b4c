"""A long paste folds to a one-line label, and none of it is lost however it leaves the composer."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events

from gptalk_client.errors import NetworkError
from gptalk_client.store.store import Store
from gptalk_tui.terminal.input_reader import InputReader
from gptalk_tui.widgets.composer_folds import Folds, size_title
from support.apps import Running, paths_in, running_app
from support.scripted_provider import ScriptedProvider

LONG = "".join(f"line {number} of a log\n" for number in range(1_024))
OTHER = "x" * 3_000


async def paste(app: Running, text: str) -> None:
    app.chat.composer.post_message(events.Paste(text))
    await app.pilot.pause()


def shown(app: Running) -> str:
    return app.chat.composer.document.text


def test_a_fold_is_labelled_with_its_size() -> None:
    folds = Folds()
    assert folds.add(LONG) == "[pasted text #1 · 1,024 lines · 18 kB]"
    assert folds.add(OTHER) == "[pasted text #2 · 1 line · 3 kB]"
    assert folds.add(LONG) == "[pasted text #1 · 1,024 lines · 18 kB]"
    assert size_title(1_048_576) == "1.0 MB"


def test_expanded_text_folds_again_and_a_typed_lookalike_stays_text() -> None:
    folds = Folds()
    label = folds.add(LONG)
    text = folds.expand(f"Read {label} please")
    assert text == f"Read {LONG} please"
    assert folds.fold(text) == f"Read {label} please"
    assert folds.fold(f"I typed {label}") == f"I typed {label}"
    assert folds.expand(f"I typed {label}") == f"I typed {label}"


def test_unpasted_text_folds_only_if_very_long() -> None:
    folds = Folds()
    assert folds.fold(LONG[:5_000]) == LONG[:5_000]
    assert folds.fold(LONG) == "[pasted text #1 · 1,024 lines · 18 kB]"


async def test_a_pasted_megabyte_shows_as_one_line_and_is_sent_whole(tmp_path: Path) -> None:
    megabyte = "lorem ipsum dolor sit amet\n" * 38_000
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path) as app:
        await app.press(*"Read:")
        await paste(app, megabyte)
        assert shown(app) == "Read:[pasted text #1 · 38,000 lines · 1.0 MB]"
        await app.press("space", *"now", "enter")
        await app.until_idle()
        assert provider.requests[0].messages[-1]["content"] == f"Read:{megabyte} now"
        assert app.chat.composer.text == ""


async def test_control_characters_in_a_paste_become_symbols(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        await paste(app, "a\x1b]52;c;aGk=\x07b\r\nc\rd")
        assert app.chat.composer.text == "a␛]52;c;aGk=␇b\nc\nd"
        await paste(app, "\x1b" + LONG)
        assert "\x1b" not in app.chat.composer.text


async def test_each_fold_is_moved_over_and_deleted_as_one_character(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        await paste(app, LONG)
        await paste(app, OTHER)
        assert app.chat.composer.text == LONG + OTHER
        await app.press("left")
        assert app.chat.composer.cursor_location == (0, len("[pasted text #1 · 1,024 lines · 18 kB]"))
        await app.press("x")
        assert app.chat.composer.text == LONG + "x" + OTHER
        await app.press("backspace", "backspace")
        assert app.chat.composer.text == OTHER
        await app.press("ctrl+z")
        assert LONG in app.chat.composer.text


async def test_a_fold_can_be_expanded(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        await paste(app, LONG)
        assert app.chat.composer.has_fold
        assert app.chat.composer.unfold()
        assert shown(app) == LONG
        assert not app.chat.composer.has_fold


async def test_a_draft_keeps_folded_text_and_folds_it_again(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.send("First")
        await app.until_idle()
        await paste(app, LONG)
        first = app.chat.session.conversation_id
        assert first is not None
        await app.press("ctrl+n")
        await app.until_idle()
        assert app.store.conversation(first).draft == LONG
        app.chat.controllers.opener.switch_to(first)
        await app.until(lambda: app.chat.composer.text == LONG)
        assert shown(app).startswith("[pasted text #1")
        await app.press("ctrl+q")
        await app.until(lambda: app.app._exit)
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        assert shown(app).startswith("[pasted text #1")
        assert app.chat.composer.text == LONG
    with Store.open(paths_in(tmp_path).database) as store:
        assert store.conversations()[0].draft == LONG


async def test_a_folded_prompt_returns_after_a_failure(tmp_path: Path) -> None:
    provider = ScriptedProvider([NetworkError("No connection.")], ["Now it works."])
    async with running_app(provider, tmp_path) as app:
        await paste(app, LONG)
        await app.press("enter")
        await app.until_idle()
        await app.until(lambda: app.chat.composer.text == LONG)
        assert shown(app).startswith("[pasted text #1")
        await app.press("enter")
        await app.until_idle()
        conversation = app.chat.session.conversation
        assert conversation is not None
        assert [m.role for m in app.store.messages(conversation.id)] == ["user", "assistant", "assistant"]


@pytest.mark.parametrize("sequence", ["\x1b[27;2;13~", "\x1b[13;2u"])
async def test_shift_enter_inserts_a_new_line_in_any_terminal(tmp_path: Path, sequence: str) -> None:
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path) as app:
        [key] = list(InputReader(lambda _: False).feed(sequence))
        assert isinstance(key, events.Key)
        app.chat.composer.insert_text("a")
        app.chat.composer.post_message(key)
        await app.pilot.pause()
        await app.press("b")
        assert app.chat.composer.text == "a\nb"
        assert provider.requests == []


async def test_the_terminal_cursor_follows_the_caret(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        composer = app.chat.composer
        await app.press(*"ab日")
        for keys in ([], ["ctrl+j"], ["c"], ["left"], ["ctrl+l"]):
            await app.press(*keys)
            await app.pilot.pause()
            x, y, _, _ = composer.content_region
            row, column = composer.cursor_location
            cells = 4 if row == 0 else column
            assert app.app.cursor_position == (x + cells, y + row), keys
