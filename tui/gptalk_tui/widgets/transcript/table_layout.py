"""Painted tables: thin rules between the cells, or keys and values if the columns do not fit."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment

from gptalk_tui.markdown.blocks import Cell, CellLine, Table
from gptalk_tui.widgets.transcript.lines import Line, Run, Segments
from gptalk_tui.widgets.transcript.paint import (
    Painted,
    fitting,
    gutter_cells,
    gutter_segments,
    links_of,
    segments,
)
from gptalk_tui.widgets.transcript.styles import StyleTable
from gptalk_tui.widgets.transcript.wrap import wrap

_GAP = " │ "
_WORD = 14
"""Longer words may be broken to keep the columns."""


class _Pen:
    """State shared by the lines of one table."""

    def __init__(self, table: Table, width: int, styles: StyleTable, painted: Painted) -> None:
        gutters = fitting(table.gutters, width)
        self.indent = gutter_cells(gutters)
        self.room = max(1, width - self.indent)
        self.before = gutter_segments(gutters, styles)
        self.styles = styles
        self.painted = painted

    def line(
        self,
        parts: list[Segment],
        logical: int,
        plain: str,
        runs: tuple[Run, ...],
        wrapped: bool = False,
    ) -> None:
        """Append a line whose content is given by its runs."""
        start = runs[0].start if runs else 0
        length = runs[-1].start + runs[-1].length - start if runs else 0
        strip = Segments([*self.before, *parts])
        self.painted.lines.append(Line(strip, logical, start, length, self.indent, wrapped, runs))

    def whole(self, plain: str, cells: int) -> tuple[Run, ...]:
        """Return a run that stands for the whole logical line."""
        return (Run(self.indent, cells, 0, len(plain), False),)


def layout_table(table: Table, logical: int, width: int, styles: StyleTable, painted: Painted) -> None:
    """Append a table's lines.

    Args:
        table: With at least one column.
        logical: Index of its first plain line.
        width: Cells available.
        styles: The colours.
        painted: Receives the lines and links.
    """
    pen = _Pen(table, width, styles, painted)
    widths = column_widths(table.natural, table.minimum, pen.room - len(_GAP) * (len(table.natural) - 1))
    if widths is None:
        _key_values(table, logical, pen)
        return
    if not table.goes_on:
        _row(table.header, table, widths, logical, table.plain[0], pen)
        _line_between(widths, logical + 1, pen, table.plain[1])
        logical += 2
    skip = 0 if table.goes_on else 2
    parts_rows = any(natural > given for natural, given in zip(table.natural, widths, strict=True))
    for number, row in enumerate(table.rows):
        if parts_rows and (number or table.goes_on):
            _line_between(widths, logical + max(0, number - 1), pen, None)
        _row(row, table, widths, logical + number, table.plain[skip + number], pen)


def column_widths(natural: Sequence[int], minimum: Sequence[int], room: int) -> list[int] | None:
    """Return each column's width in cells; None if the columns do not fit.

    Args:
        natural: The width of each column's longest line.
        minimum: The width of its longest word.
        room: Cells for all columns, without the rules between them.
    """
    if sum(natural) <= room:
        return list(natural)
    widths = [min(least, _WORD) for least in minimum]
    if sum(widths) > room:
        return None
    left = room - sum(widths)
    # First fit whole words, then share the rest among the columns that lack least.
    for wanted in (minimum, natural):
        while left > 0:
            lacking = [column for column in range(len(widths)) if widths[column] < wanted[column]]
            if not lacking:
                break
            share = max(1, left // len(lacking))
            for column in sorted(lacking, key=lambda column: wanted[column] - widths[column]):
                more = min(share, wanted[column] - widths[column], left)
                widths[column] += more
                left -= more
    return widths


def _line_between(widths: Sequence[int], logical: int, pen: _Pen, plain: str | None) -> None:
    text = "─┼─".join("─" * width for width in widths)
    runs = pen.whole(plain, len(text)) if plain is not None else ()
    pen.line([Segment(text, pen.styles["line"])], logical, plain or "", runs)


def _row(
    cells: Sequence[Cell], table: Table, widths: Sequence[int], logical: int, plain: str, pen: _Pen
) -> None:
    columns = [
        [(line, start, end) for line in cell.lines for start, end in wrap(line.shown, width, width)]
        for cell, width in zip(cells, widths, strict=False)
    ]
    height = max((len(column) for column in columns), default=1)
    gap = Segment(_GAP, pen.styles["line"])
    for number in range(height):
        parts: list[Segment] = []
        runs: list[Run] = []
        x = pen.indent
        for index, width in enumerate(widths):
            if index:
                parts.append(gap)
                x += len(_GAP)
            column = columns[index] if index < len(columns) else []
            if number < len(column):
                used = _slice(column[number], table.aligns[index], width, x, parts, pen)
                if height == 1 and used[1]:
                    cell = cells[index]
                    runs.append(Run(used[0], used[1], cell.start, cell.length, cell.exact))
            else:
                parts.append(Segment(" " * width, pen.styles["text"]))
            x += width
        if height > 1:
            # Slices of wrapped cells are not in source order, so the row is selected as a whole.
            pen.line(parts, logical, plain, pen.whole(plain, x - pen.indent), number > 0)
        else:
            pen.line(parts, logical, plain, tuple(runs))


def _slice(
    piece: tuple[CellLine, int, int], align: str, width: int, x: int, parts: list[Segment], pen: _Pen
) -> tuple[int, int]:
    """Append a table cell's part of a visual line; return its first screen cell and its width."""
    line, start, end = piece
    cells = cell_len(line.shown[start:end])
    pad = max(0, width - cells)
    left = pad if align == "right" else pad // 2 if align == "center" else 0
    text = pen.styles["text"]
    if left:
        parts.append(Segment(" " * left, text))
    parts.extend(segments(line.shown, line.spans, start, end, pen.styles))
    if pad > left:
        parts.append(Segment(" " * (pad - left), text))
    if line.targets:
        links = links_of(line.targets, line.shown, start, end, x + left, len(pen.painted.lines))
        pen.painted.links.extend(links)
    return x + left, cells


def _key_values(table: Table, logical: int, pen: _Pen) -> None:
    skip = 0 if table.goes_on else 2
    if not table.rows and not table.goes_on:
        labels = [cell.lines[0].shown for cell in table.header]
        for label in labels:
            for start, end in wrap(label, pen.room, pen.room):
                pen.line([Segment(label[start:end], pen.styles["header"])], logical, table.plain[0], ())
        return
    for number, row in enumerate(table.rows):
        place = logical + skip + number
        if number or table.goes_on:
            dashes = "─" * min(pen.room, 12)
            pen.line([Segment(dashes, pen.styles["line"])], place - 1 if number else place, "", ())
        first = True
        for head, cell in zip(table.header, row, strict=False):
            _key_value(head, cell, place, table.plain[skip + number], pen, first)
            first = False


def _key_value(head: Cell, cell: Cell, logical: int, plain: str, pen: _Pen, first: bool) -> None:
    """Append `key: value`, with the value after its key if it fits, else indented below."""
    label = " ".join(line.shown for line in head.lines)
    label_cells = cell_len(label) + 2
    style = pen.styles["header"]
    hang = min(2, pen.room - 1)
    longest = max(map(cell_len, cell.lines[0].shown.split(" ")))
    same_line = label_cells <= pen.room // 2 and not pen.room - label_cells < longest <= pen.room - hang
    wrapped = not first
    if not same_line:
        for start, end in wrap(f"{label}:", pen.room, pen.room):
            pen.line([Segment(f"{label}:"[start:end], style)], logical, plain, (), wrapped)
            wrapped = True
    key = Segment(f"{label}: ", style)
    blank = Segment(" " * hang, pen.styles["text"])
    for line in cell.lines:
        room = pen.room - (label_cells if same_line else hang)
        for start, end in wrap(line.shown, room, pen.room - hang):
            lead, cells = (key, label_cells) if same_line else (blank, hang)
            x = pen.indent + cells
            shown = line.shown[start:end]
            parts = [lead, *segments(line.shown, line.spans, start, end, pen.styles)]
            if line.targets:
                found = links_of(line.targets, line.shown, start, end, x, len(pen.painted.lines))
                pen.painted.links.extend(found)
            if cell.exact:
                run = Run(x, cell_len(shown), cell.start + start, end - start, True)
            else:
                run = Run(x, cell_len(shown), cell.start, cell.length, False)
            pen.line(parts, logical, plain, (run,) if shown else (), wrapped)
            same_line, wrapped = False, True
