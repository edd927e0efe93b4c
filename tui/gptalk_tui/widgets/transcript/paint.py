"""From styled spans to Rich segments, and from segments to lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment

from gptalk_client.text import is_single
from gptalk_tui.markdown.blocks import Atom, Gutter, Span, Target
from gptalk_tui.widgets.transcript.lines import Line, Link, Run, Segments
from gptalk_tui.widgets.transcript.styles import StyleTable


@dataclass(slots=True)
class CodeArea:
    """The lines of a piece's part of a code block."""

    first_line: int
    """Index among the piece's lines, the header included."""
    last_line: int
    language: str
    source: str
    """The code in this piece, as written."""
    ident: int
    """Shared by all pieces of one code block, and unique to the block in its message."""
    copy_x0: int = 0
    """First cell of the header's copy mark; equal to `copy_x1` if the piece has no header."""
    copy_x1: int = 0


@dataclass(slots=True)
class Painted:
    """A piece laid out for a width."""

    lines: list[Line]
    links: list[Link]
    codes: list[CodeArea]


def segments(
    text: str, spans: Sequence[Span], start: int, end: int, styles: StyleTable, more: str = ""
) -> list[Segment]:
    """Return the segments of a range of styled text.

    Args:
        text: The whole logical line.
        spans: Of the whole logical line.
        start: First character.
        end: One past the last character.
        styles: Styles by name.
        more: A style to apply under each span's own.
    """
    if start >= end:
        return []
    if len(spans) == 1 and not more:
        return [Segment(text[start:end], styles[spans[0].style])]
    found = []
    simple = is_single(text[start:end])
    if simple and not start and end == len(text) and not more:
        for stop, style in spans:
            found.append(Segment(text[start:stop], styles[style]))
            start = stop
        return found
    position = start
    for span in spans:
        if span.end <= position:
            continue
        stop = min(span.end, end)
        if not simple and stop < end:
            stop = _between_graphemes(text, stop, end)
        if stop > position:
            found.append(Segment(text[position:stop], styles[f"{more} {span.style}" if more else span.style]))
            position = stop
        if position >= end:
            break
    if position < end:
        found.append(Segment(text[position:end], styles[more or "text"]))
    return found


def _between_graphemes(text: str, place: int, end: int) -> int:
    """Move a boundary past what belongs to the character before it: split, both would be mismeasured."""
    while place < end and place > 0:
        character = text[place]
        if text[place - 1] != "\u200d" and get_character_cell_size(character) and character != "\u200d":
            break
        place += 1
    return place


def gutter_cells(gutters: Sequence[Gutter]) -> int:
    """Return the total width of the gutters in cells."""
    return sum(len(gutter.text) for gutter in gutters)


def fitting(gutters: tuple[Gutter, ...], width: int) -> tuple[Gutter, ...]:
    """Return the innermost gutters that leave ten cells, or half the width, for their content."""
    room = width - min(10, (width + 1) // 2)
    if gutter_cells(gutters) <= room:
        return gutters
    kept: list[Gutter] = []
    for gutter in reversed(gutters):
        room -= len(gutter.text)
        if room < 0:
            break
        kept.insert(0, gutter)
    return tuple(kept)


def gutter_segments(gutters: Sequence[Gutter], styles: StyleTable) -> list[Segment]:
    """Return the segments of all gutters."""
    return [Segment(gutter.text, styles[gutter.style]) for gutter in gutters]


def runs_of(
    shown: str, atoms: Sequence[Atom], start: int, end: int, x: int, plain_length: int
) -> tuple[tuple[Run, ...], int, int]:
    """Return what the cells of a visual line stand for if shown and plain text differ.

    Args:
        shown: The whole logical line as painted.
        atoms: Where it differs from the plain text, in ascending order.
        start: First shown character of the visual line.
        end: One past the last one.
        x: The first one's cell.
        plain_length: Characters of the plain text.

    Returns:
        The runs, the offset of the first plain character, and the number of plain characters.
    """
    runs: list[Run] = []
    position = shift = 0

    def exact(low: int, high: int) -> None:
        low, high = max(low, start), min(high, end)
        if low < high:
            runs.append(
                Run(x + cell_len(shown[start:low]), cell_len(shown[low:high]), low + shift, high - low, True)
            )

    for atom in atoms:
        exact(position, atom.start)
        low, high = max(atom.start, start), min(atom.end, end)
        if low < high:
            runs.append(
                Run(
                    x + cell_len(shown[start:low]),
                    cell_len(shown[low:high]),
                    atom.plain_start,
                    atom.plain_end - atom.plain_start,
                    False,
                )
            )
        position = atom.end
        shift = atom.plain_end - atom.end
    exact(position, len(shown))
    if not runs:
        return (), plain_length, 0
    first = runs[0].start
    return tuple(runs), first, runs[-1].start + runs[-1].length - first


def links_of(targets: Sequence[Target], shown: str, start: int, end: int, x: int, line: int) -> list[Link]:
    """Return the links of a visual line."""
    found = []
    for target in targets:
        if target.start >= end:
            break
        low, high = max(target.start, start), min(target.end, end)
        if low < high:
            x0 = x + cell_len(shown[start:low])
            found.append(Link(line, x0, x0 + cell_len(shown[low:high]), target.url))
    return found


def blank_line(logical: int, gutters: Sequence[Gutter], styles: StyleTable) -> Line:
    """Return an empty line with the bars of the quotes around it."""
    bars = gutter_segments(gutters, styles) if any(gutter.text.strip() for gutter in gutters) else []
    cells = gutter_cells(gutters)
    return Line(Segments(bars, cells if bars else 0), logical, 0, 0, cells)
