"""The vi itself: reads keys, knows its mode, and changes the text."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from gptalk_tui.widgets.vi import operators
from gptalk_tui.widgets.vi.motions import LINE_END, From, Kind, Target, find_char, is_motion, move
from gptalk_tui.widgets.vi.objects import text_object
from gptalk_tui.widgets.vi.operators import Stretch, stretch_of
from gptalk_tui.widgets.vi.registers import Registers
from gptalk_tui.widgets.vi.text import Lines, Place
from gptalk_tui.widgets.vi.undo import Change, Changes


class Mode(Enum):
    """What keys do."""

    NORMAL = "NORMAL"
    INSERT = "INSERT"
    VISUAL = "VISUAL"
    VISUAL_LINE = "VISUAL LINE"


VISUAL = (Mode.VISUAL, Mode.VISUAL_LINE)

Reading: TypeAlias = "Generator[None, str, None]"
"""A command that still reads keys."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """What was typed before a command."""

    count: int = 1
    has_count: bool = False
    register: str = '"'

    def times(self, count: int, has_count: bool) -> Prefix:
        """Return it with another count, multiplied."""
        return replace(self, count=self.count * count, has_count=self.has_count or has_count)


@dataclass(slots=True)
class Repeat:
    """The last change, for `.`."""

    keys: list[str]
    prefix: Prefix
    typed: str | None = None
    """What was typed in insert mode; None: nothing, or in more than one place."""
    selected: tuple[Mode, int, int] | None = None
    """For a command on a selection: its mode, its rows beyond the first, and its width or last column."""


@dataclass(frozen=True, slots=True)
class _Insertion:
    """Insert mode, from its start."""

    head: str
    tail: str
    count: int
    opens_line: bool
    repeat: Repeat


class Vi:
    """A text, a cursor and the state of a vi.

    Args:
        registers: Where deleted and copied text is kept.
    """

    def __init__(self, registers: Registers) -> None:
        self.lines = Lines()
        self.cursor: Place = (0, 0)
        self.mode = Mode.INSERT
        self.anchor: Place = (0, 0)
        """Where the selection began, in a visual mode."""
        self.pending = ""
        """The keys of a command that is not complete."""
        self._registers = registers
        self._changes = Changes()
        self._want = 0
        self._found: tuple[str, str] | None = None
        """The last `f`, `F`, `t` or `T`, with its character."""
        self._last: Repeat | None = None
        self._log: list[str] = []
        self._before: tuple[list[str], Place] | None = None
        """The rows and the cursor before the present change."""
        self._insertion: _Insertion | None = None
        self._reading: Reading | None = None
        self._begin_insertion(Prefix())

    # The field around it

    def reset(self, text: str, cursor: Place) -> None:
        """Take another text, whose changes are not those that were made before."""
        self._changes.clear()
        self._before = None
        self.lines, self.cursor = Lines(text), cursor
        self._abort()
        if self.mode is Mode.INSERT:
            self._begin_insertion(Prefix())
        else:
            self._enter_normal()

    def load(self, text: str, cursor: Place) -> None:
        """Take the text as it is now: what was typed, pasted or completed can be undone."""
        if text != self.lines.text:
            self._begin()
            self.lines = Lines(text)
            if self.mode is not Mode.INSERT:
                self._commit()
        if cursor != self.cursor:
            self.cursor = cursor
            self._want = cursor[1]

    def press(self, key: str) -> bool:
        """Take a key.

        Args:
            key: A character, or the name of another key, such as `escape` or `ctrl+r`.

        Returns:
            False if it means nothing here, and somebody else may have it.
        """
        if self.mode is Mode.INSERT:
            if key == "escape":
                self.leave_insert()
            return key == "escape"
        if self._reading is None:
            if key == "escape" and self.mode is Mode.NORMAL:
                return False
            if len(key) > 1 and key not in _NAMED_KEYS:
                return False
            self._start(Prefix())
        if key == "escape" or (len(key) > 1 and key not in _NAMED_KEYS):
            is_pending = bool(self.pending)
            self._abort()
            if key == "escape" and not is_pending:
                self._enter_normal()
            return key == "escape"
        self.pending += key
        self._send(key)
        return True

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

    def _typed(self, insertion: _Insertion) -> str | None:
        text = self.lines.text
        length = len(text) - len(insertion.head) - len(insertion.tail)
        is_whole = length >= 0 and text.startswith(insertion.head) and text.endswith(insertion.tail)
        if not is_whole:
            return None
        typed = text[len(insertion.head) : len(insertion.head) + length]
        return typed if self.lines.between((0, 0), self.cursor) == insertion.head + typed else None

    # Reading commands

    def _start(self, prefix: Prefix) -> None:
        self._log = []
        self._reading = self._command(prefix)
        next(self._reading)

    def _send(self, key: str) -> None:
        assert self._reading is not None
        self._log.append(key)
        try:
            self._reading.send(key)
        except StopIteration:
            self._reading = None
            self.pending = ""
            if self.mode is not Mode.INSERT:
                self._commit()
                self._stay_on_text()

    def _abort(self) -> None:
        self._reading = None
        self.pending = ""

    def _stay_on_text(self) -> None:
        if self.mode is Mode.NORMAL:
            self.cursor = self.lines.on_char(self.cursor)

    def _enter_normal(self) -> None:
        self.mode = Mode.NORMAL
        self.cursor = self.lines.on_char(self.cursor)
        self._want = min(self._want, LINE_END) if self._want == LINE_END else self.cursor[1]

    def _command(self, prefix: Prefix) -> Reading:
        key = yield
        while True:
            if key == '"':
                name = yield
                if not Registers.is_name(name):
                    return
                prefix = replace(prefix, register=name)
            elif key.isdigit() and len(key) == 1 and (key != "0" or prefix.has_count):
                count = int(key) + (10 * prefix.count if prefix.has_count else 0)
                prefix = replace(prefix, count=min(count, _MOST), has_count=True)
            else:
                break
            self._log.clear()
            key = yield
            self._log = [key]
        if key == "g":
            key += yield
        run = _VISUAL_COMMANDS.get(key) if self.mode in VISUAL else None
        run = run or _COMMANDS.get(key)
        if key in _OPERATORS and self.mode in VISUAL:
            self._operate_selection(key, prefix)
        elif key in ("i", "a") and self.mode in VISUAL:
            self._select(text_object(key == "a", (yield), self._from(prefix, "")))
        elif key in _OPERATORS:
            yield from self._operator(key, prefix)
        elif key == "r":
            char = yield
            (self._fill_selection if self.mode in VISUAL else self._replace)(char, prefix)
        elif run is not None:
            run(self, prefix)
        else:
            self._go((yield from self._motion(key, prefix, "")))

    def _motion(self, key: str, prefix: Prefix, operator: str) -> Generator[None, str, Target | None]:
        """Return where a motion goes, reading the rest of it."""
        if key in ("f", "F", "t", "T"):
            char = yield
            self._found = (key, char) if len(char) == 1 else self._found
            return find_char(key, char, self._from(prefix, operator)) if len(char) == 1 else None
        if key in (";", ","):
            if self._found is None:
                return None
            key_of = self._found[0] if key == ";" else self._found[0].swapcase()
            return find_char(key_of, self._found[1], self._from(prefix, operator), is_repeat=True)
        if operator and key in ("i", "a"):
            return text_object(key == "a", (yield), self._from(prefix, operator))
        return move(key, self._from(prefix, operator)) if is_motion(key) else None

    def _operator(self, operator: str, prefix: Prefix) -> Reading:
        key = yield
        count = ""
        while key.isdigit() and len(key) == 1 and (key != "0" or count):
            count += key
            self._log.pop()
            key = yield
        if count:
            prefix = prefix.times(min(int(count), _MOST), True)
        if key == "g":
            key += yield
        if key in (operator, operator[-1]) or (key == "g" + operator[-1] and operator[0] == "g"):
            self._by_lines(operator, prefix)
            return
        target = yield from self._motion(key, prefix, operator)
        if target is not None:
            self._operate(operator, prefix, stretch_of(self.lines, self.cursor, target, operator), target)

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

    # Changes

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
        self._insertion = _Insertion(head, text[len(head) :], prefix.count, opens_line, known)

    def _insert_at(self, place: Place, prefix: Prefix) -> None:
        self.cursor = place
        self._begin_insertion(prefix, repeat=self._keep(prefix))

    def _open_line(self, prefix: Prefix, *, is_below: bool) -> None:
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

    def _by(self, operator: str, motion: str) -> Callable[[Prefix], None]:
        def run(prefix: Prefix) -> None:
            target = move(motion, self._from(prefix, operator))
            if target is not None:
                self._operate(operator, prefix, stretch_of(self.lines, self.cursor, target, operator), target)

        return run

    def _by_lines(self, operator: str, prefix: Prefix) -> None:
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

    def _swap_case(self, prefix: Prefix) -> None:
        row, column = self.cursor
        end = min(len(self.lines.rows[row]), column + prefix.count)
        if end == column:
            return
        self._keep(prefix)
        self._begin()
        operators.change_case(self.lines, Stretch(self.cursor, (row, end)), "~")
        self.cursor = self.lines.on_char((row, end))
        self._want = self.cursor[1]

    def _join(self, prefix: Prefix, *, with_blanks: bool) -> None:
        if self.cursor[0] == self.lines.last:
            return
        self._keep(prefix)
        self._begin()
        count = max(2, prefix.count)
        place = operators.join(self.lines, self.cursor[0], count, with_blanks=with_blanks)
        self.cursor = place or self.cursor
        self._want = self.cursor[1]

    def _put(self, prefix: Prefix, *, is_after: bool) -> None:
        register = self._registers.read(prefix.register)
        if not register.text:
            return
        self._keep(prefix)
        self._begin()
        self.cursor = operators.put(self.lines, self.cursor, register, prefix.count, is_after=is_after)
        self._want = self.cursor[1]

    def _undo(self, prefix: Prefix, *, is_redo: bool = False) -> None:
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

    def _repeat(self, prefix: Prefix) -> None:
        last = self._last
        if last is None:
            return
        if prefix.has_count:
            last = replace(last, prefix=replace(last.prefix, count=prefix.count, has_count=True))
        if last.selected is not None:
            self._select_again(*last.selected)
        reading = self._command(last.prefix)
        next(reading)
        self._log = []
        for key in last.keys:
            self._log.append(key)
            try:
                reading.send(key)
            except StopIteration:
                break
        if self.mode is Mode.INSERT:
            if last.typed:
                self.type_text(last.typed)
            self.leave_insert()
        elif self.mode in VISUAL:
            self._enter_normal()
        self._last = last

    # Selections

    def _toggle_visual(self, mode: Mode) -> None:
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

    def _operate_selection(self, operator: str, prefix: Prefix, *, as_lines: bool = False) -> None:
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

    def _join_selection(self, prefix: Prefix, *, with_blanks: bool) -> None:
        stretch = self.selection
        self.mode, self.cursor = Mode.NORMAL, stretch.start
        self._join(Prefix(max(2, stretch.end[0] - stretch.start[0] + 1), True), with_blanks=with_blanks)

    def _put_over_selection(self, prefix: Prefix, *, keeps_register: bool) -> None:
        register = self._registers.read(prefix.register)
        is_lines = self.mode is Mode.VISUAL_LINE
        stretch = self.selection
        is_last = is_lines and stretch.end[0] == self.lines.last
        self._operate_selection("d", replace(prefix, register="_" if keeps_register else '"'))
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

    def _swap_ends(self, prefix: Prefix) -> None:
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


_MOST = 9_999
"""The highest count: a slip of the hand must not fill the memory."""

_NAMED_KEYS = frozenset(
    {
        "escape",
        "enter",
        "ctrl+j",
        "backspace",
        "delete",
        "insert",
        "left",
        "right",
        "up",
        "down",
        "home",
        "end",
        "ctrl+r",
    }
)
_OPERATORS = ("d", "c", "y", ">", "<", "gu", "gU", "g~")

Run: TypeAlias = "Callable[[Vi, Prefix], None]"

_COMMANDS: dict[str, Run] = {
    "i": lambda vi, prefix: vi._insert_at(vi.cursor, prefix),
    "insert": lambda vi, prefix: vi._insert_at(vi.cursor, prefix),
    "a": lambda vi, prefix: vi._insert_at(
        (vi.cursor[0], min(len(vi.lines.rows[vi.cursor[0]]), vi.cursor[1] + 1)), prefix
    ),
    "I": lambda vi, prefix: vi._insert_at((vi.cursor[0], vi.lines.indent_end(vi.cursor[0])), prefix),
    "A": lambda vi, prefix: vi._insert_at((vi.cursor[0], len(vi.lines.rows[vi.cursor[0]])), prefix),
    "o": lambda vi, prefix: vi._open_line(prefix, is_below=True),
    "O": lambda vi, prefix: vi._open_line(prefix, is_below=False),
    "x": lambda vi, prefix: vi._by("d", "l")(prefix),
    "delete": lambda vi, prefix: vi._by("d", "l")(prefix),
    "X": lambda vi, prefix: vi._by("d", "h")(prefix),
    "D": lambda vi, prefix: vi._by("d", "$")(prefix),
    "C": lambda vi, prefix: vi._by("c", "$")(prefix),
    "s": lambda vi, prefix: vi._by("c", "l")(prefix),
    "S": lambda vi, prefix: vi._by_lines("c", prefix),
    "Y": lambda vi, prefix: vi._by_lines("y", prefix),
    "~": lambda vi, prefix: vi._swap_case(prefix),
    "J": lambda vi, prefix: vi._join(prefix, with_blanks=True),
    "gJ": lambda vi, prefix: vi._join(prefix, with_blanks=False),
    "p": lambda vi, prefix: vi._put(prefix, is_after=True),
    "P": lambda vi, prefix: vi._put(prefix, is_after=False),
    "u": lambda vi, prefix: vi._undo(prefix),
    "ctrl+r": lambda vi, prefix: vi._undo(prefix, is_redo=True),
    ".": lambda vi, prefix: vi._repeat(prefix),
    "v": lambda vi, _: vi._toggle_visual(Mode.VISUAL),
    "V": lambda vi, _: vi._toggle_visual(Mode.VISUAL_LINE),
}

_VISUAL_COMMANDS: dict[str, Run] = {
    "x": lambda vi, prefix: vi._operate_selection("d", prefix),
    "delete": lambda vi, prefix: vi._operate_selection("d", prefix),
    "X": lambda vi, prefix: vi._operate_selection("d", prefix, as_lines=True),
    "D": lambda vi, prefix: vi._operate_selection("d", prefix, as_lines=True),
    "s": lambda vi, prefix: vi._operate_selection("c", prefix),
    "S": lambda vi, prefix: vi._operate_selection("c", prefix, as_lines=True),
    "C": lambda vi, prefix: vi._operate_selection("c", prefix, as_lines=True),
    "R": lambda vi, prefix: vi._operate_selection("c", prefix, as_lines=True),
    "Y": lambda vi, prefix: vi._operate_selection("y", prefix, as_lines=True),
    "u": lambda vi, prefix: vi._operate_selection("gu", prefix),
    "U": lambda vi, prefix: vi._operate_selection("gU", prefix),
    "~": lambda vi, prefix: vi._operate_selection("g~", prefix),
    "J": lambda vi, prefix: vi._join_selection(prefix, with_blanks=True),
    "gJ": lambda vi, prefix: vi._join_selection(prefix, with_blanks=False),
    "p": lambda vi, prefix: vi._put_over_selection(prefix, keeps_register=False),
    "P": lambda vi, prefix: vi._put_over_selection(prefix, keeps_register=True),
    "o": lambda vi, prefix: vi._swap_ends(prefix),
}
