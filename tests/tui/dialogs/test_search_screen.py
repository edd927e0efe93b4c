"""Search in all conversations: as one types, on the right branch, and never a syntax error."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from gptalk_client.models import SearchHit, Status
from gptalk_client.store.store import Store
from gptalk_tui.dialogs.base import LOOKING
from gptalk_tui.dialogs.search import SearchScreen, harmless, nothing_in
from gptalk_tui.widgets.row_list import Row, RowList
from support.apps import LIMIT_S, Running, running_app
from support.scripted_provider import ScriptedProvider


def fill(app: Running) -> dict[str, str]:
    """Store two conversations, one of them with a branch that is not shown; return ids by name."""
    ids = {}
    for title, prompt, reply in (
        ("Sea", "Tell me of whales", "Ёжик saw a white whale \x1b[2J."),
        ("Land", "Of trees", "No animals."),
    ):
        conversation = app.store.create_conversation(title=title)
        asked, answer = app.store.open_turn(conversation.id, prompt)
        app.store.append_reply(answer.id, reply)
        app.store.close_turn(answer.id, Status.COMPLETE)
        ids |= {title: conversation.id, f"{title} prompt": asked.id, f"{title} reply": answer.id}
    other = app.store.open_reply(ids["Sea prompt"])
    app.store.append_reply(other.id, "Another answer.")
    app.store.close_turn(other.id, Status.COMPLETE)
    return ids


async def search(app: Running, *words: str) -> list[Row]:
    if not isinstance(app.app.screen, SearchScreen):
        app.chat.controllers.search.open()
        await app.until(lambda: isinstance(app.app.screen, SearchScreen))
    await app.press(*words)
    return await hits(app)


async def hits(app: Running) -> list[Row]:
    await app.pilot.pause()
    await app.until(lambda: not any(each.group == LOOKING for each in app.app.workers))
    await app.pilot.pause()
    return list(app.app.screen.query_one("#hits", RowList).rows)


async def test_a_hit_shows_its_match_where_the_row_is_too_narrow_for_all_of_it(tmp_path: Path) -> None:
    reply = "Words that come before it, about forty of them in all, needle and what follows it."
    async with running_app(ScriptedProvider([reply]), tmp_path, size=(58, 24)) as app:
        await app.send("Go")
        await app.until_idle()
        await search(app, *"needle")
        rows = app.app.screen.query_one("#hits", RowList)
        [strip] = [strip for y in range(3) if "needle" in (strip := rows.render_line(y)).text]
        assert strip.text.strip().startswith("…")
        assert [text for text, style, _ in strip if style is not None and style.bold] == ["needle"]


async def test_hits_stand_below_their_titles_with_the_match_marked(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        fill(app)
        title, hit = await search(app, *"ежик")
        assert (title.text, title.is_heading) == ("Sea", True)
        assert hit.text.startswith("Ёжик saw a white whale")
        assert [hit.text[a:b] for a, b in hit.spans] == ["Ёжик"]
        assert "\x1b" not in hit.text
        assert hit.right == "now"


async def test_enter_opens_the_message_on_its_branch(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        ids = fill(app)
        assert ids["Sea reply"] not in {entry.id for entry in app.store.branch(ids["Sea"])}
        await search(app, *"white wha")
        await app.press("enter")
        await app.until(lambda: "white whale" in app.text)
        entry = app.chat.transcript.chosen_entry
        assert entry is not None
        assert entry.id == ids["Sea reply"]
        assert app.chat.transcript.has_focus
        assert app.store.conversation(ids["Sea"]).active_message_id == ids["Sea reply"]
        await app.until(lambda: app.chat.controllers.find.is_active)


async def test_a_title_is_found_and_opened(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        ids = fill(app)
        rows = await search(app, *"land")
        assert rows[1].mark == "┃"
        await app.press("enter")
        await app.until(lambda: app.chat.session.conversation_id == ids["Land"])


async def test_an_empty_result_says_what_it_looked_through(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        fill(app)
        assert await search(app, *"zebra") == []
        rows = app.app.screen.query_one("#hits", RowList)
        assert rows.empty_text == "Nothing in 5 messages of 2 conversations"
        assert nothing_in(1_204, 1) == "Nothing in 1,204 messages of 1 conversation"
        await app.press("enter", "escape")
        assert app.app.screen is app.chat
        assert app.chat.composer.has_focus


@pytest.mark.parametrize(
    "text", ['"', "AND", "-x", "NEAR(", "col:x", "C++", ".", "\x00", "\ud800", " ", "%", "*"]
)
async def test_any_input_is_taken(tmp_path: Path, text: str) -> None:
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        fill(app)
        await search(app)
        app.app.screen.query_one(Input).value = text
        await app.pilot.pause()
        for row in await hits(app):
            assert "\x1b" not in row.text
        assert app.app.is_running


def test_a_hostile_snippet_keeps_its_marks_in_place() -> None:
    text, spans = harmless("\x1b[31m a whale \u202e b whale", ((8, 13), (18, 23)))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert [text[a:b] for a, b in spans] == ["whale", "whale"]


async def test_reply_is_saved_while_searches_are_slow_and_the_last_one_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, is_saved, gate = threading.Event(), threading.Event(), asyncio.Event()
    searched: list[str] = []
    read = Store.search

    def slow(store: Store, query: str, **options: Any) -> list[SearchHit]:
        searched.append(query)
        has_begun.set()
        is_saved.wait(LIMIT_S)
        return read(store, query, **options)

    async with running_app(ScriptedProvider(["It ", gate, "sings."]), tmp_path) as app:
        fill(app)
        await app.send("What of it?")
        await app.until(lambda: "It" in app.text)
        monkeypatch.setattr(Store, "search", slow)
        app.chat.controllers.search.open("w")
        await app.until(has_begun.is_set)
        for typed in ("wh", "wha", "whal"):
            app.app.screen.query_one("#query", Input).value = typed
            await app.pilot.pause()
        gate.set()
        await app.until(lambda: not app.chat.session.turns, "the turn ends")
        latest = app.store.latest_conversation()
        assert latest is not None
        last = app.store.messages(latest.id)[-1]
        assert (last.content, last.status) == ("It sings.", Status.COMPLETE)
        is_saved.set()
        assert [row.text for row in await hits(app)][:1] == ["Sea"]
    assert searched == ["w", "whal"]
