"""Undo and redo, a command at a time."""

from __future__ import annotations

from dataclasses import dataclass

from gptalk_tui.widgets.vi.text import Lines, Place


@dataclass(frozen=True, slots=True)
class Change:
    """What one command changed."""

    before: list[str]
    after: list[str]
    cursor: Place
    """Where the cursor was when it began to change the text."""


class Changes:
    """The changes that can be undone, and those that can be redone."""

    def __init__(self) -> None:
        self._done: list[Change] = []
        self._undone: list[Change] = []

    @property
    def has_any(self) -> bool:
        """Whether there is a change to undo."""
        return bool(self._done)

    def clear(self) -> None:
        """Forget all."""
        self._done.clear()
        self._undone.clear()

    def add(self, change: Change) -> None:
        """Keep a change; what was undone is gone then."""
        self._done.append(change)
        self._undone.clear()

    def undo(self, lines: Lines) -> Place | None:
        """Undo the last change; return where the cursor goes, or None if there is none."""
        if not self._done:
            return None
        change = self._done.pop()
        self._undone.append(change)
        return _restore(lines, change.after, change.before, change.cursor)

    def redo(self, lines: Lines) -> Place | None:
        """Redo what was undone last; return where the cursor goes, or None if there is nothing."""
        if not self._undone:
            return None
        change = self._undone.pop()
        self._done.append(change)
        return _restore(lines, change.before, change.after, change.cursor)


def _restore(lines: Lines, old: list[str], new: list[str], cursor: Place) -> Place:
    """Put lines back; the cursor goes to where the change began, if that is in it, else to its first line."""
    lines.rows[:] = new
    shorter = min(len(old), len(new))
    same = [one == other for one, other in zip(old, new, strict=False)]
    top = same.index(False) if False in same else shorter
    end = 0
    while end < shorter and old[-1 - end] == new[-1 - end]:
        end += 1
    first, last = min(top, shorter - end), max(top, len(new) - end)
    if first - 1 <= cursor[0] <= min(last, lines.last):
        return lines.on_char(cursor)
    top = min(top, lines.last)
    return top, lines.indent(top)
