"""The vi itself: reads keys and carries out what they mean."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TypeAlias

from gptalk_tui.widgets.vi.commands import COMMANDS, VISUAL_COMMANDS
from gptalk_tui.widgets.vi.motions import Target, find_char, is_motion, move
from gptalk_tui.widgets.vi.objects import text_object
from gptalk_tui.widgets.vi.operators import stretch_of
from gptalk_tui.widgets.vi.registers import Registers
from gptalk_tui.widgets.vi.selections import SelectingEditor
from gptalk_tui.widgets.vi.state import VISUAL, Mode, Prefix
from gptalk_tui.widgets.vi.text import Lines, Place

Reading: TypeAlias = "Generator[None, str, None]"
"""A command that still reads keys."""

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


class Vi(SelectingEditor):
    """A text, a cursor and the state of a vi.

    Args:
        registers: Where deleted and copied text is kept.
    """

    def __init__(self, registers: Registers) -> None:
        super().__init__(registers)
        self.pending = ""
        """The keys of a command that is not complete."""
        self._found: tuple[str, str] | None = None
        """The last `f`, `F`, `t` or `T`, with its character."""
        self._reading: Reading | None = None

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
        run = VISUAL_COMMANDS.get(key) if self.mode in VISUAL else None
        run = run or COMMANDS.get(key)
        if key in _OPERATORS and self.mode in VISUAL:
            self.operate_selection(key, prefix)
        elif key in ("i", "a") and self.mode in VISUAL:
            self._select(text_object(key == "a", (yield), self._from(prefix, "")))
        elif key in _OPERATORS:
            yield from self._operator(key, prefix)
        elif key == "r":
            char = yield
            (self._fill_selection if self.mode in VISUAL else self._replace)(char, prefix)
        elif key == "." and self.mode is Mode.NORMAL:
            self._repeat(prefix)
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
            self.by_lines(operator, prefix)
            return
        target = yield from self._motion(key, prefix, operator)
        if target is not None:
            self._operate(operator, prefix, stretch_of(self.lines, self.cursor, target, operator), target)

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
