"""Which keys run which commands, in normal mode and on a selection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gptalk_tui.widgets.vi.selections import SelectingEditor
from gptalk_tui.widgets.vi.state import Mode, Prefix

Run: TypeAlias = "Callable[[SelectingEditor, Prefix], None]"

COMMANDS: dict[str, Run] = {
    "i": lambda vi, prefix: vi.insert_at(vi.cursor, prefix),
    "insert": lambda vi, prefix: vi.insert_at(vi.cursor, prefix),
    "a": lambda vi, prefix: vi.insert_at(
        (vi.cursor[0], min(len(vi.lines.rows[vi.cursor[0]]), vi.cursor[1] + 1)), prefix
    ),
    "I": lambda vi, prefix: vi.insert_at((vi.cursor[0], vi.lines.indent_end(vi.cursor[0])), prefix),
    "A": lambda vi, prefix: vi.insert_at((vi.cursor[0], len(vi.lines.rows[vi.cursor[0]])), prefix),
    "o": lambda vi, prefix: vi.open_line(prefix, is_below=True),
    "O": lambda vi, prefix: vi.open_line(prefix, is_below=False),
    "x": lambda vi, prefix: vi.by("d", "l")(prefix),
    "delete": lambda vi, prefix: vi.by("d", "l")(prefix),
    "X": lambda vi, prefix: vi.by("d", "h")(prefix),
    "D": lambda vi, prefix: vi.by("d", "$")(prefix),
    "C": lambda vi, prefix: vi.by("c", "$")(prefix),
    "s": lambda vi, prefix: vi.by("c", "l")(prefix),
    "S": lambda vi, prefix: vi.by_lines("c", prefix),
    "Y": lambda vi, prefix: vi.by_lines("y", prefix),
    "~": lambda vi, prefix: vi.swap_case(prefix),
    "J": lambda vi, prefix: vi.join(prefix, with_blanks=True),
    "gJ": lambda vi, prefix: vi.join(prefix, with_blanks=False),
    "p": lambda vi, prefix: vi.put(prefix, is_after=True),
    "P": lambda vi, prefix: vi.put(prefix, is_after=False),
    "u": lambda vi, prefix: vi.undo(prefix),
    "ctrl+r": lambda vi, prefix: vi.undo(prefix, is_redo=True),
    "v": lambda vi, _: vi.toggle_visual(Mode.VISUAL),
    "V": lambda vi, _: vi.toggle_visual(Mode.VISUAL_LINE),
}

VISUAL_COMMANDS: dict[str, Run] = {
    "x": lambda vi, prefix: vi.operate_selection("d", prefix),
    "delete": lambda vi, prefix: vi.operate_selection("d", prefix),
    "X": lambda vi, prefix: vi.operate_selection("d", prefix, as_lines=True),
    "D": lambda vi, prefix: vi.operate_selection("d", prefix, as_lines=True),
    "s": lambda vi, prefix: vi.operate_selection("c", prefix),
    "S": lambda vi, prefix: vi.operate_selection("c", prefix, as_lines=True),
    "C": lambda vi, prefix: vi.operate_selection("c", prefix, as_lines=True),
    "R": lambda vi, prefix: vi.operate_selection("c", prefix, as_lines=True),
    "Y": lambda vi, prefix: vi.operate_selection("y", prefix, as_lines=True),
    "u": lambda vi, prefix: vi.operate_selection("gu", prefix),
    "U": lambda vi, prefix: vi.operate_selection("gU", prefix),
    "~": lambda vi, prefix: vi.operate_selection("g~", prefix),
    "J": lambda vi, prefix: vi.join_selection(prefix, with_blanks=True),
    "gJ": lambda vi, prefix: vi.join_selection(prefix, with_blanks=False),
    "p": lambda vi, prefix: vi.put_over_selection(prefix, keeps_register=False),
    "P": lambda vi, prefix: vi.put_over_selection(prefix, keeps_register=True),
    "o": lambda vi, prefix: vi.swap_ends(prefix),
}
