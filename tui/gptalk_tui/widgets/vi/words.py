"""The motions by words: `w`, `b`, `e` and `ge`, and the same by words between blanks."""

from __future__ import annotations

from typing import TypeAlias

from gptalk_tui.widgets.vi.text import Lines, Place

Moved: TypeAlias = "tuple[Place, bool]"
"""Where a motion ends, and whether it got all the way."""


def _is_empty(lines: Lines, place: Place) -> bool:
    return not lines.rows[place[0]]


def _ends_line(lines: Lines, before: Place, now: Place) -> bool:
    """Whether a step came to the end of a line or beyond it."""
    return now[0] != before[0] or now[1] == len(lines.rows[now[0]])


def next_word(lines: Lines, place: Place, count: int, *, is_big: bool, stays_in_line: bool) -> Moved:
    """Go to the start of a later word.

    Args:
        lines: The text.
        place: Where to begin.
        count: How many words.
        is_big: By words between blanks.
        stays_in_line: Whether the last step ends with its line, as it does for an operator.
    """
    for left in range(count - 1, -1, -1):
        stops = stays_in_line and not left
        kind = lines.class_at(place, is_big=is_big)
        was_last = place[0] == lines.last
        now = lines.after(place)
        if now is None:
            return place, False
        ended, place = _ends_line(lines, place, now), now
        if ended and was_last:
            return place, False
        if ended and stops:
            return place, True
        while kind and lines.class_at(place, is_big=is_big) == kind:
            now = lines.after(place)
            if now is None:
                return place, True
            ended, place = _ends_line(lines, place, now), now
            if ended and stops:
                return place, True
        while lines.class_at(place, is_big=is_big) == 0 and not _is_empty(lines, place):
            was_last = place[0] == lines.last
            now = lines.after(place)
            if now is None:
                return place, True
            ended, place = _ends_line(lines, place, now), now
            if ended and was_last:
                return place, True
            if ended and stops and place[1]:
                return place, True
    return place, True


def word_end(
    lines: Lines,
    place: Place,
    count: int,
    *,
    is_big: bool,
    stops_here: bool = False,
    stops_empty: bool = False,
) -> Moved:
    """Go to the end of a word.

    Args:
        lines: The text.
        place: Where to begin.
        count: How many words.
        is_big: By words between blanks.
        stops_here: Whether the end of the word at the cursor counts, as for `cw`.
        stops_empty: Whether an empty line counts as a word.
    """
    for _ in range(count):
        kind = lines.class_at(place, is_big=is_big)
        now = lines.after(place)
        if now is None:
            return place, False
        place = now
        is_found = False
        if kind and lines.class_at(place, is_big=is_big) == kind:
            pass
        elif not stops_here or not kind:
            while lines.class_at(place, is_big=is_big) == 0:
                if stops_empty and _is_empty(lines, place):
                    is_found = True
                    break
                now = lines.after(place)
                if now is None:
                    return place, False
                place = now
            kind = lines.class_at(place, is_big=is_big)
        else:
            kind = -1
        if not is_found:
            while lines.class_at(place, is_big=is_big) == kind:
                now = lines.after(place)
                if now is None:
                    return place, False
                place = now
            place = lines.before(place) or place
        stops_here = False
    return place, True


def previous_word(lines: Lines, place: Place, count: int, *, is_big: bool) -> Moved:
    """Go to the start of an earlier word."""
    for _ in range(count):
        now = lines.before(place)
        if now is None:
            return place, False
        place = now
        while lines.class_at(place, is_big=is_big) == 0 and not _is_empty(lines, place):
            now = lines.before(place)
            if now is None:
                return place, True
            place = now
        kind = lines.class_at(place, is_big=is_big)
        while place[1] and lines.class_at((place[0], place[1] - 1), is_big=is_big) == kind and kind:
            place = place[0], place[1] - 1
    return place, True


def previous_end(lines: Lines, place: Place, count: int, *, is_big: bool) -> Moved:
    """Go to the end of an earlier word."""
    for _ in range(count):
        kind = lines.class_at(place, is_big=is_big)
        now = lines.before(place)
        if now is None:
            return place, False
        place = now
        while kind and lines.class_at(place, is_big=is_big) == kind:
            now = lines.before(place)
            if now is None:
                return place, True
            place = now
        while lines.class_at(place, is_big=is_big) == 0 and not _is_empty(lines, place):
            now = lines.before(place)
            if now is None:
                return place, True
            place = now
    return place, True
