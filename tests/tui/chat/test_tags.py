"""Tags in the app: changed by a command or in a dialog, undone, shown, completed, and searched for."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input

from gptalk_client.store.store import Store
from gptalk_tui.dialogs.search import SearchScreen
from gptalk_tui.dialogs.tags import TagsScreen
from gptalk_tui.widgets.row_list import RowList
from support.apps import Running, paths_in, running_app
from support.scripted_provider import ScriptedProvider


def tagged_store(folder: Path, **tags: list[str]) -> None:
    """Make a conversation of each name, with its tags."""
    with Store.open(paths_in(folder).database) as store:
        for title, names in tags.items():
            made = store.create_conversation(title=title)
            store.change_tags(made.id, add=names)


def stored_tags(folder: Path) -> dict[str, tuple[str, ...]]:
    with Store.open(paths_in(folder).database, read_only=True) as store:
        return {each.title: each.tags for each in store.conversations()}


def listed(app: Running) -> list[str]:
    return [row.text for row in app.chat.list_pane.query_one(RowList).rows if row.key]


def painted(app: Running) -> str:
    rows = app.chat.list_pane.query_one(RowList)
    return "\n".join(rows.render_line(y).text for y in range(rows.size.height))


def said(app: Running) -> str:
    return "\n".join(str(notification.message) for notification in app.app._notifications)


async def test_slash_command_adds_and_removes_and_undo_takes_it_back(tmp_path: Path) -> None:
    tagged_store(tmp_path, Rust=["old"])
    async with running_app(ScriptedProvider(["ok"]), tmp_path, size=(120, 30)) as app:
        await app.until_idle()
        await app.send("/tag Work -old")
        await app.until(lambda: "Added #work and removed #old." in said(app))
        assert stored_tags(tmp_path) == {"Rust": ("work",)}
        await app.until(lambda: "#work" in painted(app))
        await app.press("ctrl+z")
        await app.until(lambda: "#old" in painted(app))
        assert stored_tags(tmp_path) == {"Rust": ("old",)}


async def test_what_cannot_be_a_tag_is_said_and_nothing_changes(tmp_path: Path) -> None:
    tagged_store(tmp_path, Rust=["old"])
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.until_idle()
        await app.send("/tag work a.b")
        await app.until(lambda: "“a.b” can't be a tag." in said(app))
        await app.send("/tag -never")
        await app.until(lambda: "Tags of “Rust”: #old." in said(app))
        assert stored_tags(tmp_path) == {"Rust": ("old",)}


async def test_command_without_words_opens_a_field_that_completes_known_tags(tmp_path: Path) -> None:
    tagged_store(tmp_path, Go=["workshop"], Rust=["old"])
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.until_idle()
        await app.send("/tag")
        await app.until(lambda: isinstance(app.app.screen, TagsScreen))
        field = app.app.screen.query_one(Input)
        assert field.value == "#old "
        await app.press(*"work!", "enter")
        assert isinstance(app.app.screen, TagsScreen)
        await app.press("backspace")
        await app.until(lambda: field._suggestion == "#old workshop")
        await app.press("right", "enter")
        await app.until(lambda: "Added #workshop." in said(app))
        assert stored_tags(tmp_path)["Rust"] == ("old", "workshop")


async def test_filter_takes_tags_and_completes_them(tmp_path: Path) -> None:
    tagged_store(tmp_path, Go=["home"], Rust=["work"], Zig=[])
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.until_idle()
        await app.press("ctrl+s", *"#w")
        field = app.chat.list_pane.query_one(Input)
        await app.until(lambda: listed(app) == ["Rust"])
        await app.until(lambda: field._suggestion == "#work")
        await app.press("right", "space", "z")
        await app.until(lambda: listed(app) == [])
        assert field.value == "#work z"


async def test_search_takes_tags(tmp_path: Path) -> None:
    tagged_store(tmp_path, Go=["home"], Rust=["work"])
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.until_idle()
        await app.send("/search #work")
        await app.until(lambda: isinstance(app.app.screen, SearchScreen))
        rows = app.app.screen.query_one(RowList)
        await app.until(lambda: [row.text for row in rows.rows if row.key] == ["Rust"])


async def test_tags_give_way_to_the_title(tmp_path: Path) -> None:
    long = "A-title-that-takes-all-the-room-that-a-row-has"
    tagged_store(tmp_path, **{long: ["work"], "Rust": ["a-tag-that-is-much-too-long-for-the-row"]})
    async with running_app(ScriptedProvider(["ok"]), tmp_path, size=(120, 30)) as app:
        await app.until(lambda: len(listed(app)) == 2)
        await app.until(lambda: "Rust  #a-tag" in painted(app))
        assert "…" in painted(app)
        assert "#work" not in painted(app)
