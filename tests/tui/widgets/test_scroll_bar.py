"""The transcript's scroll bar, against Textual's own."""

from __future__ import annotations

import random

import pytest
from textual.app import App, ComposeResult
from textual.filter import Monochrome
from textual.geometry import Offset, Region
from textual.scrollbar import ScrollBar
from textual.widgets import Static

from gptalk_tui.widgets.scroll_bar import LineScrollBar


class Bars(App[None]):
    """A bar of each kind."""

    CSS = """
    Screen { layout: horizontal; scrollbar-color: #ff8800; scrollbar-background: #121318; }
    ScrollBar { width: 1; height: 20; }
    """

    def compose(self) -> ComposeResult:
        yield ScrollBar(name="stock")
        yield LineScrollBar(name="ours")
        yield Static("beside")


def set_all(bars: list[ScrollBar], rng: random.Random) -> None:
    """Put all bars in the same random state."""
    size, height = rng.randint(1, 4000), rng.randint(1, 40)
    position, is_over = rng.randint(0, max(0, size - height)), rng.random() < 0.3
    grabbed = Offset(0, 0) if rng.random() < 0.2 else None
    for bar in bars:
        bar.window_virtual_size, bar.window_size = size, height
        bar.position, bar.mouse_over, bar.grabbed = position, is_over, grabbed


@pytest.mark.parametrize("has_colour", [True, False])
async def test_it_has_the_same_cells(has_colour: bool) -> None:
    rng = random.Random(4)
    app = Bars()
    async with app.run_test(size=(40, 20)) as pilot:
        if not has_colour:
            app._filters.append(Monochrome())
        stock, ours = bars = list(app.query(ScrollBar))
        for _ in range(60):
            set_all(bars, rng)
            await pilot.pause()
            top = rng.randrange(20)
            crop = Region(0, top, 1, rng.randint(1, 20 - top))
            lines = [[list(strip) for strip in bar.render_lines(crop)] for bar in (stock, ours)]
            assert lines[0] == lines[1]
            assert len(lines[0]) == crop.height


async def test_it_can_be_dragged() -> None:
    app = Bars()
    async with app.run_test(size=(40, 20)) as pilot:
        ours = app.query_one(LineScrollBar)
        ours.window_virtual_size, ours.window_size = 200, 20
        await pilot.pause()
        style = app.screen.get_style_at(ours.region.x, ours.region.y)
        assert style.meta == {"@mouse.down": "grab"}
