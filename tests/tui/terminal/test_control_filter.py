"""Painted text contains no control characters and keeps its width."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.color import Color
from textual.widgets import Input, Static

from gptalk_tui.terminal.control_filter import ControlFilter
from support.hostile_texts import HOSTILE_TEXTS
from support.terminal_bytes import complaints


@pytest.mark.parametrize("what", HOSTILE_TEXTS)
def test_control_characters_are_removed(what: str) -> None:
    text = HOSTILE_TEXTS[what]
    [painted] = ControlFilter().apply([Segment(text)], Color(0, 0, 0))
    assert complaints(painted.text.encode(), is_app=True) == []
    assert cell_len(painted.text) == cell_len(text)


def test_harmless_segments_are_unchanged() -> None:
    segments = [
        Segment("plain"),
        Segment("漢字 👩\u200d💻 é 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f Привет"),
    ]
    assert ControlFilter().apply(segments, Color(0, 0, 0)) == segments


class _Careless(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self._filters.append(ControlFilter())

    def compose(self) -> ComposeResult:
        yield Input("a\x1b]52;c;x\x07\x9b2Jb")
        yield Static("c\x1b[2Jd", markup=False)


async def test_careless_widgets_are_filtered_too() -> None:
    async with _Careless().run_test() as pilot:
        lines = [str(strip.text) for strip in pilot.app.screen._compositor.render_strips()]
    assert "\x1b" not in "".join(lines)
    assert "\x9b" not in "".join(lines)
    assert any("a]52;c;x2Jb" in line for line in lines)
