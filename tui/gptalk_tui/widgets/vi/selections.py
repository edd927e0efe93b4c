"""The visual modes: what is selected, and commands on it."""

from __future__ import annotations

from dataclasses import replace

from gptalk_tui.widgets.vi import operators
from gptalk_tui.widgets.vi.editor import Editor
from gptalk_tui.widgets.vi.motions import LINE_END, Kind, Target
from gptalk_tui.widgets.vi.operators import Stretch
from gptalk_tui.widgets.vi.state import VISUAL, Mode, Prefix


class SelectingEditor(Editor):
    """An editor that can select characters and lines."""

    def toggle_visual(self, mode: Mode) -> None:
        """Begin to select, change how, or end it."""
        if self.mode is mode:
            self._enter_normal()
            return
        if self.mode not in VISUAL:
            self.anchor = self.cursor
        self.mode = mode

    @property
    def selection(self) -> Stretch:
        """What is selected, in a visual mode."""
        start, end = min(self.anchor, self.cursor), max(self.anchor, self.cursor)
        if self.mode is Mode.VISUAL_LINE:
            return Stretch((start[0], 0), (end[0], len(self.lines.rows[end[0]])), is_lines=True)
        return Stretch(start, (end[0], end[1] + 1))

    def _select(self, target: Target | None) -> None:
        if target is None:
            return
        start, end = target.start or self.cursor, target.place
        if target.kind is Kind.LINES:
            self.mode = Mode.VISUAL_LINE
        elif target.kind is Kind.EXCLUSIVE:
            if start == end:
                return
            end = self.lines.before(end) or end
        self.anchor, self.cursor = start, end
        self._want = self.cursor[1]

    def _select_again(self, mode: Mode, rows: int, width: int) -> None:
        self.anchor, self.mode = self.cursor, mode
        row = min(self.lines.last, self.cursor[0] + rows)
        column = self.cursor[1] + width if not rows else width
        length = len(self.lines.rows[row])
        self.cursor = row, min(column, length if width == LINE_END else max(0, length - 1))

    def operate_selection(self, operator: str, prefix: Prefix, *, as_lines: bool = False) -> None:
        """Run an operator on what is selected."""
        mode = Mode.VISUAL_LINE if as_lines else self.mode
        stretch = replace(self.selection, is_lines=True) if as_lines else self.selection
        if operator in (">", "<"):
            stretch = replace(stretch, is_lines=True)
        if as_lines:
            stretch = replace(stretch, start=(stretch.start[0], 0))
        if not stretch.is_lines and stretch.end[1] > len(self.lines.rows[stretch.end[0]]):
            row = stretch.end[0]
            is_last = row == self.lines.last
            stretch = replace(stretch, end=(row, len(self.lines.rows[row])) if is_last else (row + 1, 0))
        rows = abs(self.anchor[0] - self.cursor[0])
        last = max(self.anchor, self.cursor)[1]
        width = LINE_END if self._want == LINE_END else last if rows else last - stretch.start[1]
        self.mode = Mode.NORMAL
        self._operate(operator, prefix, stretch, None, selected=(mode, rows, width))

    def join_selection(self, prefix: Prefix, *, with_blanks: bool) -> None:
        """Join the selected lines."""
        stretch = self.selection
        self.mode, self.cursor = Mode.NORMAL, stretch.start
        self.join(Prefix(max(2, stretch.end[0] - stretch.start[0] + 1), True), with_blanks=with_blanks)

    def put_over_selection(self, prefix: Prefix, *, keeps_register: bool) -> None:
        """Replace what is selected with a register."""
        register = self._registers.read(prefix.register)
        is_lines = self.mode is Mode.VISUAL_LINE
        stretch = self.selection
        is_last = is_lines and stretch.end[0] == self.lines.last
        self.operate_selection("d", replace(prefix, register="_" if keeps_register else '"'))
        if register.is_lines and not is_lines:
            self.cursor = self.lines.replace(stretch.start, stretch.start, "\n")
            self.cursor = operators.put(self.lines, self.cursor, register, prefix.count, is_after=False)
            return
        if is_lines and self.lines.rows == [""] and register.text:
            text = register.text.removesuffix("\n") if register.is_lines else register.text
            self.lines.replace((0, 0), (0, 0), text)
            self.cursor = 0, self.lines.indent(0)
            return
        if not register.is_lines and is_lines:
            row = stretch.start[0]
            self.lines.rows[row:row] = [""]
            operators.put(self.lines, (row, 0), register, prefix.count, is_after=False)
            self.cursor = row, self.lines.indent(row)
            return
        ends_line = 0 < stretch.start[1] == len(self.lines.rows[stretch.start[0]])
        is_after = is_last if is_lines else ends_line
        self.cursor = operators.put(self.lines, self.cursor, register, prefix.count, is_after=is_after)

    def swap_ends(self, prefix: Prefix) -> None:
        """Go to the other end of the selection."""
        self.anchor, self.cursor = self.cursor, self.anchor
        self._want = self.cursor[1]

    def _fill_selection(self, char: str, prefix: Prefix) -> None:
        stretch = self.selection
        start, end = stretch.start, min(stretch.end, (stretch.end[0], len(self.lines.rows[stretch.end[0]])))
        self.mode, self.cursor = Mode.NORMAL, start
        if len(char) == 1:
            self._begin()
            text = self.lines.between(start, end)
            self.lines.replace(start, end, "".join("\n" if each == "\n" else char for each in text))
