"""Found words are counted, marked in the text and walked; Esc keeps the place."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input, Static

from gptalk_client.models import Status
from gptalk_client.store.store import Store
from gptalk_client.textsearch.folding import fold
from gptalk_tui.chat.find import Query
from gptalk_tui.chat.folded_texts import FoldedTexts
from gptalk_tui.dialogs.search import SearchScreen
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider

LONG = "\n\n".join(
    f"Paragraph {number} with **Ёлка** and a whale{'' if number % 3 else 's'}." for number in range(60)
)


async def talk(app: Running, *prompts: str) -> None:
    for prompt in prompts:
        await app.send(prompt)
        await app.until_idle()


async def find(app: Running, words: str) -> None:
    await app.press("ctrl+f", *words)
    await until_whole(app)


async def until_whole(app: Running) -> None:
    await app.pilot.pause()
    await app.until(lambda: not any(each.group == "find" for each in app.app.workers))
    await app.pilot.pause()


def count(app: Running) -> str:
    return str(app.chat.query_one("#found", Static).content)


def marked(app: Running) -> list[str]:
    """Return what is painted as found, from top to bottom; the one that the reader is at in capitals."""
    found = []
    transcript = app.chat.transcript
    for strip in transcript.render_lines(transcript.size.region):
        for text, style, _ in strip:
            if style is not None and style.reverse:
                found.append(text.upper() if style.bold else text.lower())
    return found


@pytest.mark.parametrize(
    ("typed", "text", "places"),
    [
        ("e", "e E é ё", ["e", "E", "é"]),
        ("елк", "Ёлка и елка", ["Ёлк", "елк"]),
        ("straße", "STRASSE und Straße", ["STRASSE", "Straße"]),
        ("本語", "日本語の本語", ["本語", "本語"]),
        ('"', 'say "hi"', ['"', '"']),
        ("[a-z]*", "[a-z]* abc", ["[a-z]*"]),
        ("cafe", "cafe\u0301 CAFE", ["cafe\u0301", "CAFE"]),
        ("erl", "Perl", ["erl"]),
    ],
)
def test_what_is_typed_is_found_literally_but_for_case_and_accents(
    typed: str, text: str, places: list[str]
) -> None:
    query = Query.of(typed)
    assert query is not None
    assert [text[start:end] for start, end in query.find(text)] == places
    assert query.count(fold(text)) == len(places)


def test_spaces_and_accents_alone_find_nothing() -> None:
    assert Query.of("") is None
    assert Query.of("  ") is None
    assert Query.of("\u0301") is None


async def test_matches_are_counted_marked_and_walked(tmp_path: Path) -> None:
    async with running_app(
        ScriptedProvider(["A whale, a *whale*."], ["No fish"], ["One WHALE"]), tmp_path
    ) as app:
        await talk(app, "Tell me of whales", "And?", "More")
        app.chat.transcript.scroll_to_top()
        await find(app, "whale")
        assert count(app) == "1/4"
        assert marked(app) == ["WHALE", "whale", "whale", "whale"]
        await app.press("enter")
        assert app.chat.transcript.has_focus
        seen = []
        for key in ("n", "n", "n", "n", "N", "N"):
            await app.press(key)
            seen.append((count(app), marked(app).index("WHALE")))
        assert seen == [("2/4", 1), ("3/4", 2), ("4/4", 3), ("1/4", 0), ("4/4", 3), ("3/4", 2)]
        await app.press("escape")
        assert marked(app) == []
        assert app.chat.composer.has_focus
        assert app.chat.composer.text == ""


async def test_marks_survive_scrolling_and_another_width_and_escape_keeps_the_place(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([LONG]), tmp_path) as app:
        await talk(app, "Go")
        app.chat.transcript.scroll_to_top()
        await find(app, "елка")
        assert count(app) == "1/60"
        await app.press("up")
        assert count(app) == "60/60"
        assert "Paragraph 59 " in app.text
        await app.pilot.resize_terminal(70, 30)
        await app.pilot.pause()
        assert marked(app).count("ЁЛКА") == 1
        assert set(marked(app)) == {"ёлка", "ЁЛКА"}
        await app.press("down", "down")
        assert count(app) == "2/60"
        await app.press("escape")
        before = app.lines
        assert "Paragraph 1 " in app.text
        await app.pilot.pause()
        assert app.lines == before


async def test_a_folded_text_is_marked_for_each_hit_inside_it_and_for_no_word_of_its_label(
    tmp_path: Path,
) -> None:
    folded = "\n".join(f"row {number}{' needle' if number % 9 == 0 else ''}" for number in range(30))
    label = "[long text · 30 lines]"
    async with running_app(ScriptedProvider(["A needle."]), tmp_path, size=(100, 40)) as app:
        await talk(app, f"Read this:\n\n{folded}")
        app.chat.transcript.scroll_to_top()
        await find(app, "needle")
        seen = [(count(app), marked(app))]
        for _ in range(4):
            await app.press("down")
            seen.append((count(app), marked(app)))
        inside, outside = [label.upper(), "needle"], [label, "NEEDLE"]
        assert seen == [(f"{number}/5", outside if number == 5 else inside) for number in range(1, 6)]
        await find(app, "long text")
        assert (count(app), marked(app)) == ("nothing", [])
        await find(app, "needle")
        app.chat.transcript.toggle_chips(0)
        await app.press("down")
        await app.until(lambda: [each.lower() for each in marked(app)].count("needle") >= 4)


@pytest.mark.parametrize(
    "text",
    ["日本語 " * 9 + "words", "```\n" + "words " * 9 + "\n```", "| words | words |\n|-|-|\n"],
    ids=["wide characters", "code", "table"],
)
async def test_marks_are_painted_at_any_width(tmp_path: Path, text: str) -> None:
    async with running_app(ScriptedProvider([text]), tmp_path) as app:
        await talk(app, "words")
        await find(app, "words")
        await until_whole(app)
        for width in (*range(1, 24), 120):
            await app.pilot.resize_terminal(width, 12)
            app.chat.transcript.render_lines(app.chat.transcript.size.region)
        assert "words" in [each.lower() for each in marked(app)]


async def test_what_is_added_narrows_and_what_is_taken_away_widens(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([LONG]), tmp_path) as app:
        await talk(app, "Go")
        await find(app, "whale")
        assert count(app).endswith("/60")
        await app.press("s")
        await until_whole(app)
        assert count(app).endswith("/20")
        await app.press("x")
        await until_whole(app)
        assert count(app) == "nothing"
        await app.press("backspace", "backspace")
        await until_whole(app)
        assert count(app).endswith("/60")


async def test_the_reply_that_streams_is_looked_through_and_keeps_its_mark(tmp_path: Path) -> None:
    gate, other = asyncio.Event(), asyncio.Event()
    provider = ScriptedProvider(["A whale swims", gate, " by.\n\nAnother whale.\n\n", other])
    async with running_app(provider, tmp_path) as app:
        await app.send("Go")
        await app.until(lambda: "whale" in app.text)
        await find(app, "whale")
        assert count(app) == "1/1"
        gate.set()
        await app.until(lambda: "Another" in app.text)
        assert marked(app) == ["WHALE", "whale"]
        other.set()
        await app.until_idle()
        assert marked(app) == ["WHALE", "whale"]


async def test_slash_in_the_transcript_opens_the_bar_and_letters_still_go_to_the_composer(
    tmp_path: Path,
) -> None:
    async with running_app(ScriptedProvider(["A whale"]), tmp_path) as app:
        await talk(app, "Go")
        app.chat.transcript.focus()
        await app.press("slash")
        assert isinstance(app.app.focused, Input)
        await app.press(*"whale", "enter", "n", "w")
        assert app.chat.composer.text == "w"


async def test_tab_goes_over_to_all_conversations_and_back(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["A whale"]), tmp_path) as app:
        await talk(app, "Go")
        await find(app, "wh")
        await app.press("tab")
        await app.until(lambda: isinstance(app.app.screen, SearchScreen))
        assert app.app.screen.query_one(Input).value == "wh"
        assert marked(app) == []
        await app.press(*"ale", "tab")
        await app.until(lambda: app.app.screen is app.chat and isinstance(app.app.focused, Input))
        await app.until(lambda: count(app) == "1/1")


async def test_opening_another_conversation_takes_the_marks_away(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["A whale"]), tmp_path) as app:
        await talk(app, "Go")
        await find(app, "whale")
        await app.press("ctrl+n")
        assert not app.chat.controllers.find.is_active
        assert not app.chat.query_one("#find-bar").display


async def test_any_input_is_taken(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["A whale"]), tmp_path) as app:
        await talk(app, "Go")
        await app.press("ctrl+f")
        box = app.chat.query_one("#find", Input)
        for text in ('"', "(", "[", "\\", "*", "NEAR(", "\x00", "\ud800", "-x", "col:x", "%", "日"):
            box.value = text
            await until_whole(app)
            assert count(app) == "nothing", text


async def test_what_comes_while_words_are_marked_is_counted_too(tmp_path: Path) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["a whale"], ["one whale ", gate, "and a whale"])
    async with running_app(provider, tmp_path) as app:
        await talk(app, "Tell me about a whale")
        await find(app, "whale")
        assert count(app).endswith("/2")
        await app.press("enter", "j", "escape")
        await app.send("/find whale")
        await until_whole(app)
        app.chat.composer.focus()
        app.chat.composer.insert_text("More, whale")
        await app.press("enter")
        await app.until(lambda: count(app).endswith("/4"), "the prompt and what streams")
        gate.set()
        await app.until(lambda: count(app).endswith("/5"), "the end of the reply")
        await app.press("alt+up", "d")
        await app.until(lambda: count(app).endswith("/3"), "without what was deleted")


async def test_each_text_is_read_once_while_it_is_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    texts = Store.texts

    def watched(store: Store, ids: Sequence[str]) -> dict[str, str]:
        read.extend(ids)
        return texts(store, ids)

    async with running_app(ScriptedProvider(["A whale.", "No fish."]), tmp_path) as app:
        await talk(app, "one", "two")
        here = [each.id for each in app.chat.transcript.document.entries]
        monkeypatch.setattr(Store, "texts", watched)
        await app.press("ctrl+f")
        await until_whole(app)
        assert sorted(read) == sorted(here)  # before a word is typed
        for typed, expected in (("w", "/3"), ("h", "/2"), ("x", "nothing")):
            await app.press(typed)
            await until_whole(app)
            assert count(app).endswith(expected)
        assert len(read) == len(here)
        await app.press("escape")
        await find(app, "fish")
        assert count(app).endswith("/2")
        assert len(read) == 2 * len(here)  # nothing is kept while nobody searches


async def test_a_text_that_has_changed_is_read_again(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["A whale."]), tmp_path) as app:
        await talk(app, "one")
        reply = app.chat.transcript.document.entries[-1]
        kept = FoldedTexts(app.chat.services.store.call, app.chat.transcript.document)
        assert await kept.of([reply]) == {reply.id: "a whale."}
        assert kept.has(reply)
        longer = replace(reply, size_chars=reply.size_chars + 1)
        assert not kept.has(longer)
        growing = replace(reply, status=Status.STREAMING)
        assert await kept.of([growing]) == {reply.id: "a whale."}
        kept.clear()
        assert not kept.has(reply)


async def test_what_is_too_much_to_keep_is_found_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gptalk_tui.chat.folded_texts.MOST_CHARS", 1)
    async with running_app(ScriptedProvider(["A whale.", "Two whales."]), tmp_path) as app:
        await talk(app, "one", "two")
        await find(app, "whale")
        assert count(app).endswith("/4")
