"""A row of a message as painted lines: gutter, bar and margin around the laid-out Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from gptalk_client.models import BranchEntry, Role, Status
from gptalk_client.text import visible
from gptalk_tui.widgets.transcript.frame import Frame
from gptalk_tui.widgets.transcript.position import HEAD
from gptalk_tui.widgets.transcript.styles import StyleTable

if TYPE_CHECKING:
    from gptalk_tui.markdown.blocks import Blocks
    from gptalk_tui.widgets.transcript.lines import Line
    from gptalk_tui.widgets.transcript.message_rows import MessageRows
    from gptalk_tui.widgets.transcript.paint import CodeArea, Painted

USER_BAR = "▌"
ERROR_BAR = "▌"
CHOSEN_BAR = "┃"

_FOOTS = {
    Status.STOPPED: "Stopped.",
    Status.INCOMPLETE: "Incomplete.",
    Status.FAILED: "No reply.",
    Status.COMPLETE: "The service answered with an empty reply.",
}


class PaintedLine:
    """One line of the pane, ready for the terminal; its version with the marker is made on demand."""

    __slots__ = ("_chosen", "_frame", "_styles", "line", "strip")

    def __init__(self, strip: Strip, line: Line | None, frame: Frame, styles: StyleTable) -> None:
        self.strip = strip
        self.line = line
        """The content of the line; None for blank lines, heads and feet."""
        self._frame = frame
        self._styles = styles
        self._chosen: Strip | None = None

    @property
    def chosen_strip(self) -> Strip:
        """The line with the marker of a chosen message."""
        if self._chosen is None:
            column = self._frame.left
            mark = Strip([Segment(CHOSEN_BAR, self._styles["page marker"])], 1)
            parts = [self.strip.crop(0, column), mark, self.strip.crop(column + 1, self.strip.cell_length)]
            self._chosen = Strip.join(parts)
        return self._chosen


@dataclass(slots=True)
class Rendered:
    """One row: its parsed blocks, and its lines at one width."""

    lines_width: int
    """The width of the layout in cells; -1 if the lines must be laid out again."""
    lines: list[PaintedLine]
    blocks: Blocks | None = None
    painted: Painted | None = None
    is_prompt: bool = False
    foot: list[str] = field(default_factory=list)
    is_error: bool = False

    @property
    def plain(self) -> list[str]:
        """The logical lines as copied."""
        return self.blocks.plain if self.blocks is not None else []

    @property
    def codes(self) -> list[CodeArea]:
        """The code blocks, by line."""
        return self.painted.codes if self.painted is not None else []


class Renderer:
    """Paints rows in the colours of a theme.

    Args:
        styles: The colours.
    """

    def __init__(self, styles: StyleTable) -> None:
        self.styles = styles

    @property
    def base_style(self) -> Style:
        """The style of blank cells."""
        return self.styles["page"]

    def render(self, rows: MessageRows, row: int, frame: Frame) -> Rendered:
        """Parse a row and lay it out."""
        # Imported with the first message: an empty screen needs no Markdown.
        from gptalk_tui.markdown.block_builder import parse, parse_plain

        rendered = Rendered(-1, [], is_prompt=rows.entry.role is Role.USER)
        piece = rows.piece(row)
        if piece is not None:
            rendered.blocks = parse(piece) if rows.entry.role is Role.ASSISTANT else parse_plain(piece)
            self.layout(rendered, frame)
        elif row == HEAD:
            rendered.lines = [self._blank(frame)]
            if rows.entry.siblings > 1:
                words = f"{rows.entry.sibling}/{rows.entry.siblings}"
                rendered.lines.append(self._words(words, "page muted", "", "page muted", frame))
            rendered.lines_width = frame.width
        elif row == rows.rest:
            rendered.lines = [self._words("…", "page muted", "", "page muted", frame)]
            rendered.lines_width = frame.width
        else:
            rendered.foot = [_foot_words(rows.entry)]
            rendered.is_error = rows.entry.status in (Status.FAILED, Status.INCOMPLETE)
            self.layout(rendered, frame)
        return rendered

    def layout(self, rendered: Rendered, frame: Frame) -> None:
        """Lay a parsed row out for a width."""
        from gptalk_tui.widgets.transcript.layout import layout

        rendered.lines_width = frame.width
        if rendered.blocks is not None:
            painted = layout(
                rendered.blocks, self.styles, text_width=frame.text_width, full_width=frame.full_width
            )
            rendered.painted = painted
            bar = USER_BAR if rendered.is_prompt else ""
            rendered.lines = [self._line(line, bar, frame) for line in painted.lines]
        elif rendered.foot:
            self._lay_out_foot(rendered, frame)

    def _lay_out_foot(self, rendered: Rendered, frame: Frame) -> None:
        from gptalk_tui.markdown.blocks import Blocks, Span, Text
        from gptalk_tui.widgets.transcript.layout import layout

        colour = "error" if rendered.is_error else "muted"
        texts = [Text((), words, [Span(len(words), colour)], words) for words in rendered.foot]
        style = f"page {colour}"
        painted = layout(
            Blocks(list(texts), rendered.foot),
            self.styles,
            text_width=frame.text_width,
            full_width=frame.text_width,
        )
        rendered.lines = [self._blank(frame)]
        for line in painted.lines:
            rendered.lines.append(self._framed(line.strip, ERROR_BAR, style, None, frame))

    def _line(self, line: Line, bar: str, frame: Frame) -> PaintedLine:
        return self._framed(line.strip, bar, "page marker", line, frame)

    def _words(self, text: str, style: str, bar: str, bar_style: str, frame: Frame) -> PaintedLine:
        return self._framed(Strip([Segment(text, self.styles[style])]), bar, bar_style, None, frame)

    def _blank(self, frame: Frame) -> PaintedLine:
        return PaintedLine(Strip.blank(frame.width, self.base_style), None, frame, self.styles)

    def _framed(self, strip: Strip, bar: str, bar_style: str, line: Line | None, frame: Frame) -> PaintedLine:
        """Add margin and gutter, and fill the line to its width, on the page's background."""
        base = self.base_style
        gutter = frame.gutter
        parts: list[Segment] = []
        if bar:
            before = frame.left + gutter - 2
            if before:
                parts.append(Segment(" " * before, base))
            parts.append(Segment(bar, self.styles[bar_style]))
            parts.append(Segment(" ", base))
        else:
            parts.append(Segment(" " * frame.content, base))
        parts.extend(Segment(text, base + style if style else base) for text, style, _ in strip)
        used = frame.content + strip.cell_length
        if used < frame.width:
            parts.append(Segment(" " * (frame.width - used), base))
        painted = Strip(_merged(parts), max(used, frame.width))
        if used > frame.width:
            painted = painted.crop(0, frame.width)
        return PaintedLine(painted, line, frame, self.styles)


def _merged(parts: list[Segment]) -> list[Segment]:
    """Join neighbours of one style: each segment costs about forty bytes of colour codes."""
    merged: list[Segment] = []
    start = 0
    for index in range(1, len(parts) + 1):
        if index == len(parts) or parts[index].style != parts[start].style:
            run = parts[start:index]
            merged.append(
                run[0] if len(run) == 1 else Segment("".join(part.text for part in run), run[0].style)
            )
            start = index
    return merged


def _foot_words(entry: BranchEntry) -> str:
    return f"{_FOOTS[entry.status]} {visible(entry.error, newlines=False)}".rstrip()
