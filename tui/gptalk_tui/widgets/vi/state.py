"""What a vi remembers: its mode, and what was typed before a command."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Mode(Enum):
    """What keys do."""

    NORMAL = "NORMAL"
    INSERT = "INSERT"
    VISUAL = "VISUAL"
    VISUAL_LINE = "VISUAL LINE"


VISUAL = (Mode.VISUAL, Mode.VISUAL_LINE)


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
class Insertion:
    """Insert mode, from its start."""

    head: str
    tail: str
    count: int
    opens_line: bool
    repeat: Repeat
