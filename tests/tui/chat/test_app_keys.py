"""Keys do what the table says, wherever the focus is."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from textual import events
from textual.geometry import Size
from textual.widgets import Static

from gptalk_client.settings import Settings
from gptalk_tui.action_words import OTHER_WORDS, WHY_NOT
from gptalk_tui.actions import ACTIONS
from gptalk_tui.chat import navigation
from gptalk_tui.dialogs.confirm import ConfirmScreen
from gptalk_tui.dialogs.export import ExportScreen
from gptalk_tui.dialogs.help import HelpScreen
from gptalk_tui.dialogs.picker import PickerScreen
from gptalk_tui.dialogs.setup import SetupScreen
from gptalk_tui.widgets.row_list import RowList
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider

LONG = "\n\n".join(f"Paragraph {number}." for number in range(60))


async def conversation_with(app: Running, prompt: str) -> None:
    await app.send(prompt)
    await app.until_idle()


@pytest.mark.parametrize("key", ["ctrl+j", "shift+enter"])
async def test_a_new_line_is_made_without_sending(tmp_path: Path, key: str) -> None:
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path) as app:
        await app.press("a", key, "b")
        assert app.chat.composer.text == "a\nb"
        assert app.chat.composer.size.height == 2
        assert provider.requests == []


async def test_a_trailing_backslash_makes_a_new_line(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.press("a", "backslash", "enter", "b")
        assert app.chat.composer.text == "a\nb"


async def test_an_empty_prompt_is_not_sent(tmp_path: Path) -> None:
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path) as app:
        await app.press("space", "enter")
        assert provider.requests == []


async def test_the_list_filters_and_opens(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await conversation_with(app, "Apples")
        await app.press("ctrl+n")
        await conversation_with(app, "Pears")
        await app.press("ctrl+s", *"apPLE")
        await app.until(lambda: [r.text for r in app.chat.list_pane._rows.rows if r.key] == ["Apples"])
        await app.press("enter")
        await app.until(lambda: "▌ Apples" in app.text)
        assert app.chat.composer.has_focus


async def test_escape_leaves_the_list_where_it_was(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path, size=(80, 24)) as app:
        assert not app.chat.list_pane.has_class("-open")
        await app.press("ctrl+s")
        assert app.chat.list_pane.has_class("-open")
        await app.press("escape")
        assert not app.chat.list_pane.has_class("-open")
        assert app.chat.composer.has_focus


async def test_the_list_can_be_hidden_and_shown(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        assert app.chat.list_pane.has_class("-open")
        await app.press("ctrl+l")
        assert not app.chat.list_pane.has_class("-open")
        await app.press("ctrl+l")
        assert app.chat.list_pane.has_class("-open")


async def test_page_keys_scroll_from_the_composer_and_end_follows_again(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([LONG]), tmp_path) as app:
        await conversation_with(app, "Go")
        assert "Paragraph 59." in app.text
        await app.press("pageup", "pageup")
        assert "Paragraph 59." not in app.text
        assert not app.chat.transcript.is_following
        await app.press("end")
        assert "Paragraph 59." in app.text
        assert app.chat.transcript.is_following


async def test_home_and_end_go_to_the_edges_of_the_line_and_then_of_the_conversation(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([LONG]), tmp_path) as app:
        await conversation_with(app, "Go")
        await app.press("a", "b", "home")
        assert app.chat.composer.cursor_location == (0, 0)
        assert "Paragraph 59." in app.text
        await app.press("home")
        assert "▌ Go" in app.text
        await app.press("end")
        assert app.chat.composer.cursor_location == (0, 2)
        assert "▌ Go" in app.text
        await app.press("end")
        assert "Paragraph 59." in app.text


async def test_a_link_is_opened_only_after_its_host_was_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_app(ScriptedProvider(["See [this](https://example.test/a?b)."]), tmp_path) as app:
        opened: list[str] = []
        monkeypatch.setattr(navigation, "open_outside", lambda url, _: opened.append(url))
        await conversation_with(app, "Go")
        y, line = next((y, line) for y, line in enumerate(app.lines) if "this" in line)
        # Not the same cell twice: that might be a double click.
        for x, key, expected in ((0, "n", []), (1, "y", ["https://example.test/a?b"])):
            await app.pilot.click(app.chat.transcript, offset=(line.index("this") + x, y))
            await app.until(lambda: isinstance(app.app.screen, ConfirmScreen))
            title = app.app.screen.query_one(".dialog-title", Static)
            assert str(title.content) == "Open example.test?"
            await app.press(key)
            await app.until(lambda: app.app.screen is app.chat)
            assert opened == expected


@pytest.mark.parametrize(
    ("text", "host", "address"),
    [
        ("[this](https://bank.test@evil.test/x)", "evil.test", "https://bank.test@evil.test/x"),
        ("[this](mailto:me@evil.test?body=x)", "me@evil.test", "mailto:me@evil.test?body=x"),
        (
            "[this](<https://evil.test/&#x202e;&#27;[2J>)",
            "evil.test",
            "https://evil.test/%E2%80%AE&#27;%5B2J",
        ),
        ("http://this@[x/y", "http://this@[x/y", "http://this@[x/y"),
        ("http://this\u202e\x9b2J", "this⟨rlo⟩⟨u+009b⟩2j", "http://this⟨RLO⟩⟨U+009B⟩2J"),
    ],
)
async def test_the_host_of_an_odd_link_is_the_one_that_would_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, host: str, address: str
) -> None:
    async with running_app(ScriptedProvider([f"See {text} there"]), tmp_path) as app:
        opened: list[str] = []
        monkeypatch.setattr(navigation, "open_outside", lambda url, _: opened.append(url))
        await conversation_with(app, "Go")
        y, line = next((y, line) for y, line in enumerate(app.lines) if "this" in line)
        await app.pilot.click(app.chat.transcript, offset=(line.index("this"), y))
        await app.until(lambda: isinstance(app.app.screen, ConfirmScreen))
        assert str(app.app.screen.query_one(".dialog-title", Static).content) == f"Open {host}?"
        assert address in [str(each.content) for each in app.app.screen.query(Static)]
        await app.press("n")
        await app.until(lambda: app.app.screen is app.chat)
        assert opened == []


async def test_links_are_walked_and_opened_by_keyboard_after_the_address_was_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "[one](https://one.test/a) `x` and "
        + "word " * 20
        + "[two words](https://two.test/b) [no](file:///etc)"
    )
    async with running_app(ScriptedProvider([text]), tmp_path, size=(60, 24)) as app:
        opened: list[str] = []
        monkeypatch.setattr(navigation, "open_outside", lambda url, _: opened.append(url))
        await conversation_with(app, "Go")
        await app.press("alt+up", "l")
        assert (app.chat.transcript.selected_text, said(app)) == ("one", "https://one.test/a · o opens it")
        await app.press("l")
        assert (app.chat.transcript.selected_text, said(app)) == (
            "two words",
            "https://two.test/b · o opens it",
        )
        await app.press("o")
        await app.until(lambda: isinstance(app.app.screen, ConfirmScreen))
        assert str(app.app.screen.query_one(".dialog-title", Static).content) == "Open two.test?"
        assert opened == []
        await app.press("y")
        assert opened == ["https://two.test/b"]
        await app.press("l")
        assert said(app) == "https://one.test/a · o opens it"


async def test_an_address_that_no_browser_opens_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_app(ScriptedProvider(["https://one.test/a"]), tmp_path) as app:
        monkeypatch.setattr(navigation, "open_outside", lambda _, failed: failed())
        await conversation_with(app, "Go")
        await app.press("alt+up", "o", "y")
        await app.until(lambda: app.app.clipboard == "https://one.test/a")


def said(app: Running) -> str:
    return next(iter(each.message for each in app.app._notifications), "")


async def test_code_blocks_are_walked_and_copied_by_keyboard(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["```\none\n```\n\n```\ntwo\n```"]), tmp_path) as app:
        await conversation_with(app, "Go")
        await app.press("alt+up", "b", "b", "c")
        await app.until(lambda: app.app.clipboard == "two\n")


async def test_a_paste_outside_a_field_goes_to_the_composer(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await conversation_with(app, "Go")
        await app.press("tab")
        app.app.post_message(events.Paste("two\r\nlines"))
        await app.until(lambda: app.chat.composer.text == "two\nlines")
        assert app.chat.composer.has_focus
        await app.press("ctrl+s")
        app.app.post_message(events.Paste("words"))
        await app.until(lambda: app.chat.list_pane.filter == "words")
        assert app.chat.composer.text == "two\nlines"


async def test_a_letter_outside_a_field_goes_to_the_composer(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([LONG]), tmp_path) as app:
        await conversation_with(app, "Go")
        app.chat.transcript.focus()
        await app.press("j", "w")
        assert app.chat.composer.has_focus
        assert app.chat.composer.text == "w"


async def test_tab_goes_round_composer_transcript_and_list(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([LONG]), tmp_path) as app:
        await conversation_with(app, "Go")
        await app.press("tab")
        assert app.chat.transcript.has_focus
        await app.press("y")
        assert app.app.clipboard == LONG
        await app.press("tab")
        assert app.chat.controllers.sidebar.has_focus
        await app.press("tab")
        assert app.chat.composer.has_focus
        await app.press("shift+tab", "shift+tab")
        assert app.chat.transcript.has_focus
        await app.pilot.resize_terminal(80, 24)
        await app.press("tab")
        assert app.chat.composer.has_focus


async def test_an_empty_picker_says_so(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.press("ctrl+p", *"qqq")
        rows = app.app.screen.query_one(RowList)
        await app.until(lambda: rows.size.height == 1 and "No such command" in rows.render_line(0).text)


async def test_messages_are_walked_and_copied(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["*A reply*"]), tmp_path) as app:
        await conversation_with(app, "Go")
        await app.press("alt+up")
        assert app.chat.transcript.chosen == 1
        await app.press("y")
        assert app.app.clipboard == "*A reply*"
        await app.press("alt+up", "alt+up")
        assert app.chat.transcript.chosen == 0
        await app.press("alt+down", "alt+down")
        assert app.chat.transcript.chosen is None
        assert app.chat.composer.has_focus


async def test_dialogs_open_and_give_the_focus_back(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await conversation_with(app, "Go")
        for key, screen in (("f1", HelpScreen), ("ctrl+p", PickerScreen), ("ctrl+o", ExportScreen)):
            await app.press(key)
            assert isinstance(app.app.screen, screen)
            await app.press("escape")
            assert app.app.screen is app.chat
            assert app.chat.composer.has_focus


@pytest.mark.parametrize(
    ("words", "action_id"),
    [("dark", "app.theme"), ("exit", "app.quit"), ("branch", "message.fork"), ("browser", "link.open")],
)
async def test_commands_are_found_by_other_words_too(tmp_path: Path, words: str, action_id: str) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await conversation_with(app, "Go")
        await app.press("ctrl+p", *words)
        rows = app.app.screen.query_one(RowList).rows
        assert action_id in [row.key for row in rows if not row.is_dim]


async def test_what_is_not_available_is_dimmed_with_the_reason_and_not_carried_out(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.press("ctrl+p", *"regenerate")
        [row] = app.app.screen.query_one(RowList).rows
        assert (row.is_dim, row.detail) == (True, "no messages yet")
        await app.press("enter")
        await app.until(lambda: said(app) == "Regenerate: no messages yet.")
        assert not app.chat.session.turns


async def test_help_is_looked_through_and_dims_what_is_not_available(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path, size=(200, 50)) as app:
        await app.press("f1", *"abort")
        text = app.app.screen.query_one("#help-text", Static)
        await app.until(lambda: "no reply is streaming" in str(text.content))
        assert "Ctrl+Q" not in str(text.content)
        await app.press("escape")
        assert app.chat.composer.text == ""


def test_other_words_and_reasons_are_for_actions_that_there_are() -> None:
    assert {*OTHER_WORDS, *WHY_NOT} - {action.id for action in ACTIONS} == set()


async def test_a_command_of_the_palette_is_carried_out(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await conversation_with(app, "Go")
        await app.press("ctrl+p", *"new conv", "enter")
        await app.until(lambda: app.chat.session.conversation is None)


async def test_export_writes_a_file_and_does_not_overwrite_unasked(tmp_path: Path) -> None:
    target = tmp_path / "out.md"
    async with running_app(ScriptedProvider(["*A reply*"]), tmp_path) as app:
        await conversation_with(app, "Go")
        for text in ("first", "second"):
            await app.press("ctrl+o")
            box = app.app.screen.query_one("#target")
            box.value = str(target)  # type: ignore[attr-defined]
            await app.press("enter")
            if text == "first":
                await app.until(lambda: app.app.screen is app.chat)
                assert "*A reply*" in target.read_text("utf-8")
                target.write_text("mine")
            else:
                await app.until(lambda: "-shown" in app.app.screen.query_one(".dialog-error").classes)
                assert target.read_text("utf-8") == "mine"
                await app.press("enter")
                await app.until(lambda: app.app.screen is app.chat)
                assert "*A reply*" in target.read_text("utf-8")


def highlighted(app: Running) -> str:
    row = app.app.screen.query_one(RowList).highlighted
    return row.key if row else ""


async def test_the_first_start_offers_this_computer_where_the_service_is_out_of_reach(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path, settings=Settings()) as app:
        assert isinstance(app.app.screen, SetupScreen)
        await app.until(lambda: highlighted(app) == "local")
        await app.press("enter")
        await app.until(lambda: app.app.screen is app.chat)
        await app.until(lambda: app.paths.config_file.exists())
        assert 'provider = "local"' in app.paths.config_file.read_text("utf-8")


@pytest.mark.parametrize("size", [(58, 24), (80, 24)])
async def test_the_first_start_shows_each_title_whole_and_nothing_of_the_welcome(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path, settings=Settings(), size=size) as app:
        lines = [strip.text for strip in app.app.screen._compositor.render_strips()]
        assert any(re.search(r"An engine that you run or rent  +Ollama, ", line) for line in lines)
        assert not any("gptalk-tui" in line for line in lines[1:])
        await app.press("escape")
        await app.until(lambda: app.app.screen is app.chat)
        await app.pilot.pause()
        lines = [strip.text for strip in app.app.screen._compositor.render_strips()]
        assert any("gptalk-tui" in line for line in lines[1:])


async def test_on_a_small_screen_choices_and_toasts_can_be_read(tmp_path: Path) -> None:
    words = "A sentence of about fifty letters in which each counts."

    def shown() -> str:
        strips = app.app.screen._compositor.render_strips()
        return " ".join("".join(segment.text for segment in strip).strip(" ▌│") for strip in strips)

    async with running_app(
        ScriptedProvider(["ok"]), tmp_path, settings=Settings(), size=(40, 12), toasts=True
    ) as app:
        assert "This computer" in shown()
        await app.press("escape")
        app.chat.say(words)
        await app.until(lambda: "A sentence" in shown())
        assert "in which each counts." in " ".join(shown().split())


@pytest.mark.parametrize(
    "size", [(200, 50), (80, 24), (60, 20), (40, 12), (10, 5), (6, 20), (4, 12), (3, 3), (2, 30), (1, 1)]
)
async def test_any_size_works(tmp_path: Path, size: tuple[int, int]) -> None:
    async with running_app(ScriptedProvider([LONG]), tmp_path, size=(120, 36)) as app:
        await app.pilot.resize_terminal(*size)
        await conversation_with(app, "Go")
        await app.press("pageup", "ctrl+s", "escape", "alt+up", "ctrl+p", "escape", "f1", "escape")
        await app.press("ctrl+t", "escape", "ctrl+o", "escape")
        await app.pilot.resize_terminal(120, 36)
        await app.pilot.pause()
        assert "Paragraph" in app.text


async def test_a_window_that_grows_goes_on_following_and_a_reader_keeps_the_place(tmp_path: Path) -> None:
    reply = "\n\n".join(f"Paragraph {number} has words enough to fill a line." for number in range(60))
    async with running_app(ScriptedProvider([reply]), tmp_path, size=(105, 20)) as app:
        await conversation_with(app, "Go")
        transcript = app.chat.transcript
        for size in ((61, 38), (105, 20), (40, 45)):
            await app.pilot.resize_terminal(*size)
            await app.until(lambda: transcript.size.height == app.chat.size.height - 6)
            assert transcript.is_following
            assert "Paragraph 59" in app.text
        await app.pilot.resize_terminal(105, 20)
        await app.until(lambda: transcript.size.height == 14)
        await app.press("pageup")
        top = app.lines[0]
        assert "Paragraph" in top
        await app.pilot.resize_terminal(105, 24)
        await app.until(lambda: transcript.size.height == 18)
        assert app.lines[0] == top
        assert not transcript.is_following


async def test_nothing_runs_when_nothing_streams(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with running_app(ScriptedProvider(["text", gate]), tmp_path) as app:
        await app.send("Go")
        await app.until(lambda: app.chat.controllers.bars.is_ticking)
        gate.set()
        await app.until_idle()
        await app.until(lambda: not app.chat.controllers.bars.is_ticking)


async def test_an_older_size_in_the_queue_does_not_win(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path, size=(100, 30)) as app:
        for screen in (app.chat, None):
            if screen is None:
                await app.press("f1")
                screen = app.app.screen
            screen.post_message(events.Resize(Size(1, 1), Size(1, 1)))
            await app.pilot.pause()
            await app.until(lambda screen=screen: screen.size == Size(100, 30))
            assert app.chat.composer.region.bottom == 29


async def test_dialogs_are_of_use_on_a_small_screen(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["a whale"]), tmp_path, size=(40, 12)) as app:
        await conversation_with(app, "Go")
        for keys, wanted in (
            (["ctrl+f", "tab", *"whale"], "#hits"),
            (["ctrl+t", *["tab"] * 12], "#system"),
            (["ctrl+o"], "#target"),
            (["f2"], "Input"),
        ):
            await app.press(*keys)
            await app.until(lambda: app.app.screen is not app.chat)
            field = app.app.screen.query_one(wanted)
            await app.until(lambda field=field: field.region.height > 0 and field.region.bottom <= 12, wanted)
            if wanted == "#hits":
                await app.until(lambda field=field: len(field.rows) == 2)
                assert field.size.height >= 3
            await app.press("escape")
            await app.until(lambda: app.app.screen is app.chat)
