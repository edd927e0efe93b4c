"""Logical blocks to painted lines for a width: everything a resize or a new theme repeats."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment

from gptalk_client.text import is_single
from gptalk_tui.markdown.blocks import Blank, Blocks, Code, CodeLine, Rule, Table, Text
from gptalk_tui.widgets.transcript.lines import Line, Segments
from gptalk_tui.widgets.transcript.paint import (
    CodeArea,
    Painted,
    blank_line,
    fitting,
    gutter_cells,
    gutter_segments,
    links_of,
    runs_of,
    segments,
)
from gptalk_tui.widgets.transcript.styles import StyleTable
from gptalk_tui.widgets.transcript.table_layout import layout_table
from gptalk_tui.widgets.transcript.wrap import wrap

COPY_MARK = "⧉ copy"
WRAP_MARK = "↳ "
CODE_PAD = 1
"""Cells on each side of code."""


def layout(blocks: Blocks, styles: StyleTable, *, text_width: int, full_width: int) -> Painted:
    """Lay parsed blocks out.

    Args:
        blocks: From `parse` or `parse_plain`.
        styles: The colours.
        text_width: Cells for text and code, at least 1.
        full_width: Cells for tables, at least `text_width`.

    Returns:
        The lines, none wider than allowed; links and code blocks by line.
    """
    painted = Painted([], [], [])
    logical = 0
    for block in blocks.blocks:
        if isinstance(block, Text):
            _text(block, logical, text_width, styles, painted)
            logical += 1
        elif isinstance(block, Blank):
            painted.lines.append(blank_line(logical, fitting(block.gutters, text_width), styles))
            logical += 1
        elif isinstance(block, Code):
            _code(block, logical, text_width, styles, painted)
            logical += len(block.lines) or block.has_header
        elif isinstance(block, Rule):
            painted.lines.append(_rule(block, logical, text_width, styles))
            logical += 1
        elif isinstance(block, Table):
            layout_table(block, logical, full_width, styles, painted)
            logical += len(block.plain)
    return painted


def _text(block: Text, logical: int, width: int, styles: StyleTable, painted: Painted) -> None:
    gutters = fitting(block.gutters, width)
    indent = gutter_cells(gutters)
    shown, spans, atoms, targets = block.shown, block.spans, block.atoms, block.targets
    hang = 0
    if block.marker:
        hang = cell_len(shown[: block.marker])
        if hang > (width - indent) // 2:
            hang = 0
    before = gutter_segments(gutters, styles)
    hanging = [*before, Segment(" " * hang, styles["text"])] if hang else before
    lines = painted.lines
    for number, (start, end) in enumerate(wrap(shown, width - indent, width - indent - hang)):
        x = indent + (hang if number else 0)
        text = shown[start:end]
        parts = (hanging if number else before) + segments(shown, spans, start, end, styles)
        strip = Segments(parts, x + len(text) if is_single(text) else None)
        if targets:
            painted.links.extend(links_of(targets, shown, start, end, x, len(lines)))
        if atoms:
            runs, first, length = runs_of(shown, atoms, start, end, x, len(block.plain))
            lines.append(Line(strip, logical, first, length, x, number > 0, runs))
        else:
            lines.append(Line(strip, logical, start, end - start, x, number > 0))
    if spans and spans[-1].style.startswith("h1"):
        widest = max((line.strip.cell_length for line in lines if line.logical == logical), default=0)
        lines.append(_under(block, logical, before, widest - indent, styles))


def _under(block: Text, logical: int, before: list[Segment], cells: int, styles: StyleTable) -> Line:
    """Return the rule under a first-level heading."""
    strip = Segments([*before, Segment("━" * max(1, cells), styles["line"])])
    return Line(strip, logical, len(block.plain), 0, strip.cell_length, True, ())


def _rule(block: Rule, logical: int, width: int, styles: StyleTable) -> Line:
    gutters = fitting(block.gutters, width)
    indent = gutter_cells(gutters)
    dashes = max(1, width - indent)
    strip = Segments(
        [*gutter_segments(gutters, styles), Segment("─" * dashes, styles["line"])], indent + dashes
    )
    runs, _, _ = runs_of("─" * dashes, [], 0, 0, indent, 0)
    return Line(strip, logical, 0, 0, indent, False, runs)


def _code(block: Code, logical: int, width: int, styles: StyleTable, painted: Painted) -> None:
    gutters = fitting(block.gutters, width)
    indent = gutter_cells(gutters)
    room = max(1, width - indent)
    before = gutter_segments(gutters, styles)
    lines = painted.lines
    area = CodeArea(len(lines), len(lines), block.language, block.source, block.ident)
    if block.has_header:
        parts, area.copy_x0, area.copy_x1 = _header(block.language, indent, room, styles)
        line = Line(Segments([*before, *parts], indent + room), logical, 0, 0, indent + room, is_code=True)
        line.runs = ()
        lines.append(line)
    for line_number, code in enumerate(block.lines):
        _code_line(code, logical + line_number, indent, room, before, styles, lines)
    area.last_line = len(lines) - 1
    if area.last_line >= area.first_line:
        painted.codes.append(area)


def _header(language: str, indent: int, room: int, styles: StyleTable) -> tuple[list[Segment], int, int]:
    """Return the header's segments, and the first and end cell of its copy mark."""
    style = styles["fence.label"]
    mark = len(COPY_MARK)
    if room < mark + 2:
        return [Segment(" " * room, style)], 0, 0
    label_room = room - mark - 3
    label = language if cell_len(language) <= label_room else ""
    gap = room - 2 - cell_len(label) - mark
    x0 = indent + room - 1 - mark
    text = f" {label}{' ' * gap}{COPY_MARK} "
    return [Segment(text, style)], x0, x0 + mark


def _code_line(
    code: CodeLine,
    logical: int,
    indent: int,
    room: int,
    before: list[Segment],
    styles: StyleTable,
    lines: list[Line],
) -> None:
    shown, plain, spans, atoms = code
    base = styles["fence"]
    pad = CODE_PAD if room > 8 else 0
    inner = room - 2 * pad
    if not atoms and len(shown) <= inner and is_single(shown):
        parts = [*before, Segment(" ", base)] if pad else [*before]
        parts += segments(shown, spans, 0, len(shown), styles)
        parts.append(Segment(" " * (room - pad - len(shown)), base))
        lines.append(
            Line(Segments(parts, indent + room), logical, 0, len(shown), indent + pad, False, None, True)
        )
        return
    own_indent = len(shown) - len(shown.lstrip(" "))
    hang = min(own_indent, inner // 3) if own_indent < len(shown) else 0
    mark = len(WRAP_MARK) if inner > 12 else 0
    for number, (start, end) in enumerate(wrap(shown, inner, inner - hang - mark, is_code=True)):
        text = shown[start:end]
        parts = [*before]
        x = indent + pad
        if pad:
            parts.append(Segment(" " * pad, base))
        if number and hang + mark:
            parts.append(Segment(" " * hang + WRAP_MARK[:mark], styles["fence.wrap"]))
            x += hang + mark
        parts.extend(segments(shown, spans, start, end, styles))
        used = x + cell_len(text)
        rest = indent + room - used
        if rest > 0:
            parts.append(Segment(" " * rest, base))
        strip = Segments(parts, max(used, indent + room) if is_single(text) else None)
        if atoms:
            runs, first, length = runs_of(shown, atoms, start, end, x, len(plain))
            lines.append(Line(strip, logical, first, length, x, number > 0, runs, True))
        else:
            lines.append(Line(strip, logical, start, end - start, x, number > 0, None, True))
