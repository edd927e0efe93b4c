"""What a reply says beside its text: reasoning, how it ended, what it took, and where the context begins."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from textual.content import Content

from gptalk_client.errors import NetworkError
from gptalk_client.models import (
    BranchEntry,
    Finished,
    Message,
    Phase,
    PhaseChanged,
    ReasoningAdded,
    Role,
    Status,
    TextReplaced,
    Usage,
    UsageReported,
)
from gptalk_client.settings import ChatSettings, Settings
from gptalk_tui.chat.bar_texts import place_status, turn_status
from gptalk_tui.chat.turns import LiveTurn
from gptalk_tui.widgets.bar import fit
from gptalk_tui.widgets.transcript.reply_words import origin_wordings
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider, Step

THOUGHTS = "\n\n".join(f"Thought number {number}." for number in range(1, 9))


def with_reasoning(reasoning: str) -> Settings:
    return Settings(provider="gptalk", model="test-model", chat=ChatSettings(reasoning=reasoning))  # type: ignore[arg-type]


def status(app: Running) -> str:
    return str(app.chat.controllers.bars.status.left)


def header(app: Running) -> str:
    return str(app.chat.controllers.bars.header.right)


async def ask(app: Running, *prompts: str) -> None:
    for prompt in prompts:
        await app.send(prompt)
        await app.until_idle()


# Reasoning


async def test_reasoning_shows_its_newest_lines_and_folds_when_the_answer_begins(tmp_path: Path) -> None:
    thinking, answering = asyncio.Event(), asyncio.Event()
    turn: list[Step] = [ReasoningAdded(THOUGHTS), thinking, "The answer.", answering]
    async with running_app(ScriptedProvider(turn), tmp_path) as app:
        await app.send("why?")
        await app.until(lambda: "Thought number 8." in app.text)
        shown = [line.strip(" │") for line in app.lines if "Thought number" in line]
        assert shown == [f"Thought number {number}." for number in (6, 7, 8)]
        assert "Thinking for 0 s" in app.text
        await app.until(lambda: "thinking · " in status(app))
        thinking.set()
        await app.until(lambda: "The answer." in app.text)
        assert "Thought number" not in app.text
        assert "▸ Thought for less than a second" in app.text
        answering.set()
        await app.until_idle()
        assert "▸ Thought for less than a second" in app.text


async def test_a_key_opens_and_folds_reasoning_which_is_read_only_then(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([ReasoningAdded(THOUGHTS), "The answer."]), tmp_path) as app:
        await ask(app, "why?")
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        asked: list[str] = []
        document = app.chat.transcript.document
        fetch = document.fetch_reasoning
        document.fetch_reasoning = lambda message_id: asked.append(message_id) or fetch(message_id)  # type: ignore[func-returns-value]
        await app.press("alt+up", "y")
        assert not asked
        assert app.app._clipboard == "The answer."
        await app.press("t")
        assert len(asked) == 1
        assert [line.strip(" │┃") for line in app.lines if "number" in line] == THOUGHTS.split("\n\n")
        assert app.text.index("▾ Thought") < app.text.index("number 1.") < app.text.index("The answer.")
        await app.press("t")
        assert "number 1." not in app.text
        assert "The answer." in app.text


@pytest.mark.parametrize(("setting", "is_shown"), [("open", True), ("hidden", False)])
async def test_the_setting_decides_how_reasoning_starts(tmp_path: Path, setting: str, is_shown: bool) -> None:
    gate = asyncio.Event()
    turn: list[Step] = [ReasoningAdded(THOUGHTS), gate, "The answer."]
    async with running_app(ScriptedProvider(turn), tmp_path, settings=with_reasoning(setting)) as app:
        await app.send("why?")
        await app.until(lambda: "thinking · " in status(app))
        assert ("Thought number 1." in app.text) == is_shown
        gate.set()
        await app.until_idle()
        assert ("Thought number 1." in app.text) == is_shown
        assert ("Thought for" in app.text) == is_shown
        await app.press("alt+up", "t")
        assert ("Thought number 1." in app.text) != is_shown
        assert "The answer." in app.text


async def test_reasoning_opened_while_it_streams_grows_on_screen(tmp_path: Path) -> None:
    first, second = asyncio.Event(), asyncio.Event()
    turn: list[Step] = [ReasoningAdded(THOUGHTS), first, ReasoningAdded("\n\nAnd one more."), second, "Done."]
    async with running_app(ScriptedProvider(turn), tmp_path) as app:
        await app.send("why?")
        await app.until(lambda: "Thought number 8." in app.text)
        await app.press("alt+up", "t")
        await app.until(lambda: "Thought number 1." in app.text)
        first.set()
        await app.until(lambda: "And one more." in app.text)
        second.set()
        await app.until_idle()
        assert app.text.index("Thought number 1.") < app.text.index("And one more.") < app.text.index("Done.")


async def test_text_that_turns_out_to_be_reasoning_is_shown_as_that(tmp_path: Path) -> None:
    gate = asyncio.Event()
    turn: list[Step] = [
        "Hm, let me see.",
        TextReplaced(""),
        ReasoningAdded("Hm, let me see."),
        gate,
        "It is 42.",
    ]
    async with running_app(ScriptedProvider(turn), tmp_path) as app:
        await app.send("why?")
        await app.until(lambda: "Thinking" in app.text)
        assert "│ Hm, let me see." in app.text
        gate.set()
        await app.until_idle()
        assert "Hm" not in app.text
        assert "It is 42." in app.text


async def test_find_and_code_copies_leave_reasoning_out(tmp_path: Path) -> None:
    thoughts = "needle\n\n```python\nwrong()\n```\n"
    turn: list[Step] = [ReasoningAdded(thoughts), "One needle.\n\n```python\nright()\n```\n"]
    async with running_app(ScriptedProvider(turn), tmp_path, settings=with_reasoning("open")) as app:
        await ask(app, "why?")
        assert "wrong()" in app.text
        await app.press("alt+up", "c")
        assert app.app._clipboard.strip() == "right()"
        place = app.chat.transcript.document
        from gptalk_tui.chat.find import Query
        from gptalk_tui.widgets.transcript.marks import Marks

        query = Query.of("needle")
        assert query is not None
        found = Marks(query.find).place(place, 1, 1)
        assert found is not None
        assert found.number == 1
        assert found.position.row >= place.rows(1).first


# How it ended


@pytest.mark.parametrize(
    ("turn", "words", "stored"),
    [
        (["Half of", Finished("length")], "Cut at the length limit.", Status.INCOMPLETE),
        (["I can", Finished("content_filter")], "Stopped by the engine's content filter.", Status.INCOMPLETE),
        (["I can't help.", Finished("refusal")], "The model declined to answer.", Status.COMPLETE),
        ([Finished("stop")], "The service answered with an empty reply.", Status.COMPLETE),
    ],
)
async def test_the_foot_says_how_a_reply_ended(
    tmp_path: Path, turn: list[Step], words: str, stored: Status
) -> None:
    async with running_app(ScriptedProvider(turn), tmp_path) as app:
        await ask(app, "go")
        assert app.text.count(words) == 1
        assert "Incomplete." not in app.text
        assert app.chat.transcript.document.entries[-1].status is stored
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        assert app.text.count(words) == 1


async def test_a_reply_of_nothing_but_reasoning_is_shown_opened(tmp_path: Path) -> None:
    turn: list[Step] = [ReasoningAdded(THOUGHTS), Finished("length")]
    async with running_app(ScriptedProvider(turn), tmp_path) as app:
        await ask(app, "go")
        assert "Thought number 1." in app.text
        assert "It ran out before it answered." in app.text
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        assert "Thought number 1." in app.text


async def test_enter_continues_a_reply_that_was_cut(tmp_path: Path) -> None:
    provider = ScriptedProvider(["Half of", Finished("length")], [" the rest."])
    async with running_app(provider, tmp_path) as app:
        await ask(app, "go")
        assert "Enter in the empty composer continues" in status(app)
        await app.press("enter")
        await app.until_idle()
        assert [m["content"] for m in provider.requests[-1].messages][:2] == ["go", "Half of"]
        assert provider.requests[-1].messages[-1]["content"].startswith("Continue")
        assert "the rest." in app.text


async def test_one_blank_line_is_above_what_is_said_in_place_of_a_reply(tmp_path: Path) -> None:
    provider = ScriptedProvider([NetworkError("The server is down.")])
    async with running_app(provider, tmp_path, size=(80, 24)) as app:
        await ask(app, "Are you there?")
        at = next(y for y, line in enumerate(app.lines) if "▌ No reply." in line)
        assert [line.strip() for line in app.lines[at - 2 : at]] == ["▌ Are you there?", ""]


# What it took


@pytest.mark.parametrize(
    ("columns", "hint"), [(120, "Enter in the empty composer continues · "), (58, "Enter continues · ")]
)
async def test_the_figures_of_a_cut_reply_stay_where_the_words_get_shorter(
    tmp_path: Path, columns: int, hint: str
) -> None:
    turn: list[Step] = ["Half of " * 30, UsageReported(Usage(2861, 239)), Finished("length")]
    async with running_app(ScriptedProvider(turn), tmp_path, size=(columns, 24)) as app:
        await ask(app, "go")
        shown = app.chat.query_one("#status").render().plain  # type: ignore[attr-defined]
        assert hint in shown
        assert "239 tokens" in shown
        assert "…" not in shown


async def test_on_a_low_screen_the_border_has_the_figures_and_keeps_them_as_a_reader_scrolls(
    tmp_path: Path,
) -> None:
    async with running_app(ScriptedProvider(["Half of " * 300]), tmp_path, size=(40, 12)) as app:
        await ask(app, "go")
        figures = r"(about |~)600 tokens · .*\d s\b"
        border = app.chat.composer
        await app.until(lambda: re.search(figures, str(border.border_subtitle)))
        await app.press("pageup", "pageup")
        await app.until(lambda: not app.chat.transcript.is_following)
        await app.pilot.pause()
        assert re.search(figures, str(border.border_subtitle))


@pytest.mark.parametrize("cells", [40, 58, 80])
def test_words_of_a_running_turn_go_before_its_figures(cells: int) -> None:
    turn = LiveTurn("c", 1, phase=Phase.STREAMING)
    turn.reply = Message("m", "c", None, Role.ASSISTANT, "", Status.STREAMING, 0)
    rights = place_status(is_following=False, has_new_text=True, end="End")
    left, right = fit(turn_status(turn, is_on_this_computer=False), rights, cells - 6)
    assert re.search(r"0(/s| tokens/s) · \d+\.\d s$", left.plain)
    assert right.plain.startswith("↓ ")
    assert right.plain.endswith("End")


@pytest.mark.parametrize("cells", [34, 52, 74])
def test_a_long_reason_is_cut_and_when_it_is_tried_again_is_not(cells: int) -> None:
    turn = LiveTurn("c", 1, phase=Phase.RETRYING, reason="The server is overloaded; " * 9, retry_at_s=0.0)
    turn.reply = Message("m", "c", None, Role.ASSISTANT, "", Status.STREAMING, 0)
    left, _ = fit(turn_status(turn, is_on_this_computer=False), [Content.empty()], cells)
    assert re.search(r" The serve.*… · trying again in 0 s$", left.plain)


async def test_the_status_line_has_the_engines_own_counts_and_the_header_the_context(tmp_path: Path) -> None:
    provider = ScriptedProvider(["Counted.", UsageReported(Usage(1200, 34, 20)), Finished("stop")])
    provider.window = 8192
    async with running_app(provider, tmp_path) as app:
        await ask(app, "go")
        assert status(app).startswith("34 tokens · ")
        assert status(app).endswith(" s")
        await app.until(lambda: "1.2k / 8.2k" in header(app))
        assert "test-model" in header(app)


async def test_without_a_count_the_status_line_says_about(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["x" * 400]), tmp_path) as app:
        await ask(app, "go")
        assert status(app).startswith("about 100 tokens · ")
        assert " / " not in header(app)


async def test_the_status_line_says_where_a_chosen_message_comes_from_and_nothing_moves(
    tmp_path: Path,
) -> None:
    provider = ScriptedProvider(["# Counted", UsageReported(Usage(1200, 34, None))])
    async with running_app(provider, tmp_path) as app:
        await ask(app, "go")
        before, figures = app.lines, status(app)
        await app.press("alt+up")
        await app.until(lambda: status(app).startswith("gptalk · test-model · 20"))
        assert status(app).endswith(" s · 34 tokens")
        assert [line.strip("┃ ") for line in app.lines] == [line.strip() for line in before]
        await app.press("alt+up")
        await app.until(lambda: re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d", status(app)))
        await app.press("escape")
        await app.until(lambda: status(app) == figures)


def test_the_origin_of_a_reply_keeps_its_figures_in_a_narrow_window() -> None:
    entry = BranchEntry(
        "m",
        None,
        Role.ASSISTANT,
        Status.COMPLETE,
        1_700_000_000_000,
        240,
        model="gpt-3.5-turbo",
        provider="gptalk",
        duration_ms=4200,
    )
    found = origin_wordings(entry)
    assert found[0].startswith("gptalk · gpt-3.5-turbo · 2023-11-1")
    assert found[0].endswith(" · 4.2 s · about 60 tokens")
    assert found[-2:] == ["gpt-3.5-turbo · 4.2 s · ~60 tokens", "4.2 s · ~60 tokens"]


async def test_a_local_engine_that_loads_its_model_is_waited_for_in_words(tmp_path: Path) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider([PhaseChanged(Phase.CONNECTING), gate, "Fine."])
    provider.is_on_this_computer = True
    async with running_app(provider, tmp_path) as app:
        await app.send("go")
        await app.until(lambda: "waiting for the engine · " in status(app))
        gate.set()
        await app.until_idle()


# Where the context begins


def line_above(app: Running, words: str) -> bool:
    """Whether the line about unsent messages is the nearest one of its kind above some words."""
    lines = app.lines
    at = next(y for y, line in enumerate(lines) if words in line)
    rules = [y for y, line in enumerate(lines) if "earlier messages are not sent" in line]
    return len(rules) == 1 and 0 < at - rules[0] <= 2


async def test_a_line_shows_where_the_context_begins_and_moves(tmp_path: Path) -> None:
    settings = Settings(provider="gptalk", model="test-model", chat=ChatSettings(context_messages=4))
    provider = ScriptedProvider(["re one"], ["re two"], ["re three"])
    async with running_app(provider, tmp_path, settings=settings) as app:
        await ask(app, "one")
        assert "not sent" not in app.text
        await ask(app, "two")
        assert line_above(app, "re one")
        await ask(app, "three")
        assert [m["content"] for m in provider.requests[-1].messages] == ["re one", "two", "re two", "three"]
        assert line_above(app, "re two")


async def test_the_line_follows_the_limit_in_bytes_as_the_request_does(tmp_path: Path) -> None:
    big = "ж" * 100_000  # two bytes each
    provider = ScriptedProvider([big], ["short"])
    async with running_app(provider, tmp_path) as app:
        await ask(app, "one", "two")
        assert len(provider.requests[-1].messages) == 3
        assert "not sent" not in app.text
        await ask(app, big[:80_000])
        await app.until(lambda: app.chat.transcript.document._context_start is not None)
        start = app.chat.transcript.document.index_of(app.chat.transcript.document._context_start or "")
        assert start == 2
        assert len(provider.requests[-1].messages) == 3


# Compacting


async def test_compact_goes_on_from_a_summary_and_keeps_the_conversation(tmp_path: Path) -> None:
    settings = Settings(provider="gptalk", model="test-model", chat=ChatSettings(context_messages=2))
    provider = ScriptedProvider(
        ["re one"], ["re two"], ["They said one and two."], ["going on"], ["on and on"]
    )
    async with running_app(provider, tmp_path, settings=settings) as app:
        await ask(app, "one", "two")
        await app.send("/compact")
        await app.until_idle()
        await app.until(lambda: "Summary of the conversation so far" in app.text)
        asked = [m["content"] for m in provider.requests[-1].messages]
        assert asked[:4] == ["one", "re one", "two", "re two"]  # all of it, whatever the limit
        assert "re two" not in app.text
        await ask(app, "three", "four")
        sent = provider.requests[-1].messages
        assert sent[0]["role"] == "system"
        assert "They said one and two." in sent[0]["content"]
        assert [m["content"] for m in sent[1:]] == ["going on", "four"]
        await app.press(*["alt+up"] * 5, "left_square_bracket")
        await app.until(lambda: "re two" in app.text)


async def test_a_summary_that_fails_changes_nothing(tmp_path: Path) -> None:
    provider = ScriptedProvider(["re one"], ["half a summ", Finished("length")])
    async with running_app(provider, tmp_path) as app:
        await ask(app, "one")
        await app.send("/compact")
        await app.until_idle()
        assert "Summary of the conversation" not in app.text
        assert "re one" in app.text


async def test_a_quiet_line_under_each_reply_is_shown_and_hidden_by_a_key(tmp_path: Path) -> None:
    usage = UsageReported(Usage(prompt_tokens=10, completion_tokens=1234))
    async with running_app(ScriptedProvider(["one", usage], ["two"]), tmp_path) as app:
        await ask(app, "first", "second")
        before = app.text
        await app.press("alt+up", "i")
        found = [line.strip() for line in app.lines if "token" in line and "test-model" in line]
        assert any(line.startswith("test-model · 1,234 tokens · ") for line in found)
        assert any("about 1 token" in line for line in found)
        await app.press("i", "escape")
        assert app.text == before
