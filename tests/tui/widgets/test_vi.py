"""The composer's vi does what vim does; `tests/tools/vi_corpus.py` asked it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gptalk_tui.widgets.vi.engine import Vi
from gptalk_tui.widgets.vi.registers import Registers
from gptalk_tui.widgets.vi.state import Mode

CORPUS = json.loads((Path(__file__).parent / "vi_corpus.json").read_text(encoding="utf-8"))

NAMES = {"\x1b": "escape", "\r": "enter", "\x12": "ctrl+r"}


def a_vi(text: str, cursor: tuple[int, int] = (0, 0)) -> Vi:
    board = [""]
    vi = Vi(Registers(lambda text: board.__setitem__(0, text), lambda: board[0]))
    vi.reset(text, cursor)
    vi.press("escape")
    vi.load(text, cursor)
    return vi


def press(vi: Vi, keys: str) -> None:
    """Press keys; those that the field itself takes in insert mode are typed."""
    for char in keys:
        key = NAMES.get(char, char)
        if vi.mode is Mode.INSERT and key != "escape":
            vi.type_text("\n" if key == "enter" else char)
        else:
            vi.press(key)


def outcome(text: str, cursor: list[int], commands: list[str]) -> list[object]:
    vi = a_vi(text, (cursor[0], cursor[1]))
    for keys in commands:
        press(vi, keys)
        if vi.mode is Mode.INSERT or vi.pending:
            vi.press("escape")
    register = vi._registers.read('"')
    return [vi.lines.text, [*vi.cursor], register.text, register.is_lines]


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) > 1000


@pytest.mark.parametrize("part", range(10))
def test_edits_give_what_vim_gives(part: int) -> None:
    wrong = []
    for text, cursor, commands, *expected in CORPUS[part::10]:
        found = outcome(text, cursor, commands)
        if found != expected:
            wrong.append(f"{commands} at {cursor} of {text!r}\n  vim: {expected}\n  now: {found}")
    assert not wrong, f"{len(wrong)} of {len(CORPUS[part::10])}:\n" + "\n".join(wrong)
