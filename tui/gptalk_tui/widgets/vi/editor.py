"""A text with a cursor, and the commands of a vi that change it."""

from __future__ import annotations

from collections.abc import Callable

from gptalk_tui.widgets.vi import operators
from gptalk_tui.widgets.vi.motions import LINE_END, From, Kind, Target, move
from gptalk_tui.widgets.vi.operators import Stretch, stretch_of
from gptalk_tui.widgets.vi.registers import Registers
from gptalk_tui.widgets.vi.state import VISUAL, Insertion, Mode, Prefix, Repeat
from gptalk_tui.widgets.vi.text import Lines, Place
from gptalk_tui.widgets.vi.undo import Change, Changes


class Editor:
    """A text, a cursor and a mode.

    Args:
        registers: Where deleted and copied text is kept.
    """

    def __init__(self, registers: Registers) -> None:
        self.lines = Lines()
        self.cursor: Place = (0, 0)
        self.mode = Mode.INSERT
        self.anchor: Place = (0, 0)
        """Where the selection began, in a visual mode."""
        self._registers = registers
        self._changes = Changes()
        self._want = 0
        self._last: Repeat | None = None
        self._log: list[str] = []
        self._before: tuple[list[str], Place] | None = None
        """The rows and the cursor before the present change."""
        self._insertion: Insertion | None = None
        self._begin_insertion(Prefix())

    def type_text(self, text: str) -> None:
        """Type a text in insert mode."""
        self._begin()
        self.cursor = self.lines.replace(self.cursor, self.cursor, text)

    def leave_insert(self) -> None:
        """Go from insert mode to normal mode."""
        insertion, self._insertion = self._insertion, None
        if insertion is not None:
            typed = self._typed(insertion)
            if typed is not None:
                for _ in range(insertion.count - 1):
                    self.type_text(("\n" if insertion.opens_line else "") + typed)
            insertion.repeat.typed = typed
            if insertion.repeat.keys:
                self._last = insertion.repeat
        self.cursor = self.cursor[0], max(0, self.cursor[1] - 1)
        self._commit()
        self._enter_normal()

    def _typed(self, insertion: Insertion) -> str | None:
        text = self.lines.text
        length = len(text) - len(insertion.head) - len(insertion.tail)
        is_whole = length >= 0 and text.startswith(insertion.head) and text.endswith(insertion.tail)
        if not is_whole:
            return None
        typed = text[len(insertion.head) : len(insertion.head) + length]
        return typed if self.lines.between((0, 0), self.cursor) == insertion.head + typed else None

    def _stay_on_text(self) -> None:
        if self.mode is Mode.NORMAL:
            self.cursor = self.lines.on_char(self.cursor)

    def _enter_normal(self) -> None:
        self.mode = Mode.NORMAL
        self.cursor = self.lines.on_char(self.cursor)
        self._want = min(self._want, LINE_END) if self._want == LINE_END else self.cursor[1]

    def _from(self, prefix: Prefix, operator: str) -> From:
        return From(
            self.lines,
            self.cursor,
            self._want,
            prefix.count,
            prefix.has_count,
            operator,
            self.mode in VISUAL,
        )

    def _go(self, target: Target | None) -> None:
        if target is None:
            return
        self.cursor = target.place
        self._want = target.place[1] if target.want is None else target.want

    def _begin(self) -> None:
        if self._before is None:
            self._before = self.lines.rows[:], self.cursor

    def _commit(self) -> None:
        if self._before is not None:
            rows, cursor = self._before
            self._before = None
            self._changes.add(Change(rows, self.lines.rows[:], cursor))

    def _keep(self, prefix: Prefix, selected: tuple[Mode, int, int] | None = None) -> Repeat:
        self._last = Repeat(self._log[:], prefix, selected=selected)
        return self._last

    def _begin_insertion(
        self, prefix: Prefix, *, opens_line: bool = False, repeat: Repeat | None = None
    ) -> None:
        self.mode = Mode.INSERT
        text = self.lines.text
        head = self.lines.between((0, 0), self.cursor)
        known = repeat or Repeat([], prefix)
        self._insertion = Insertion(head, text[len(head) :], prefix.count, opens_line, known)

    def insert_at(self, place: Place, prefix: Prefix) -> None:
        """Go to insert mode at a place."""
        self.cursor = place
        self._begin_insertion(prefix, repeat=self._keep(prefix))

    def open_line(self, prefix: Prefix, *, is_below: bool) -> None:
        """Open a line and go to insert mode in it."""
        self._begin()
        row = self.cursor[0] + is_below
        self.lines.rows.insert(row, "")
        self.cursor = row, 0
        self._begin_insertion(prefix, opens_line=True, repeat=self._keep(prefix))

    def _operate(
        self,
        operator: str,
        prefix: Prefix,
        stretch: Stretch,
        target: Target | None,
        selected: tuple[Mode, int, int] | None = None,
    ) -> None:
        if operator == "y":
            self._registers.write(prefix.register, operators.taken(self.lines, stretch))
            self.cursor = self.lines.on_char(stretch.start)
            self._want = self.cursor[1]
            return
        repeat = self._keep(prefix, selected)
        is_void = stretch.is_empty and (target is None or target.kind is not Kind.INCLUSIVE)
        is_void = is_void or (operator in ("c", "d") and self.lines.rows == [""])
        if is_void and operator not in ("c", ">", "<"):
            if operator == "d" and self.lines.rows != [""]:
                self._begin()
            if target is not None and target.is_object:
                self.cursor = stretch.start
            return
        self.cursor = stretch.start
        if not is_void or operator != "c":
            self._begin()
        if operator == "d":
            self._registers.write(prefix.register, operators.taken(self.lines, stretch))
            self.cursor = operators.delete(self.lines, stretch)
        elif operator == "c":
            if not is_void:
                self._registers.write(prefix.register, operators.taken(self.lines, stretch))
            self.cursor = operators.empty(self.lines, stretch)
            self._begin_insertion(Prefix(), repeat=repeat)
        elif operator in (">", "<"):
            by = prefix.count if selected is not None else 1
            operators.shift(self.lines, stretch.start[0], stretch.end[0], by if operator == ">" else -by)
            self.cursor = stretch.start[0], self.lines.indent(stretch.start[0])
        else:
            operators.change_case(self.lines, stretch, operator[-1])
        self._want = self.cursor[1]

    def by(self, operator: str, motion: str) -> Callable[[Prefix], None]:
        """Return a command that is an operator with a motion, such as `x`."""

        def run(prefix: Prefix) -> None:
            target = move(motion, self._from(prefix, operator))
            if target is not None:
                self._operate(operator, prefix, stretch_of(self.lines, self.cursor, target, operator), target)

        return run

    def by_lines(self, operator: str, prefix: Prefix) -> None:
        """Run an operator on whole lines."""
        row = self.cursor[0]
        if prefix.count > 1 and row == self.lines.last:
            return
        last = min(self.lines.last, row + prefix.count - 1)
        start = self.cursor if operator == "y" else min(self.cursor, (last, self.lines.indent(last)))
        end = last, self.cursor[1]
        self._operate(operator, prefix, Stretch(start, end, is_lines=True), None)

    def _replace(self, char: str, prefix: Prefix) -> None:
        row, column = self.cursor
        text = "\n" if char in ("enter", "ctrl+j") else char
        if len(text) != 1 or column + prefix.count > len(self.lines.rows[row]):
            return
        self._keep(prefix)
        self._begin()
        end = self.lines.replace(
            self.cursor, (row, column + prefix.count), text if text == "\n" else text * prefix.count
        )
        self.cursor = end if text == "\n" else (row, end[1] - 1)
        self._want = self.cursor[1]

    def swap_case(self, prefix: Prefix) -> None:
        """Change the case of characters and go on behind them."""
        row, column = self.cursor
        end = min(len(self.lines.rows[row]), column + prefix.count)
        if end == column:
            return
        self._keep(prefix)
        self._begin()
        operators.change_case(self.lines, Stretch(self.cursor, (row, end)), "~")
        self.cursor = self.lines.on_char((row, end))
        self._want = self.cursor[1]

    def join(self, prefix: Prefix, *, with_blanks: bool) -> None:
        """Join lines."""
        if self.cursor[0] == self.lines.last:
            return
        self._keep(prefix)
        self._begin()
        count = max(2, prefix.count)
        place = operators.join(self.lines, self.cursor[0], count, with_blanks=with_blanks)
        self.cursor = place or self.cursor
        self._want = self.cursor[1]

    def put(self, prefix: Prefix, *, is_after: bool) -> None:
        """Insert a register."""
        register = self._registers.read(prefix.register)
        if not register.text:
            return
        self._keep(prefix)
        self._begin()
        self.cursor = operators.put(self.lines, self.cursor, register, prefix.count, is_after=is_after)
        self._want = self.cursor[1]

    def undo(self, prefix: Prefix, *, is_redo: bool = False) -> None:
        """Undo or redo changes."""
        for _ in range(prefix.count):
            place = self._changes.redo(self.lines) if is_redo else self._changes.undo(self.lines)
            if place is None:
                return
            self.cursor = place
            self._want = place[1]

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return self._before is not None or self._changes.has_any
