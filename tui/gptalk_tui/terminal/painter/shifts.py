"""Text that only moved: found by comparing lines, and scrolled by the terminal itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from gptalk_tui.terminal.painter.chops import Span
from gptalk_tui.terminal.painter.flats import Flat

Line: TypeAlias = dict[Span, Flat]
"""What is known of a line on the terminal; what is missing is unknown."""

FEWEST_LINES = 3
"""Fewer lines than these are cheaper to paint than to scroll."""

SCROLL_BYTES = 30
MARGIN_BYTES = 30
MOST_BESIDE = 200
"""How many bytes may be repainted beside scrolled text where the terminal shows half a frame."""


class Shift(NamedTuple):
    """Lines to move."""

    top: int
    bottom: int
    """The last line."""
    by: int
    """How far the text goes up; negative goes down."""
    within: Span | None
    """The columns that move, between margins; None moves whole lines."""

    @property
    def sequence(self) -> str:
        """The bytes, for a plain pen; the cursor is somewhere else afterwards.

        Lines are deleted and inserted rather than scrolled: GNU screen and other old emulators know that too.
        """
        top, bottom = self.top + 1, self.bottom + 1
        change = f"{self.by}M" if self.by > 0 else f"{-self.by}L"
        if self.within is None:
            return f"\x1b[{top};{bottom}r\x1b[{top}H\x1b[{change}\x1b[r"
        left, right = self.within[0] + 1, self.within[1]
        return (
            f"\x1b[?69h\x1b[{left};{right}s\x1b[{top};{bottom}r\x1b[{top};{left}H\x1b[{change}\x1b[?69l\x1b[r"
        )

    def apply(self, lines: list[Line]) -> None:
        """Move what is known; what is exposed is unknown."""
        top, bottom, by, within = self
        source = [lines[y] for y in range(top, bottom + 1)]
        for y in range(top, bottom + 1):
            at = y + by - top
            moved = source[at] if 0 <= at < len(source) else {}
            if within is None:
                lines[y] = dict(moved)
            else:
                line = dict(lines[y])
                line.pop(within, None)
                if within in moved:
                    line[within] = moved[within]
                lines[y] = line


def find_shift(
    lines: Sequence[Line],
    changed: Mapping[int, Line],
    width: int,
    *,
    has_margins: bool,
    is_whole: bool,
) -> Shift | None:
    """Return the shift that saves most, or None if painting is as cheap.

    Args:
        lines: What is known of the terminal's lines.
        changed: What is to be painted, by line.
        width: The terminal's, in cells.
        has_margins: Whether it can scroll between a left and a right margin.
        is_whole: Whether it shows a frame only when it is complete.
    """
    span = _widest(changed) if len(changed) >= FEWEST_LINES else None
    agreed = _agreed(lines, changed, span) if span is not None else None
    if span is None or agreed is None:
        return None
    by, first, last = agreed
    top, bottom = (first, last + by) if by > 0 else (first + by, last)
    is_narrow = span != (0, width)
    shift = Shift(top, bottom, by, span if is_narrow and has_margins else None)
    if any(span not in lines[y] for y in range(top, bottom + 1)):
        return None
    gain = _gain(lines, changed, shift, span) - SCROLL_BYTES
    if shift.within is not None:
        gain -= MARGIN_BYTES
    elif is_narrow:
        beside = _cost_beside(lines, changed, shift, span, width)
        if beside is None or (beside > MOST_BESIDE and not is_whole):
            return None
        gain -= beside
    return shift if gain > 0 else None


def _widest(changed: Mapping[int, Line]) -> Span | None:
    """Return the columns in which most cells change."""
    counts = Counter(span for line in changed.values() for span in line)
    span = max(counts, key=lambda span: counts[span] * (span[1] - span[0]))
    return span if counts[span] >= FEWEST_LINES and span[1] - span[0] > 1 else None


def _agreed(lines: Sequence[Line], changed: Mapping[int, Line], span: Span) -> tuple[int, int, int] | None:
    """Return the shift that most lines agree on, with the first and the last of them."""
    places: dict[Flat, int] = {}
    for y, line in enumerate(lines):
        if (flat := line.get(span)) is not None:
            # What is there twice, as a blank line is, says nothing.
            places[flat] = -1 if flat in places else y
    votes = Counter[int]()
    moved = dict[int, list[int]]()
    for y, line in changed.items():
        flat = line.get(span)
        if flat is not None and (place := places.get(flat, -1)) >= 0 and place != y:
            votes[place - y] += flat.cost
            moved.setdefault(place - y, []).append(y)
    if not votes:
        return None
    ((by, _),) = votes.most_common(1)
    return by, min(moved[by]), max(moved[by])


def _gain(lines: Sequence[Line], changed: Mapping[int, Line], shift: Shift, span: Span) -> int:
    """Return about how many bytes fewer the text costs after the shift; negative if more."""
    gain = 0
    for y in range(shift.top, shift.bottom + 1):
        before = lines[y][span]
        new = changed[y].get(span, before) if y in changed else before
        is_inside = shift.top <= y + shift.by <= shift.bottom
        after = lines[y + shift.by][span] if is_inside else None
        gain += (after is new) * new.cost - (before is new) * new.cost
    return gain


def _cost_beside(
    lines: Sequence[Line], changed: Mapping[int, Line], shift: Shift, span: Span, width: int
) -> int | None:
    """Return about how many bytes it takes to repaint what else moves; None if not all of it is known."""
    cost = 0
    for y in range(shift.top, shift.bottom + 1):
        line = lines[y]
        if sum([end - x for x, end in line]) != width:
            return None
        source = lines[y + shift.by] if shift.top <= y + shift.by <= shift.bottom else {}
        new = changed.get(y, {})
        for each, flat in line.items():
            # What is to be painted anyway costs nothing more.
            if each != span and each not in new and source.get(each) is not flat:
                cost += flat.cost
    return cost
