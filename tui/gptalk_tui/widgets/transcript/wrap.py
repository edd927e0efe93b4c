"""Wraps text at a width in cells, measured as Textual measures it."""

from __future__ import annotations

from rich.cells import cell_len, split_graphemes

from gptalk_client.text import is_single

_NO_BREAK_BEFORE = frozenset(
    "、。，．・：；！？）」』】〕〉》”’…ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ,.!?:;)]}%"
)
_NO_BREAK_AFTER = frozenset("（「『【〔〈《“‘([{")


def wrap(text: str, first: int, rest: int, *, is_code: bool = False) -> list[tuple[int, int]]:
    """Return where each visual line of a logical line starts and ends, in characters.

    Spaces at a break are dropped, except in code. Takes linear time.

    Args:
        text: Text without newlines and tabs.
        first: Cells on the first line.
        rest: Cells on each further line.
        is_code: Whether to keep spaces, and to break inside a word rather than leave a very short line.

    Returns:
        At least one pair of start and end.
    """
    first, rest = max(1, first), max(1, rest)
    if len(text) <= first and is_single(text):
        return [(0, len(text))]
    if is_single(text):
        return _wrap_single(text, first, rest, is_code)
    if cell_len(text) <= first:
        return [(0, len(text))]
    return _wrap_graphemes(text, first, rest, is_code)


def _wrap_single(text: str, first: int, rest: int, is_code: bool) -> list[tuple[int, int]]:
    lines = []
    position, width, length = 0, first, len(text)
    while length - position > width:
        end = position + width
        space = text.rfind(" ", position + 1, end + (not is_code))
        if is_code:
            cut = space + 1 if space >= position + width * 2 // 3 else end
            lines.append((position, cut))
            position = cut
        elif space > position and text[position:space].strip(" "):
            stop = space
            while text[stop - 1] == " ":
                stop -= 1
            lines.append((position, stop))
            position = space + 1
            while position < length and text[position] == " ":
                position += 1
        else:
            lines.append((position, end))
            position = end
        width = rest
    if position < length or not lines:
        lines.append((position, length))
    return lines


def _wrap_graphemes(text: str, first: int, rest: int, is_code: bool) -> list[tuple[int, int]]:
    lines: list[tuple[int, int]] = []
    graphemes = _graphemes(text)
    start = 0  # of the line, in characters
    used = 0  # cells of the line so far
    room = first
    break_at = -1  # index of the grapheme that a line may begin with
    index, count = 0, len(graphemes)
    line_index = 0
    previous, before_wide = "", False
    while index < count:
        begin, end, cells = graphemes[index]
        # A space with a combining mark counts as a letter: only a bare one may vanish at a line's end.
        letter = text[begin:end]
        is_wide = cells == 2
        if index > line_index and letter != " " and _may_break(previous, letter, is_wide or before_wide):
            break_at = index
        if used + cells <= room or (letter == " " and not is_code) or index == line_index:
            used += cells
            index += 1
            previous, before_wide = letter, is_wide
            continue
        if break_at <= line_index or (is_code and graphemes[break_at][0] - start < room // 2):
            break_at = index
        stop = graphemes[break_at][0]
        lines.append((start, stop if is_code else start + len(text[start:stop].rstrip(" "))))
        start, line_index, index = stop, break_at, break_at
        used, room, break_at = 0, rest, -1
        previous, before_wide = "", False
    stop = len(text)
    if not is_code and used > room:
        stop = start + len(text[start:].rstrip(" "))
    if stop > start or not lines:
        lines.append((start, stop))
    return lines


def _graphemes(text: str) -> list[tuple[int, int, int]]:
    """Return start, end and cells of each grapheme.

    Rich 15 measures joiners at the very start in two ways (no upstream issue): they count as part of what
    follows.
    """
    skip = len(text) - len(text.lstrip("\u200d\ufe0f"))
    if not skip:
        return split_graphemes(text)[0]
    found = [(start + skip, end + skip, cells) for start, end, cells in split_graphemes(text[skip:])[0]]
    if not found:
        return [(0, skip, 0)]
    return [(0, found[0][1], found[0][2]), *found[1:]]


def _may_break(previous: str, letter: str, is_beside_wide: bool) -> bool:
    if previous == " ":
        return True
    return is_beside_wide and letter[0] not in _NO_BREAK_BEFORE and previous not in _NO_BREAK_AFTER
