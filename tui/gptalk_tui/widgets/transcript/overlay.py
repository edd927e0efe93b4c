"""What is painted over finished lines and never cached: the selection and matches."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from gptalk_tui.widgets.transcript.document import Document
from gptalk_tui.widgets.transcript.marks import Marks
from gptalk_tui.widgets.transcript.selection import Selection
from gptalk_tui.widgets.transcript.viewport import ViewLine


def with_overlays(
    strip: Strip, view_line: ViewLine, document: Document, selection: Selection | None, marks: Marks | None
) -> Strip:
    """Return a line with the selection and matches highlighted."""
    (message, row, _), painted = view_line
    line = painted.line
    if line is None:
        return strip
    styles, content = document.renderer.styles, document.frame.content
    if marks is not None:
        plain = document.rendered(message, row).plain
        current = marks.current
        is_here = current is not None and current[:3] == (message, row, line.logical)
        hits = marks.ranges(plain[line.logical]) if line.logical < len(plain) else ()
        if hits and line.is_folded:  # all of it is marked, once for however many
            hits = [(current.offset, current.offset + 1)] if is_here and current is not None else hits[:1]
        for start, end in hits:
            if cells := line.cells_of(start, end):
                is_current = is_here and current is not None and current.offset == start
                strip = _painted(strip, cells, content, styles["found.current" if is_current else "found"])
    chosen = selection.range_in(message, row, line.logical) if selection is not None else None
    if chosen is not None:
        strip = _painted(strip, line.cells_of(*chosen), content, styles["selection"])
    return strip


def _painted(strip: Strip, cells: Iterable[tuple[int, int]], content: int, style: Style) -> Strip:
    for x0, x1 in cells:
        # On a narrow screen the line may end first.
        start, end = content + x0, min(content + x1, strip.cell_length)
        if start < end:
            marked = Strip(
                [Segment(text, (base or style) + style) for text, base, _ in strip.crop(start, end)]
            )
            strip = Strip.join([strip.crop(0, start), marked, strip.crop(end)])
    return strip
