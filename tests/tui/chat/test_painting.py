"""The app's frames as painted from what changed, against Textual's own: a terminal shows the same after each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from textual.app import App
from textual.pilot import Pilot

from gptalk_client.settings import Settings, UiSettings
from gptalk_tui.terminal.painter.chops import size_of
from support.apps import Running, running_app
from support.cell_terminal import CellTerminal
from support.exhaustive import EVERY_CASE
from support.scenes.texts import LIFETIMES, PASTA
from support.scripted_provider import ScriptedProvider

WIDE = """日本語の助詞は**難しい**です。それでも毎日少しずつ練習します。

| 한국어 | 意味 |
|---|---|
| 사랑 | 愛 ❤️ |

Family 👨‍👩‍👧‍👦, flag 🏴󠁧󠁢󠁳󠁣󠁴󠁿, thumb 👍, a\u0301 and `código`.
"""


class Both:
    """A terminal with Textual's frames beside one with the painter's."""

    def __init__(self, size: tuple[int, int], *, bce: bool, has_margins: bool) -> None:
        self._console = Console(color_system="truecolor", force_terminal=True)
        self._has_margins = has_margins
        self.stock, self.ours = (CellTerminal(*size, bce=bce, has_margins=has_margins) for _ in range(2))
        self.frames = 0
        self.bytes_of_stock = self.bytes_of_ours = 0

    def take(self, app: App[Any], _screen: object, frame: Any) -> None:
        """Paint a frame in both terminals; they must show the same."""
        app._driver.has_margins = self._has_margins  # type: ignore[union-attr]
        app._sync_available = True
        if frame is None or app._batch_count:
            return
        size = size_of(frame._update)
        if (self.ours.columns, self.ours.lines) != size:
            self.stock.resize(*size)
            self.ours.resize(*size)
        expected, painted = frame._update.render_segments(self._console), frame.render_segments(self._console)
        self.stock.feed(expected)
        self.ours.feed(painted)
        self.frames += 1
        self.bytes_of_stock += len(expected.encode())
        self.bytes_of_ours += len(painted.encode())
        for y, (line, wanted) in enumerate(zip(self.ours.shown, self.stock.shown, strict=True)):
            assert line == wanted, f"frame {self.frames}, line {y}"
        assert self.ours.is_clean


TERMINALS = [(False, True), (True, False)] + ([(False, False), (True, True)] if EVERY_CASE else [])
"""Whether erased cells take the pen's background, and whether there are left and right margins."""


@pytest.fixture(params=TERMINALS, ids=str)
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    found = Both((100, 30), bce=request.param[0], has_margins=request.param[1])
    monkeypatch.setattr(App, "_display", lambda app, screen, frame: found.take(app, screen, frame))
    yield found
    assert found.frames


async def drag(pilot: Pilot[Any], *places: tuple[int, int]) -> None:
    await pilot.mouse_down("#transcript", offset=places[0])
    for place in places[1:]:
        await pilot.hover("#transcript", offset=place)
    await pilot.mouse_up("#transcript", offset=places[-1])


async def look_around(app: Running) -> None:
    """Open what can be opened, scroll, and select."""
    for key in ("f1", "ctrl+p", "ctrl+f", "ctrl+s"):
        await app.press(key, *"the", "escape", "escape")
    transcript = app.chat.transcript
    for act in (
        transcript.scroll_to_top,
        lambda: transcript.scroll_lines(3),
        lambda: transcript.scroll_page(1),
        lambda: transcript.scroll_lines(-1),
        transcript.follow_end,
    ):
        act()
        await app.pilot.pause()
    await drag(app.pilot, (8, 3), (20, 6), (30, 12))
    await app.press("alt+up", "alt+up", "alt+down", "escape")


async def test_a_tour_of_the_app(tmp_path: Path, both: Both) -> None:
    turns = [PASTA, *WIDE.splitlines(keepends=True)], [LIFETIMES * 4]
    async with running_app(ScriptedProvider(*turns), tmp_path, size=(100, 30), toasts=True) as app:
        await app.send("Pasta for eight, 日本語で")
        await app.until_idle()
        await look_around(app)
        await app.press("ctrl+n")
        await app.send("How do lifetimes relate to borrows?")
        await app.until_idle()
        app.app.notify("A notice beside the text\nof two lines")
        await app.pilot.pause()
        for size in ((70, 20), (44, 14), (120, 36)):
            await app.pilot.resize_terminal(*size)
            if EVERY_CASE:
                await look_around(app)
        await app.press("ctrl+l", "ctrl+l", "alt+l")
    assert both.frames > 50


@pytest.mark.parametrize("show_list", [True, False], ids=["list", "no-list"])
async def test_a_reply_that_streams_costs_a_fraction(tmp_path: Path, both: Both, show_list: bool) -> None:
    text = (LIFETIMES + PASTA) * (8 if EVERY_CASE else 2)
    pieces = [text[at : at + 40] for at in range(0, len(text), 40)]
    settings = Settings(provider="gptalk", ui=UiSettings(show_list=show_list))
    async with running_app(ScriptedProvider(pieces), tmp_path, size=(100, 30), settings=settings) as app:
        transcript = app.chat.transcript
        await app.send("Go")
        await app.until_idle()
        prompt, reply = transcript.document.entries[-2:]
        transcript.begin_turn(prompt, "Go", reply)
        before = both.bytes_of_stock, both.bytes_of_ours
        for piece in pieces:
            transcript.append_text(reply.id, piece)
            await app.pilot.pause()
        transcript.end_message(reply)
        await app.pilot.pause()
    assert (both.bytes_of_stock - before[0]) > 3 * (both.bytes_of_ours - before[1])
