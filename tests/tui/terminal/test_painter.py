"""The painter, against Textual's own painting: after each frame a terminal shows the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from gptalk_tui.terminal.painter.frames import Frames
from gptalk_tui.terminal.painter.painter import Painter
from support.cell_terminal import CellTerminal
from support.exhaustive import EVERY_CASE

WORDS = ["the", "quick", "日本語", "한국어", "fox", "é", "│", "naïve", "✅", "a\u0301", "e", "→"]
STYLES = [
    Style.parse(each)
    for each in (
        "#d8dae0 on #121318",
        "bold #d8dae0 on #121318",
        "dim italic #878d9c on #121318",
        "underline red on #121318",
        "reverse #ffffff on #35507a",
        "green",
        "on blue",
        "bold dim strike",
        "none",
    )
] + [Style.parse("#7fb4ff on #121318") + Style(link="https://example.org")]


def console() -> Console:
    return Console(color_system="truecolor", force_terminal=True)


def strip_of(rng: random.Random, width: int) -> Strip:
    """Return a line of random words in random styles, exactly so wide."""
    if rng.random() < 0.2:
        return Strip.blank(width, rng.choice(STYLES))
    parts: list[Segment] = []
    while sum(part.cell_length for part in parts) < width:
        parts.append(Segment(rng.choice(WORDS) + " " * rng.randrange(4), rng.choice(STYLES)))
    return Strip(parts).adjust_cell_length(width, rng.choice(STYLES))


@dataclass
class Layout:
    """A screen of random pieces that changes as screens do: it scrolls, is typed into, and covered by dialogs."""

    rng: random.Random
    width: int = 0
    height: int = 0
    lines: list[dict[int, Strip]] = field(default_factory=list)
    is_covered: bool = False

    def resize(self) -> CompositorUpdate:
        self.width, self.height = self.rng.randrange(24, 70), self.rng.randrange(8, 18)
        return self.arrange()

    def cuts(self, y: int) -> list[int]:
        """Return where a line is cut: list, text and scroll bar; a dialog in the middle, if it is covered."""
        cuts = {0, self.width // 4, self.width - 1, self.width}
        if self.is_covered and self.height // 4 <= y < self.height * 3 // 4:
            cuts |= {self.width // 3, self.width * 2 // 3}
        return sorted(cuts)

    def arrange(self) -> CompositorUpdate:
        """Fill the whole screen anew."""
        self.lines = []
        for y in range(self.height):
            cuts = self.cuts(y)
            self.lines.append({x: strip_of(self.rng, end - x) for x, end in pairwise(cuts)})
        return self.all()

    def all(self) -> CompositorUpdate:
        strips = [line.values() for line in self.lines]
        return LayoutUpdate(strips, Region(0, 0, self.width, self.height))  # type: ignore[arg-type]

    def cover(self) -> CompositorUpdate:
        self.is_covered = not self.is_covered
        return self.arrange()

    def scroll(self) -> CompositorUpdate:
        """Move the text up or down, with new lines at the edge; some lines beside it may change too."""
        x = self.width // 4
        lines = [y for y in range(self.height) if self.cuts(y)[2] == self.width - 1]
        by = self.rng.choice([-3, -1, 1, 1, 2, 5])
        old = [self.lines[y][x] for y in lines]
        for index, y in enumerate(lines):
            at = index + by
            self.lines[y][x] = old[at] if 0 <= at < len(old) else strip_of(self.rng, self.width - 1 - x)
        spans = dict.fromkeys(lines, (x, self.width))
        for y in self.rng.sample(lines, min(2, len(lines))):
            self.lines[y][0] = strip_of(self.rng, x)
            spans[y] = (0, self.width)
        return self.some(spans)

    def type(self) -> CompositorUpdate:
        """Change a few cells of a few lines; the marked region may end within a piece."""
        spans = {}
        for y in self.rng.sample(range(self.height), self.rng.randrange(1, 4)):
            x = self.rng.choice(list(self.lines[y]))
            old = self.lines[y][x]
            width = old.cell_length
            at = self.rng.randrange(width)
            end = min(width, at + self.rng.randrange(1, 4))
            new = Strip([Segment("z" * (end - at), self.rng.choice(STYLES))])
            self.lines[y][x] = Strip.join([old.crop(0, at), new, old.crop(end)])
            spans[y] = (x, x + end)
        return self.some(spans)

    def again(self) -> CompositorUpdate:
        """Paint lines that have not changed."""
        return self.some(dict.fromkeys(range(self.rng.randrange(1, self.height)), (0, self.width)))

    def some(self, spans: dict[int, tuple[int, int]]) -> CompositorUpdate:
        """Return an update of a part of each line, as the compositor makes it: other pieces are not there."""
        chops: list[dict[int, Strip | None]] = []
        ends = [self.cuts(y)[1:] for y in range(self.height)]
        for y, line in enumerate(self.lines):
            x1, x2 = spans.get(y, (0, 0))
            chops.append(
                {
                    x: strip if x < x2 and end > x1 else None
                    for (x, strip), end in zip(line.items(), ends[y], strict=True)
                }
            )
        return ChopsUpdate(chops, [(y, *span) for y, span in sorted(spans.items())], ends)


@pytest.mark.parametrize("has_margins", [False, True], ids=["lines", "margins"])
@pytest.mark.parametrize("bce", [False, True], ids=["plain", "bce"])
@pytest.mark.parametrize("seed", range(400 if EVERY_CASE else 4))
def test_random_frames_show_what_textual_shows(seed: int, bce: bool, has_margins: bool) -> None:
    rng = random.Random(seed)
    layout, painter = Layout(rng), Painter()
    painter.has_margins, painter.is_whole = has_margins, rng.random() < 0.8
    stock, ours = (CellTerminal(1, 1, bce=bce, has_margins=has_margins) for _ in range(2))
    steps: list[Callable[[], CompositorUpdate]] = [layout.scroll] * 10 + [layout.type] * 6
    steps += [layout.again, layout.all, layout.cover, layout.arrange, layout.resize]
    for number in range(30):
        step = layout.resize if not number else rng.choice(steps)
        update = step()
        if step == layout.resize:
            painter.forget()
            for terminal in (stock, ours):
                terminal.resize(layout.width, layout.height)
        stock.feed(update.render_segments(console()))
        ours.feed(painter.paint(update, console()))
        assert ours.shown == stock.shown, f"frame {number}, {step.__name__}"
        assert ours.is_clean


def text_screen(lines: list[str], *, y: int = 0) -> CompositorUpdate:
    strips = [[Strip([Segment(line.ljust(20), STYLES[0])], 20)] for line in lines]
    return LayoutUpdate(strips, Region(0, y, 20, len(lines)))  # type: ignore[arg-type]


def test_a_character_that_is_typed_is_all_that_is_painted() -> None:
    painter = Painter()
    painter.paint(text_screen(["hello", "", ""]), console())
    frame = painter.paint(text_screen(["hello", "> w", ""]), console())
    assert frame.count("\x1b[") == 3  # the cursor's place, the colours on and off
    assert "w" in frame
    assert "hello" not in frame


def test_an_equal_frame_is_empty() -> None:
    painter = Painter()
    painter.paint(text_screen(["hello", ""]), console())
    assert painter.paint(text_screen(["hello", ""]), console()) == ""


def test_text_that_moves_up_is_scrolled_by_the_terminal() -> None:
    painter = Painter()
    lines = [f"line number {number}" for number in range(12)]
    painter.paint(text_screen(lines[:10]), console())
    frame = painter.paint(text_screen(lines[2:]), console())
    assert "\x1b[1;10r\x1b[1H\x1b[2M\x1b[r" in frame
    assert "line number 5" not in frame
    assert "line number 11" in frame


def test_text_that_moves_down_is_scrolled_by_the_terminal() -> None:
    painter = Painter()
    lines = [f"line number {number}" for number in range(12)]
    painter.paint(text_screen(lines[2:]), console())
    frame = painter.paint(text_screen(lines[:10]), console())
    assert "\x1b[1;10r\x1b[1H\x1b[2L\x1b[r" in frame
    assert "line number 5" not in frame


def test_after_forgetting_everything_is_painted() -> None:
    painter = Painter()
    painter.paint(text_screen(["hello", ""]), console())
    painter.forget()
    assert "hello" in painter.paint(text_screen(["hello", ""]), console())


def test_a_painter_that_fails_leaves_painting_to_textual() -> None:
    frames = Frames()
    update = text_screen(["hello", ""])
    expected = update.render_segments(console())
    frames._painter.paint = None  # type: ignore[assignment, method-assign]
    frame = frames.of(update, None, is_whole=True)  # type: ignore[arg-type]
    assert isinstance(frame, CompositorUpdate)
    assert frame.render_segments(console()) == expected
    assert frames.of(update, None, is_whole=True) is update  # type: ignore[arg-type]


def test_the_terminal_is_painted_anew_after_a_suspension() -> None:
    class Driver:
        starts = 1

    frames, driver = Frames(), Driver()

    def painted() -> str:
        frame = frames.of(text_screen(["hello", ""]), driver, is_whole=True)  # type: ignore[arg-type]
        assert isinstance(frame, CompositorUpdate)
        return frame.render_segments(console())

    assert "hello" in painted()
    assert "hello" not in painted()
    driver.starts = 2
    assert "hello" in painted()
