"""The compositor, against Textual's own: what changed looks the same, and nothing else is rendered."""

from __future__ import annotations

import random

import pytest
from textual._compositor import ChopsUpdate, Compositor
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Static

from gptalk_tui.terminal.compositor import TightCompositor
from gptalk_tui.terminal.painter.chops import chops_of


class Counted(Static):
    """Counts how often it was asked for lines."""

    asked = 0

    def render_lines(self, crop: Region) -> list[Strip]:
        self.asked += crop.height
        return super().render_lines(crop)


class Layers(Screen[None]):
    """Panels side by side, one that scrolls, and one that floats above the others."""

    DEFAULT_CSS = """
    Layers { layers: below above; }
    #body { height: 1fr; }
    #side { width: 12; border: round red; }
    #scrolled { width: 1fr; }
    #scrolled Counted { height: 6; width: 1fr; }
    #floating { layer: above; width: 20; height: 5; offset: 8 2; background: blue 40%; border: round white; }
    #foot { height: 1; }
    """

    def compose(self) -> ComposeResult:
        with Horizontal(id="body"):
            yield Counted("side " * 40, id="side")
            with Vertical(), VerticalScroll(id="scrolled"):
                for number in range(5):
                    yield Counted(f"日本 {number} " * 60)
        yield Counted("foot", id="foot")
        yield Counted("floating " * 10, id="floating")


class LayersApp(App[None]):
    """Shows the layers."""

    def get_default_screen(self) -> Screen[None]:
        return Layers()


def pieces(compositor: Compositor, changed: list[Region]) -> list[tuple[int, tuple[int, int], list[object]]]:
    """Return what an update paints, piece by piece."""
    compositor._dirty_regions = set(changed)
    update = compositor.render_partial_update()
    assert isinstance(update, ChopsUpdate)
    return [(y, span, list(strip.simplify())) for y, span, strip in chops_of(update)]


def copy_of(screen: Screen[None], kind: type[Compositor]) -> Compositor:
    """Return a compositor of a kind that has laid out a screen."""
    compositor = kind()
    compositor.reflow(screen, screen.size)
    return compositor


@pytest.mark.parametrize("seed", range(6))
async def test_changed_regions_look_as_textual_composes_them(seed: int) -> None:
    rng = random.Random(seed)
    app = LayersApp()
    async with app.run_test(size=(60, 16)) as pilot:
        app.screen.query_one("#scrolled").scroll_to(y=rng.randrange(20), animate=False)
        await pilot.pause()
        stock, tight = (copy_of(app.screen, kind) for kind in (Compositor, TightCompositor))
        for _ in range(60):
            changed = [
                Region(x, y, rng.randint(1, 60 - x), rng.randint(1, 16 - y))
                for _ in range(rng.randint(1, 4))
                for x, y in ((rng.randrange(60), rng.randrange(16)),)
            ]
            painted = pieces(tight, changed)
            assert painted == pieces(stock, changed)
            covered = {(x, y) for region in changed for y in region.line_range for x in region.column_range}
            assert covered <= {(x, y) for y, (start, end), _ in painted for x in range(start, end)}


async def test_only_what_shows_in_a_changed_region_is_rendered() -> None:
    app = LayersApp()
    async with app.run_test(size=(60, 16)):
        compositor = copy_of(app.screen, TightCompositor)
        counted = list(app.screen.query(Counted))
        for each in counted:
            each.asked = 0
        # A line of the side above the floating panel, and the foot: all that is between them is left alone.
        assert pieces(compositor, [Region(0, 1, 12, 1), Region(0, 15, 60, 1)])
        assert {each.id: each.asked for each in counted if each.asked} == {"side": 1, "foot": 1}


async def test_a_region_that_is_asked_for_before_the_layout_hides_no_change() -> None:
    app = LayersApp()
    async with app.run_test(size=(60, 16)):
        screen, (side, scrolled) = app.screen, (app.screen.query_one(each) for each in ("#side", "#scrolled"))
        compositor = copy_of(screen, TightCompositor)
        compositor._dirty_regions.clear()
        before = compositor.full_map[scrolled].region
        side.display = False
        compositor._full_map_invalidated = True  # as it is once a hidden widget was updated
        assert compositor.full_map[scrolled].region.width > before.width
        found = compositor.reflow(screen, screen.size)
        assert scrolled in found.resized
        assert side in found.hidden
        assert any(region.contains_region(before) for region in compositor._dirty_regions)
