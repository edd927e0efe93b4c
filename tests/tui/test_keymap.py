"""Keys come from one table and can be changed; whatever names a key names the one that works."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from textual.widgets import Static

from gptalk_client.errors import NetworkError
from gptalk_client.paths import Paths
from gptalk_client.settings import Settings
from gptalk_client.store.store import Store
from gptalk_tui.actions import ACTION_OF, ACTIONS, Scope
from gptalk_tui.chat.footer import footer as footer_of
from gptalk_tui.chat.footer import hints_for
from gptalk_tui.chat.services import ways
from gptalk_tui.dialogs.help import HelpScreen, help_text
from gptalk_tui.dialogs.picker import PickerScreen
from gptalk_tui.dialogs.settings import SettingsScreen
from gptalk_tui.factory import open_store
from gptalk_tui.keymap import KeyMap, key_name, key_title
from gptalk_tui.widgets.bar import Bar
from gptalk_tui.widgets.row_list import RowList
from support.apps import Running, paths_in, running_app
from support.scripted_provider import ScriptedProvider


def remapped(**keys: str) -> Settings:
    return Settings(provider="gptalk", keys={name.replace("__", "."): key for name, key in keys.items()})


def footer(app: Running) -> str:
    return app.chat.query_one("#footer", Bar).left.plain


@pytest.mark.parametrize(
    ("written", "name", "title"),
    [
        ("Ctrl+N", "ctrl+n", "Ctrl+N"),
        (" shift+ctrl+Left ", "ctrl+shift+left", "Ctrl+Shift+Left"),
        ("?", "question_mark", "?"),
        ("[", "left_square_bracket", "["),
        ("ctrl++", "ctrl+plus", "Ctrl++"),
        ("N", "N", "N"),
        ("PgUp", "pageup", "PgUp"),
        ("esc", "escape", "Esc"),
        ("comma", "comma", "Comma"),
        ("F12", "f12", "F12"),
        ("ж", "ж", "ж"),
    ],
)
def test_a_key_is_read_as_people_write_it(written: str, name: str, title: str) -> None:
    assert key_name(written) == name
    assert key_title(name) == title


@pytest.mark.parametrize("written", ["ctrl+foo", "f99", "super+x", "ctrl+", "n n", "\x01"])
def test_what_is_no_key_is_told(written: str) -> None:
    with pytest.raises(ValueError, match=re.escape(written)):
        key_name(written)
    keys = KeyMap({"app.theme": f"{written},f5"})
    assert keys.keys(ACTION_OF["app.theme"]) == ("f5",)
    words = f'"{written.strip()}" is no key, so it is not given to app.theme.'
    assert keys.complaints() == [("app.theme", words)]


def test_the_table_itself_is_without_fault() -> None:
    assert KeyMap().complaints() == []
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    commands = [action.command for action in ACTIONS if action.command is not None]
    assert len(set(commands)) == len(commands)


def test_a_clash_names_both_actions() -> None:
    keys = KeyMap(
        {
            "conversation.new": "ctrl+s",
            "no.such": "f9",
            "message.copy": "F1",  # on a message the key of all places is heard too
            "message.edit": "j",  # so are those of reading
            "conversation.pin": "y",  # which the list's filter would take
            "app.theme": "ctrl+m",
            "list.trash": "ctrl+w",
        }
    )
    assert keys.complaints() == [
        ("no.such", 'There is no action "no.such".'),
        (
            "conversation.pin",
            "conversation.pin: y is typed as text; add a key with Ctrl or Alt, or F1 to F12.",
        ),
        ("list.trash", "list.trash: in the composer Ctrl+W stays “Delete a word left”."),
        ("app.theme", "app.theme: a terminal sends Ctrl+M as Enter."),
        ("conversation.new", "Ctrl+S is given to both conversation.new and conversation.switch."),
        ("message.copy", "F1 is given to both app.help and message.copy."),
        ("message.edit", "j is given to both reading.down and message.edit."),
    ]


async def test_a_clash_is_reported_at_the_start(tmp_path: Path) -> None:
    settings = remapped(conversation__new="ctrl+s")
    async with running_app(ScriptedProvider([]), tmp_path, settings=settings) as app:
        words = "Ctrl+S is given to both conversation.new and conversation.switch."
        assert [each.message for each in app.app._notifications] == [words]
        app.chat.say("Something newer.")
        await app.until(lambda: [each.message for each in app.app._notifications] == ["Something newer."])


async def test_what_is_wrong_at_the_start_is_one_notice_that_goes_with_the_next_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(paths: Paths) -> Store:
        store = open_store(paths)
        store.notices.append("The disk is slow.")
        return store

    monkeypatch.setattr("gptalk_tui.factory.open_store", opened)
    with Store.open(paths_in(tmp_path).database) as store:
        store.create_conversation(title="from before")
    settings = remapped(conversation__new="ctrl+s")
    async with running_app(ScriptedProvider(["ok"]), tmp_path, settings=settings) as app:
        [notice] = app.app._notifications
        assert notice.message.startswith("Ctrl+S is given to both")
        assert notice.message.endswith("The disk is slow.")
        await app.send("Go")
        await app.until_idle()
        assert not app.app._notifications


async def test_keys_can_be_changed_added_and_taken_away(tmp_path: Path) -> None:
    settings = remapped(conversation__new="F5", app__theme="alt+t", message__copy="", reading__down="w")
    async with running_app(ScriptedProvider(["ok"]), tmp_path, settings=settings) as app:
        await app.send("Go")
        await app.until_idle()
        await app.press("alt+t")
        await app.until(lambda: isinstance(app.app.screen, PickerScreen))
        await app.press("escape", "ctrl+n")
        assert app.chat.session.conversation is not None
        await app.press("alt+up", "w", "y")
        assert app.chat.composer.text == "y"
        assert app.app.clipboard == ""
        await app.press("f5")
        assert app.chat.session.conversation is None


async def test_enter_can_begin_a_line_and_another_key_send(tmp_path: Path) -> None:
    settings = remapped(turn__send="alt+s", prompt__new_line="enter")
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path, settings=settings) as app:
        await app.press("a", "enter", "b")
        assert app.chat.composer.text == "a\nb"
        assert footer(app).startswith("Alt+S send")
        await app.press("alt+s")
        await app.until_idle()
        assert provider.requests[0].messages[-1]["content"] == "a\nb"


async def test_whatever_names_a_key_names_the_changed_one(tmp_path: Path) -> None:
    settings = remapped(conversation__new="f5", app__palette="alt+p", app__help="")
    async with running_app(ScriptedProvider(["ok"]), tmp_path, size=(160, 50), settings=settings) as app:
        welcome = str(app.chat.query_one("#welcome", Static).content)
        assert "Alt+P" in welcome
        assert "F1" not in welcome
        assert "F5 new" in footer(app)
        assert "Alt+P commands" in footer(app)
        assert "help" not in footer(app)
        await app.press("alt+p")
        rows = app.app.screen.query_one(RowList).rows
        assert [row.right for row in rows if row.key in ("conversation.new", "app.help")] == ["F5", ""]
        assert "F5" in help_text(app.chat.keys, Scope.COMPOSER, 80).plain
        assert "Ctrl+N" not in help_text(app.chat.keys, Scope.COMPOSER, 80).plain


async def test_the_footer_is_never_cut(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        hints = hints_for(app.chat.controllers.commands.hinted(), app.chat.keys)
        for width in range(1, 140):
            shown, spots = footer_of(hints, width)
            assert shown.cell_length <= max(0, width - 2)
            assert all(shown.plain[spot.start : spot.end].strip() for spot in spots)
        assert shown.plain.startswith("Enter send   Ctrl+N new   ")


async def test_a_narrow_footer_keeps_the_commands_and_help(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["a whale"]), tmp_path, size=(40, 12)) as app:
        assert footer(app) == "Enter send   Ctrl+P commands   F1 help"
        await app.send("Go")
        await app.until_idle()
        await app.press("alt+up")
        assert footer(app) == "Esc back   Ctrl+P commands   F1 help"
        await app.press("ctrl+s")
        await app.until(lambda: footer(app) == "Enter open   Ctrl+P commands   F1 help")


@pytest.mark.parametrize(
    ("columns", "keys"),
    [
        (40, "Tab all   Esc close   F1 help"),
        (58, "Enter read   Down next   Tab all   Esc close   F1 help"),
        (120, "Enter read   Down next   Up before   Tab all conversations   Esc close   F1 help"),
    ],
)
async def test_the_find_bars_footer_keeps_help_and_the_way_to_all_conversations(
    tmp_path: Path, columns: int, keys: str
) -> None:
    async with running_app(ScriptedProvider(["a whale"]), tmp_path, size=(columns, 24)) as app:
        await app.send("Go")
        await app.until_idle()
        await app.press("ctrl+f")
        await app.until(lambda: footer(app) == keys)
        x = footer(app).index("F1 help") + 4
        await app.pilot.click("#footer", offset=(x, 0))
        await app.until(lambda: isinstance(app.app.screen, HelpScreen))


async def test_a_click_on_a_key_of_the_footer_presses_it(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["a whale"]), tmp_path, size=(120, 30)) as app:
        await app.send("Go")
        await app.until_idle()
        await app.press("alt+up")
        x = footer(app).index("Esc back") + 5
        await app.pilot.click("#footer", offset=(x, 0))
        await app.until(lambda: footer(app).startswith("Enter send"))
        x = footer(app).index("commands") + 5
        await app.pilot.click("#footer", offset=(x, 0))
        await app.until(lambda: isinstance(app.app.screen, PickerScreen))


async def test_status_and_toasts_name_the_changed_keys(tmp_path: Path) -> None:
    settings = remapped(
        turn__send="alt+s",
        turn__stop="f9",
        transcript__end="f12",
        message__edit="f10",
        message__regenerate="f3",
    )
    gate = asyncio.Event()
    provider = ScriptedProvider(["one " * 999], [NetworkError("No.")], ["two", gate])

    def status() -> str:
        bar = app.chat.query_one("#status", Bar)
        return f"{bar.left.plain}|{bar.right.plain}"

    def said() -> str:
        return "\n".join(str(each.message) for each in app.app._notifications)

    async with running_app(provider, tmp_path, settings=settings) as app:
        await app.press(*"one", "alt+s")
        await app.until_idle()
        await app.press("alt+up", "left_square_bracket")
        assert "This message has no other version. F10 or F3 makes one." in said()
        await app.press("home")
        assert "F12 follows the newest text" in status()
        await app.press("f10")
        assert "Alt+S sends it as a new branch" in status()
        await app.press("escape", *"two", "alt+s")
        await app.until_idle()
        assert "Alt+S tries again" in status()
        await app.press("ctrl+u")
        assert "Alt+S in the empty composer asks again" in status()
        await app.press("alt+s")
        await app.until(lambda: app.chat.session.is_replying and provider.at_gate.is_set())
        await app.press("alt+up", "f3")
        assert "Still replying. F9 stops it." in said()
        gate.set()


def test_the_ways_out_of_an_error_name_the_changed_keys() -> None:
    told = " ".join(ways(KeyMap({"conversation.settings": "f5", "message.fork": "x"})).values())
    assert "F5 changes it." in told
    assert "x on a message forks" in told
    assert "Ctrl+T" not in told


async def test_the_settings_are_saved_with_the_key_that_opens_them(tmp_path: Path) -> None:
    settings = remapped(conversation__settings="alt+m")
    async with running_app(ScriptedProvider(["ok"]), tmp_path, settings=settings) as app:
        await app.press("alt+m")
        await app.until(lambda: isinstance(app.app.screen, SettingsScreen))
        await app.press("ctrl+t")
        assert isinstance(app.app.screen, SettingsScreen)
        await app.press("alt+m")
        await app.until(lambda: app.app.screen is app.chat)


async def test_the_footer_shows_what_works_where_the_focus_is(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["a whale"]), tmp_path, size=(160, 50)) as app:
        await app.send("Go")
        await app.until_idle()
        await app.press("ctrl+f", *"whale")
        assert footer(app).startswith("Enter read   Down next")
        await app.press("enter")
        await app.until(
            lambda: footer(app).startswith("Esc close find   / find   n next match   N match before")
        )
        await app.press("alt+up")
        await app.until(lambda: footer(app).startswith("Esc close find   y copy"))
        await app.press("ctrl+s")
        await app.until(lambda: footer(app).startswith("Enter open   Esc back   F4 pin"))
        await app.press("escape")
        await app.until(lambda: footer(app).startswith("Enter send"))


async def test_help_begins_with_what_has_the_focus(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.send("Go")
        await app.until_idle()
        for keys, heading in (
            (["f1"], "In the composer"),
            (["alt+up", "?"], "On a message"),
            (["ctrl+s", "f1"], "In the list"),
        ):
            await app.press(*keys)
            await app.until(lambda: len(app.app.screen.query("#help-text")))
            shown = app.app.screen.query_one("#help-text", Static)
            await app.until(lambda shown=shown: str(shown.content))
            assert str(shown.content).startswith(heading)
            await app.press("escape")
            await app.until(lambda: app.app.screen is app.chat)


def test_help_fits_its_width() -> None:
    for width in (20, 34, 60, 90):
        lines = help_text(KeyMap(), Scope.COMPOSER, width).plain.split("\n")
        told = [line for line in lines if line.startswith("  ")]
        assert told
        assert max(len(line) for line in told) <= max(width, 21)


async def test_undo_in_an_empty_composer_is_meant_for_the_conversation(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.send("Go")
        await app.until_idle()
        await app.send("/delete")
        await app.until(lambda: len(app.chat.transcript.document.entries) == 1)
        app.chat.composer.set_text("")
        said = [each.message for each in app.app._notifications]
        await app.press("ctrl+z")
        await app.until(lambda: len(app.chat.transcript.document.entries) == 2)
        assert said == ["Deleted the message. Ctrl+Z undoes it."]
