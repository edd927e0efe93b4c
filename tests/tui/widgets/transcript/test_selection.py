"""The mouse selects text, not cells of the screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from gptalk_client.models import BranchEntry, Role, Status
from gptalk_tui.widgets.transcript.selection import END_OF_LINE, Selection, Spot
from gptalk_tui.widgets.transcript.styles import StyleTable
from gptalk_tui.widgets.transcript.widget import Transcript
from support.until import until

LONG_LINE = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau"
)
REPLY = f"""{LONG_LINE}

- first item
- second item

```python
def f():
    return 1
```

See [the site](https://example.test/page) now.
"""


class Pane(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.transcript = Transcript(StyleTable())
        self.links: list[str] = []
        self.codes: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.transcript

    def on_transcript_link_clicked(self, event: Transcript.LinkClicked) -> None:
        self.links.append(event.url)

    def on_transcript_code_clicked(self, event: Transcript.CodeClicked) -> None:
        self.codes.append(event.source)


def entry(name: str, role: Role, text: str, status: Status = Status.COMPLETE) -> BranchEntry:
    return BranchEntry(name, None, role, status, 0, len(text))


@asynccontextmanager
async def pane(
    reply: str = REPLY, size: tuple[int, int] = (62, 30), status: Status = Status.COMPLETE
) -> AsyncIterator[tuple[Pane, Pilot[None]]]:
    app = Pane()
    async with app.run_test(size=size) as pilot:
        entries = [entry("q", Role.USER, "A question"), entry("a", Role.ASSISTANT, reply, status)]
        app.transcript.show_conversation(entries, {"q": "A question", "a": reply})
        await pilot.pause()
        yield app, pilot


def where(app: Pane, text: str) -> tuple[int, int]:
    for y in range(app.transcript.size.height):
        x = app.transcript.render_line(y).text.find(text)
        if x >= 0:
            return x, y
    raise AssertionError(f"{text!r} is not in view")


async def drag(app: Pane, pilot: Pilot[None], start: tuple[int, int], end: tuple[int, int]) -> str:
    await pilot.mouse_down(app.transcript, offset=start)
    await pilot.hover(app.transcript, offset=end)
    await pilot.mouse_up(app.transcript, offset=end)
    await pilot.pause()
    return app.transcript.selected_text


async def test_dragging_over_wrapped_lines_copies_no_newlines() -> None:
    async with pane() as (app, pilot):
        x0, y0 = where(app, "beta")
        x1, y1 = where(app, "omicron")
        assert y1 > y0
        assert await drag(app, pilot, (x0, y0), (x1, y1)) == LONG_LINE[6 : LONG_LINE.index("omicron")]


async def test_dragging_over_messages_copies_both_without_bars() -> None:
    async with pane() as (app, pilot):
        start, end = where(app, "question"), where(app, "gamma")
        assert await drag(app, pilot, start, end) == "question\n\nalpha beta "
        assert await drag(app, pilot, end, start) == "question\n\nalpha beta "


async def test_bullets_are_copied_as_in_the_source() -> None:
    async with pane() as (app, pilot):
        _, y0 = where(app, "first item")
        x1, y1 = where(app, "second item")
        assert await drag(app, pilot, (0, y0), (x1 + 11, y1)) == "- first item\n- second item"


async def test_two_clicks_select_a_word_and_three_the_paragraph() -> None:
    async with pane() as (app, pilot):
        place = where(app, "gamma")
        await pilot.click(app.transcript, offset=place, times=2)
        assert app.transcript.selected_text == "gamma"
        await pilot.click(app.transcript, offset=place)
        assert app.transcript.selected_text == LONG_LINE


async def test_a_click_clears_the_selection() -> None:
    async with pane() as (app, pilot):
        await drag(app, pilot, where(app, "beta"), where(app, "delta"))
        await pilot.click(app.transcript, offset=where(app, "second"))
        assert app.transcript.selected_text == ""


async def test_a_selection_survives_scrolling_and_resizing() -> None:
    async with pane(REPLY * 4) as (app, pilot):
        app.transcript.scroll_to_top()
        await pilot.pause()
        chosen = await drag(app, pilot, where(app, "beta"), where(app, "first item"))
        app.transcript.scroll_page(1)
        await pilot.resize_terminal(40, 20)
        await pilot.pause()
        assert app.transcript.selected_text == chosen
        assert chosen.startswith("beta gamma")


async def test_a_selection_survives_streaming() -> None:
    async with pane("one two three", status=Status.STREAMING) as (app, pilot):
        chosen = await drag(app, pilot, where(app, "one"), where(app, "three"))
        assert chosen == "one two "
        for text in (" four\n\nA new", " paragraph\n\n", "- and\n- more\n\nEnd."):
            app.transcript.append_text("a", text)
        assert app.transcript.selected_text == chosen


async def test_a_selection_survives_the_tail_being_frozen_in_pieces() -> None:
    async with pane("A paragraph\n# Heading", status=Status.STREAMING) as (app, pilot):
        x, y = where(app, "Heading")
        assert await drag(app, pilot, (x, y), (x + 7, y)) == "Heading"
        app.transcript.append_text("a", " of it\n\nMore.\n\nAnd more.")
        assert len(app.transcript.document.rows(1).splitter.pieces) > 1
        assert app.transcript.selected_text == "Heading"


async def test_only_the_selected_cells_are_painted_as_selected() -> None:
    async with pane() as (app, pilot):
        x, y = where(app, "gamma")
        await pilot.click(app.transcript, offset=(x, y), times=2)
        selected = app.transcript.document.renderer.styles["selection"].bgcolor
        [strip] = app.transcript.render_lines(Region(0, y, app.transcript.size.width, 1))
        assert "".join(text for text, style, _ in strip if style and style.bgcolor == selected) == "gamma"


async def test_a_selection_that_ends_in_a_blank_line_copies_no_newline() -> None:
    async with pane("One.\n\nTwo.") as (app, pilot):
        x, y = where(app, "One.")
        assert await drag(app, pilot, (x, y), (x, y + 1)) == "One."


@pytest.mark.parametrize("lines", ["{}", "```\n{}\n```", "- {}", "日{}"])
@pytest.mark.parametrize("word", ["word ", "日本語"])
async def test_a_line_longer_than_a_piece_is_copied_as_one_line(lines: str, word: str) -> None:
    text = word * 2000 + "end"
    async with pane(lines.format(text)) as (app, _):
        app.transcript.set_selection(Selection(Spot(1, 1, 0, 0), Spot(1, 99, 0, END_OF_LINE)))
        assert len(app.transcript.document.rows(1).splitter.pieces) > 1
        assert text in app.transcript.selected_text


async def test_dragging_beyond_the_edge_scrolls() -> None:
    async with pane(REPLY * 4) as (app, pilot):
        transcript = app.transcript
        assert transcript.viewport.top_line
        await pilot.mouse_down(transcript, offset=(10, 5))
        transcript.post_message(events.MouseMove(transcript, 0, -3, 0, -8, 1, False, False, False))
        await until(lambda: transcript.viewport.top_line == 0)
        await pilot.mouse_up(transcript, offset=(0, 0))
        assert transcript.selected_text.startswith("A question")


async def test_a_drag_or_a_double_click_on_a_link_does_not_follow_it() -> None:
    async with pane() as (app, pilot):
        x, y = where(app, "the site")
        await drag(app, pilot, (x + 5, y), (x + 1, y))
        await pilot.pause()
        assert app.links == []
        await pilot.click(app.transcript, offset=(x, y), times=2)
        await pilot.pause()
        assert app.links == ["https://example.test/page"]


async def test_clicking_a_link_posts_its_address() -> None:
    async with pane() as (app, pilot):
        await pilot.click(app.transcript, offset=where(app, "the site"))
        await pilot.pause()
        assert app.links == ["https://example.test/page"]


async def test_only_web_and_mail_links_can_be_clicked() -> None:
    reply = (
        "[script](javascript:alert(1)) [disk](file:///etc/passwd) [old](ftp://x.y/z) [call](tel:1) [near](n.md) "
        "[web](https://x.y) [post](mailto:a@x.y)"
    )
    async with pane(reply, size=(100, 30)) as (app, pilot):
        for word in ("script", "disk", "old", "call", "near", "web", "post"):
            await pilot.click(app.transcript, offset=where(app, word))
        await pilot.pause()
        assert app.links == ["https://x.y", "mailto:a@x.y"]


async def test_clicking_a_copy_mark_posts_the_code() -> None:
    async with pane() as (app, pilot):
        x, y = where(app, "copy")
        await pilot.click(app.transcript, offset=(x + 1, y))
        await pilot.pause()
        assert app.codes == ["def f():\n    return 1\n"]


async def test_a_long_code_block_is_one_block() -> None:
    code = "\n".join(f"line_{number} = {number}" for number in range(200))
    async with pane(f"```python\n{code}\n```\n\nThen\n\n```\nother\n```") as (app, _):
        app.transcript.walk(-1)
        assert app.transcript.choose_code()
        assert app.transcript.chosen_code == code + "\n"
        assert app.transcript.selected_text == code
        assert app.transcript.choose_code()
        assert app.transcript.chosen_code == "other\n"


@pytest.mark.parametrize("width", [1, 5, 20, 62, 200])
async def test_selecting_everything_copies_the_text_at_every_width(width: int) -> None:
    async with pane("Some words here.\n\nAnd more words.", size=(width, 30)) as (app, _):
        last = app.transcript.document.rows(1)
        app.transcript.set_selection(
            Selection(Spot(0, 0, 0, 0), Spot(1, len(last.heights) - 1, END_OF_LINE, END_OF_LINE))
        )
        assert app.transcript.selected_text == "A question\n\nSome words here.\n\nAnd more words."


async def test_a_dragged_list_keeps_its_nesting() -> None:
    nested = "- one\n  - two\n    1. three\n\n       more of three\n  - four\n\nend\n"
    async with pane(nested) as (app, pilot):
        x, y = where(app, "one")
        whole = await drag(app, pilot, (x - 2, y), where(app, "end"))
        assert whole.rstrip() == nested.removesuffix("\nend\n").rstrip()
        x, y = where(app, "two")
        inner = await drag(app, pilot, (x - 2, y), where(app, "end"))
        assert inner.rstrip() == "- two\n  1. three\n\n     more of three\n- four"
