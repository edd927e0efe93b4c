"""The list of conversations by keyboard: rename, pin, archive, trash, restore; and its rows, however many."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from textual.widgets import Input, Static

from gptalk_client.models import Conversation
from gptalk_client.settings import Settings, UiSettings
from gptalk_client.store.store import Store
from gptalk_tui.chat.sidebar import Shown
from gptalk_tui.dialogs.confirm import ConfirmScreen
from gptalk_tui.dialogs.rename import RenameScreen
from gptalk_tui.widgets import list_pane
from gptalk_tui.widgets.listing import ConversationRows, group_of
from gptalk_tui.widgets.row_list import RowList
from support.apps import Running, paths_in, running_app
from support.scripted_provider import ScriptedProvider

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)


def store_with(folder: Path, *titles: str) -> list[str]:
    """Make conversations, the first one the newest; return their ids."""
    with Store.open(paths_in(folder).database) as store:
        return [store.create_conversation(title=title).id for title in reversed(titles)][::-1]


def titles(app: Running) -> list[str]:
    return [row.text for row in app.chat.list_pane.query_one(RowList).rows if row.key]


def footer(app: Running) -> str:
    plain: str = app.chat.query_one("#footer").left.plain  # type: ignore[attr-defined]
    return plain


def said(app: Running) -> str:
    return "\n".join(str(notification.message) for notification in app.app._notifications)


async def in_list(app: Running, *keys: str) -> None:
    await app.press("ctrl+s")
    await app.until_idle()
    await app.press(*keys)
    await app.until_idle()


async def test_f2_renames_the_open_conversation_and_the_rename_wins(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.send("First words")
        await app.until_idle()
        await app.press("f2")
        assert isinstance(app.app.screen, RenameScreen)
        await app.press(*"Mine", "enter")
        await app.until(lambda: titles(app) == ["Mine"])
        assert "Mine" in app.chat.query_one("#header").left.plain  # type: ignore[attr-defined]
        await app.send("More words")
        await app.until_idle()
        assert titles(app) == ["Mine"]
        assert app.chat.composer.has_focus


async def test_a_rename_that_the_filter_leaves_out_keeps_the_place_in_the_list(tmp_path: Path) -> None:
    store_with(tmp_path, "a one", "a two", "a three", "a four")

    def highlighted() -> str:
        return app.chat.list_pane.highlighted.title if app.chat.list_pane.highlighted else ""

    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await in_list(app, "a", "space", "down", "down", "f2")
        await app.press("ctrl+u", *"else", "enter")
        await app.until(lambda: titles(app) == ["a one", "a two", "a four"])
        assert highlighted() == "a four"
        await app.press("up", "f2", "end", "!", "enter")
        await app.until(lambda: titles(app) == ["a one", "a two!", "a four"])
        assert highlighted() == "a two!"


async def test_a_title_that_is_not_changed_stays_as_it_is_to_the_last_sign(tmp_path: Path) -> None:
    for title in ("T" * 1_000, "a\x1b[31mb"):
        folder = tmp_path / title[:1]
        (stored,) = store_with(folder, title)
        async with running_app(ScriptedProvider(["ok"]), folder) as app:
            await app.press("f2", "enter")
            await app.until_idle()
            assert app.store.conversation(stored).title == title
            await app.press("f2", "ctrl+u", "enter")
            await app.until_idle()
            assert app.store.conversation(stored).title == title


async def test_f2_in_the_list_renames_the_highlighted_one(tmp_path: Path) -> None:
    store_with(tmp_path, "one", "two", "three")
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await in_list(app, "down", "f2")
        await app.press(*"second", "enter")
        await app.until(lambda: titles(app) == ["one", "second", "three"])
        assert app.chat.controllers.sidebar.has_focus


async def test_pinned_ones_come_first_and_can_be_unpinned(tmp_path: Path) -> None:
    store_with(tmp_path, "one", "two", "three")
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await in_list(app, "down", "down", "f4")
        assert titles(app) == ["three", "one", "two"]
        assert app.chat.list_pane.query_one(RowList).rows[0].text == "Pinned"
        await app.press("f4")
        await app.until(lambda: titles(app) == ["one", "two", "three"])


async def test_trash_keeps_the_place_in_the_list_and_undo_brings_back(tmp_path: Path) -> None:
    store_with(tmp_path, "one", "two", "three", "four")
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await in_list(app, "down", "f8")
        await app.until(lambda: titles(app) == ["one", "three", "four"])
        assert "Moved “two” to the trash. Ctrl+Z undoes it." in said(app)
        await app.press("f8")
        await app.until(lambda: titles(app) == ["one", "four"])
        await app.press("ctrl+z")
        await app.until(lambda: titles(app) == ["one", "three", "four"])
        await app.press("ctrl+z")
        await app.until(lambda: titles(app) == ["one", "two", "three", "four"])


async def test_a_list_that_covers_the_status_line_has_its_notices_at_its_foot(tmp_path: Path) -> None:
    store_with(tmp_path, "one", "two")
    async with running_app(ScriptedProvider(["ok"]), tmp_path, size=(80, 24)) as app:

        def foot() -> str:
            return app.chat.controllers.bars.footer.left.plain

        await in_list(app, "down", "f8")
        await app.until(lambda: foot() == "Moved “two” to the trash. Ctrl+Z undoes it.")
        await app.press("escape")
        await app.until(lambda: "Enter send" in foot())
        assert app.chat.controllers.bars.status.notice.plain == "Moved “two” to the trash. Ctrl+Z undoes it."


async def test_what_was_deleted_for_good_is_not_said_to_be_back(tmp_path: Path) -> None:
    store_with(tmp_path, "one", "two")
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await in_list(app, "down", "f8")
        await app.until(lambda: titles(app) == ["one"])
        app.chat.controllers.sidebar.show(Shown.TRASH)
        await app.until(lambda: titles(app) == ["two"])
        await app.press("f9", "y")
        await app.until(lambda: "for good" in said(app))
        await app.press("ctrl+z")
        await app.until(lambda: "There is no conversation" in said(app))
        assert "Restored" not in said(app)


async def test_the_keys_of_the_list_do_nothing_elsewhere(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.send("Keep me")
        await app.until_idle()
        await app.press("f8", "f6", "f9")
        await app.until_idle()
        assert titles(app) == ["Keep me"]


async def test_the_open_conversation_can_be_trashed_from_the_commands_and_comes_back(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["The answer."]), tmp_path) as app:
        await app.send("Keep me")
        await app.until_idle()
        await app.press("ctrl+p", *"move to the trash", "enter")
        await app.until(lambda: app.chat.session.conversation is None and titles(app) == [])
        await app.press("ctrl+p", *"undo", "enter")
        await app.until(lambda: "The answer." in app.text)
        assert titles(app) == ["Keep me"]


async def test_the_trash_is_looked_through_restored_from_and_emptied_only_after_a_question(
    tmp_path: Path,
) -> None:
    ids = store_with(tmp_path, "one", "two", "three")
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await in_list(app, "down", "f8")
        await app.press("f8")
        await app.until(lambda: titles(app) == ["one"])
        app.chat.controllers.sidebar.show(Shown.TRASH)
        await app.until(lambda: titles(app) == ["two", "three"])
        assert str(app.chat.list_pane.query_one("#heading", Static).content).startswith("Trash")
        await app.until(lambda: "F9 delete for good" in footer(app))
        await app.press("f7")
        await app.until(lambda: titles(app) == ["three"])
        await app.press("f9")
        assert isinstance(app.app.screen, ConfirmScreen)
        assert "“three”" in app.app.screen._question
        await app.press("n")
        assert app.store.conversation(ids[2]).trashed
        await app.press("f9", "y")
        await app.until(lambda: titles(app) == [])
        await app.press("escape")
        await app.until(lambda: titles(app) == ["one", "two"])
        assert app.chat.controllers.sidebar.has_focus
        await app.press("escape")
        assert app.chat.composer.has_focus


async def test_a_choice_from_the_trash_or_a_filtered_list_leaves_all_of_the_list(tmp_path: Path) -> None:
    store_with(tmp_path, "one", "two", "three")
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await in_list(app, *"two", "enter")
        await app.until(lambda: app.chat.session.chosen.title == "two")
        await app.until(lambda: titles(app) == ["one", "two", "three"])
        await in_list(app, "f8")
        await app.until(lambda: titles(app) == ["one", "three"])
        await app.press("ctrl+p", *"show the trash", "enter")
        await app.until(lambda: titles(app) == ["two"])
        await app.press("enter")
        await app.until(lambda: titles(app) == ["one", "three"])
        assert "in the trash" in app.chat.query_one("#header").left.plain  # type: ignore[attr-defined]
        await app.send("Back again")  # which takes it out of the trash
        await app.until(lambda: "two" in titles(app))
        await app.until(lambda: "trash" not in app.chat.query_one("#header").left.plain)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("width", "leave"), [(80, "tab"), (80, "ctrl+l"), (120, "ctrl+l")])
async def test_a_list_that_nobody_sees_lists_all_conversations(
    tmp_path: Path, width: int, leave: str
) -> None:
    _, two, _ = store_with(tmp_path, "one", "two", "three")
    async with running_app(ScriptedProvider(["ok"]), tmp_path, size=(width, 30)) as app:
        await in_list(app, *"one", leave)
        assert not app.chat.list_pane.has_class("-open")
        await app.press("ctrl+pagedown")
        await app.until(lambda: app.chat.session.conversation_id == two)
        await in_list(app, "f8")
        app.chat.controllers.sidebar.show(Shown.TRASH)
        await app.until(lambda: titles(app) == ["two"])
        await app.press(leave)
        assert app.chat.controllers.sidebar.shown is Shown.CURRENT
        await app.until(lambda: titles(app) == ["one", "three"])


@pytest.mark.parametrize("shown", [Shown.ARCHIVED, Shown.TRASH])
async def test_the_open_conversation_is_highlighted_after_others_were_listed(
    tmp_path: Path, shown: Shown
) -> None:
    _, two, three = store_with(tmp_path, "one", "two", "three")
    with Store.open(paths_in(tmp_path).database) as store:
        store.set_archived(three, True)
    async with running_app(ScriptedProvider(["ok"]), tmp_path, chat=two) as app:
        await app.until(lambda: app.chat.session.conversation_id == two)
        app.chat.controllers.sidebar.show(shown)
        await app.until(lambda: titles(app) == (["three"] if shown is Shown.ARCHIVED else []))
        await app.press("escape")
        await app.until(lambda: titles(app) == ["one", "two"])
        await app.press("escape", "ctrl+s")
        highlighted = app.chat.list_pane.highlighted
        assert highlighted is not None
        assert highlighted.id == two


async def test_the_header_names_a_conversation_that_the_list_leaves_out(tmp_path: Path) -> None:
    store_with(tmp_path, "one")
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.press("ctrl+n")
        app.chat.list_pane.query_one(Input).value = "nothing like it"
        await app.send("A first prompt")
        await app.until_idle()
        await app.until(lambda: "A first prompt" in app.chat.query_one("#header").left.plain)  # type: ignore[attr-defined]


async def test_the_list_gives_way_first(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path, size=(120, 30)) as app:
        pane = app.chat.list_pane
        await app.press("ctrl+l", "ctrl+l")
        assert pane.has_class("-open")
        await app.pilot.resize_terminal(60, 20)
        await app.until(lambda: not pane.has_class("-open"))
        await app.press("ctrl+l")
        assert pane.has_class("-open")
        assert app.chat.controllers.sidebar.has_focus
        await app.press("escape")
        assert not pane.has_class("-open")
        assert app.chat.composer.has_focus
        await app.pilot.resize_terminal(120, 30)
        await app.until(lambda: pane.has_class("-open"))


async def test_the_list_can_be_closed_from_the_start(tmp_path: Path) -> None:
    settings = Settings(provider="gptalk", ui=UiSettings(show_list=False))
    async with running_app(ScriptedProvider(["ok"]), tmp_path, settings=settings) as app:
        assert not app.chat.list_pane.has_class("-open")


async def test_what_is_only_typed_is_listed_by_its_words_and_an_empty_one_not_at_all(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.press(*"half a thought", "ctrl+n")
        await app.until(lambda: titles(app) == ["Draft: half a thought"])
        await app.press(*"another one")
        await app.until(lambda: app.chat.controllers.drafts.pending is None, "it is on disk by itself")
        await app.press("ctrl+n")
        await app.until(lambda: titles(app) == ["Draft: another one", "Draft: half a thought"])
        await app.press("ctrl+pagedown")
        await app.until(lambda: app.chat.composer.text == "another one")
        await app.press("ctrl+u", "ctrl+n")
        await app.until(lambda: titles(app) == ["Draft: half a thought"])
        await app.press("ctrl+pagedown")
        await app.until(lambda: app.chat.composer.text == "half a thought")
        await app.press("ctrl+u")
        await app.until(lambda: app.chat.controllers.drafts.pending is None)
        await app.press("ctrl+n")
        await app.until(lambda: app.store.conversations() == [])


async def test_archived_ones_are_out_of_the_way_and_can_be_found_and_restored(tmp_path: Path) -> None:
    store_with(tmp_path, "one", "two")
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await in_list(app, "f6")
        await app.until(lambda: titles(app) == ["two"])
        await app.press("ctrl+p", *"show archived", "enter")
        await app.until(
            lambda: titles(app) == ["one"] and app.chat.controllers.sidebar.shown is Shown.ARCHIVED
        )
        await app.press("enter")
        await app.until_idle()
        conversation = app.chat.session.conversation
        assert conversation is not None
        assert conversation.title == "one"
        assert "archived" in app.chat.query_one("#header").left.plain  # type: ignore[attr-defined]
        await app.press("ctrl+p", *"restore", "enter")
        await app.until(lambda: not app.store.conversation(conversation.id).archived)


async def test_a_conversation_whose_reply_streams_is_not_thrown_away(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with running_app(ScriptedProvider(["begin", gate]), tmp_path) as app:
        await app.send("Keep me")
        await app.until(lambda: "begin" in app.text)
        await app.press("ctrl+s")
        await app.press("f8")
        assert "Still replying in “Keep me”" in said(app)
        gate.set()
        await app.until_idle()
        assert titles(app) == ["Keep me"]


async def test_the_neighbours_open_by_key(tmp_path: Path) -> None:
    store_with(tmp_path, "one", "two", "three")

    def title(app: Running) -> str:
        return app.chat.session.conversation.title if app.chat.session.conversation else ""

    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        assert title(app) == "one"
        await app.press("ctrl+pagedown", "ctrl+pagedown")
        await app.until(lambda: title(app) == "three")
        await app.press("ctrl+pagedown")
        assert "That is the last conversation." in said(app)
        await app.press("ctrl+pageup")
        await app.until(lambda: title(app) == "two")
        assert app.chat.composer.has_focus


async def test_what_another_program_changed_shows_when_the_terminal_gets_the_focus(tmp_path: Path) -> None:
    store_with(tmp_path, "one")
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.until_idle()
        with Store.open(paths_in(tmp_path).database) as other:
            other.create_conversation(title="from elsewhere")
        assert titles(app) == ["one"]
        app.app.app_focus = False
        app.app.app_focus = True
        await app.until(lambda: titles(app) == ["from elsewhere", "one"])


async def test_ages_and_days_are_those_of_the_present(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + timedelta(days=1)

    store_with(tmp_path, "one")
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.until_idle()
        rows = app.chat.list_pane.query_one(RowList)
        assert [(row.text, row.right) for row in rows.rows] == [("Today", ""), ("one", "now")]
        monkeypatch.setattr(list_pane, "datetime", Later)
        monkeypatch.setattr(list_pane, "REFRESH_AGES_S", 0.0)
        app.chat.controllers.watcher.look_soon()
        await app.until(
            lambda: [(row.text, row.right) for row in rows.rows] == [("Yesterday", ""), ("one", " 1d")]
        )


async def test_a_wide_list_shows_the_count_of_messages(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path, size=(170, 40)) as app:
        await app.send("Hello")
        await app.until_idle()
        assert app.chat.list_pane.query_one(RowList).rows[-1].right == "   2 now"
        await app.pilot.resize_terminal(120, 40)
        await app.until(lambda: app.chat.list_pane.query_one(RowList).rows[-1].right == "now")


def long_store(folder: Path) -> None:
    with Store.open(paths_in(folder).database) as store:
        for number in range(450):
            store.create_conversation(title=f"number {number}")


async def test_deep_in_a_long_list_the_highlight_keeps_its_place(tmp_path: Path) -> None:
    long_store(tmp_path)
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        rows = app.chat.list_pane.query_one(RowList)
        await app.press("ctrl+s")
        await app.until(lambda: len(rows.rows) == 451)
        await app.press("ctrl+end", "up", "up", "up")
        assert rows.highlighted is not None
        assert rows.highlighted.text == "number 3"
        await app.chat.controllers.sidebar.refresh()
        assert rows.highlighted.text == "number 3"
        await app.press("f8")
        await app.until(lambda: len(rows.rows) == 450)
        assert rows.highlighted.text == "number 2"
        assert rows.scroll_y > 400


async def test_the_neighbours_of_a_conversation_deep_in_a_long_list_open_by_key(tmp_path: Path) -> None:
    long_store(tmp_path)

    def title() -> str:
        return app.chat.session.conversation.title if app.chat.session.conversation else ""

    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.press("ctrl+s", *"123", "enter")
        assert title() == "number 123"
        await app.until_idle()
        for number in (122, 121):
            await app.press("ctrl+pagedown")
            await app.until(lambda number=number: title() == f"number {number}")
        await app.press("ctrl+pageup")
        assert title() == "number 122"


async def test_a_long_list_is_read_whole_only_when_somebody_looks_through_it(tmp_path: Path) -> None:
    long_store(tmp_path)
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.until_idle()
        rows = app.chat.list_pane.query_one(RowList)
        assert len(rows.rows) == 201
        await app.press("ctrl+s")
        await app.until(lambda: len(rows.rows) == 451)
        await app.press("ctrl+end")
        assert rows.highlighted is not None
        assert rows.highlighted.text == "number 0"


def conversation(number: int, updated: datetime, *, pinned: bool = False) -> Conversation:
    ms = int(updated.timestamp() * 1000)
    return Conversation(f"{number:032x}", f"c{number}", ms, ms, pinned=pinned)


def test_rows_found_by_bisection_are_those_found_one_by_one() -> None:
    days = [-1, 0, 0, 0.4, 0.6, 1, 1.4, 2, 3, 6, 6.6, 7, 12, 19, 20, 49, 50, 51, 140, 141, 300, 900]
    found = [conversation(900, NOW - timedelta(days=3), pinned=True)]
    found += [conversation(i, NOW - timedelta(days=d)) for i, d in enumerate(days)]
    expected: list[str] = []
    for each in found:
        updated = datetime.fromtimestamp(each.updated_at_ms / 1000, UTC)
        heading = "Pinned" if each.pinned else group_of(updated, NOW)
        if heading not in expected:
            expected.append(heading)
        expected.append(each.title)
    rows = ConversationRows(found, now=NOW)
    assert [row.text for row in rows] == expected
    assert [rows.find(row.key) for row in rows if row.key] == [i for i, row in enumerate(rows) if row.key]
    assert rows.find("none") == -1
    assert rows[-1].text == found[-1].title
    assert [row.text for row in ConversationRows([], now=NOW)] == []
