"""A row of a message as painted lines: gutter, bar and margin around the laid-out Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import field
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from gptalk_client.models import Role, Status
from gptalk_client.text import visible
from gptalk_tui.widgets.transcript.frame import Frame
from gptalk_tui.widgets.transcript.position import HEAD, NOTE
from gptalk_tui.widgets.transcript.reply_words import has_mark, mark_words, thought_words
from gptalk_tui.widgets.transcript.styles import StyleTable

if TYPE_CHECKING:
    from gptalk_tui.markdown.blocks import Blocks
    from gptalk_tui.widgets.transcript.lines import Line, Segments
    from gptalk_tui.widgets.transcript.message_rows import MessageRows
    from gptalk_tui.widgets.transcript.paint import CodeArea, Painted

USER_BAR = "▌"
ERROR_BAR = "▌"
CHOSEN_BAR, WIDE_BAR = "┃", "█"
THOUGHT_BAR = "│"
FOLDED, UNFOLDED = "▸", "▾"

NOT_SENT = "earlier messages are not sent"
NEWEST_THOUGHTS = 3
"""How many lines of reasoning are shown while it grows and is folded."""


class PaintedLine:
    """One line of the pane, ready for the terminal; its version with the marker is made on demand.

    Args:
        strip: All of its width.
        line: What it shows; None for blank lines, heads and feet.
        frame: Its columns.
        styles: The colours.
        is_prompt: Whether the message has a bar already, which becomes a wider one while it is chosen.
    """

    __slots__ = ("_chosen", "_frame", "_styles", "is_prompt", "line", "strip")

    def __init__(
        self,
        strip: Strip,
        line: Line | None,
        frame: Frame,
        styles: StyleTable,
        *,
        is_prompt: bool = False,
    ) -> None:
        self.is_prompt = is_prompt
        self.strip = strip
        self.line = line
        self._frame = frame
        self._styles = styles
        self._chosen: Strip | None = None

    @property
    def chosen_strip(self) -> Strip:
        """The line with the marker of a chosen message."""
        if self._chosen is None:
            column = self._frame.content - 2
            mark = self.strip.crop(column, column + 1)
            if mark.text == USER_BAR:
                mark = Strip([Segment(WIDE_BAR, mark._segments[0].style)], 1)
            else:
                bar = WIDE_BAR if self.is_prompt else CHOSEN_BAR
                mark = Strip([Segment(bar, self._styles["page marker"])], 1)
            parts = [self.strip.crop(0, column), mark, self.strip.crop(column + 1, self.strip.cell_length)]
            self._chosen = Strip.join(parts)
        return self._chosen


class Rendered(msgspec.Struct):
    """One row: its parsed blocks, and its lines at one width."""

    lines_width: int
    """The width of the layout in cells; -1 if the lines must be laid out again."""
    lines: list[PaintedLine]
    blocks: Blocks | None = None
    painted: Painted | None = None
    is_prompt: bool = False
    is_thought: bool = False
    foot: list[str] = field(default_factory=list)
    is_alone: bool = False
    """Whether the foot is all there is of a message: the blank line above it is the head's."""
    is_error: bool = False

    @property
    def plain(self) -> list[str]:
        """The logical lines as copied."""
        return self.blocks.plain if self.blocks is not None else []

    @property
    def indents(self) -> list[int]:
        """How many characters each logical line is indented by the list items around it."""
        return self.blocks.indents if self.blocks is not None else []

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
        self.version_keys = ("", "")
        """The keys that show the older and the newer version of a message; empty where there is none."""

    @property
    def base_style(self) -> Style:
        """The style of blank cells."""
        return self.styles["page"]

    def render(self, rows: MessageRows, row: int, frame: Frame) -> Rendered:
        """Parse a row and lay it out."""
        # Imported with the first message: an empty screen needs no Markdown.
        from gptalk_tui.markdown.block_builder import parse, parse_plain

        entry = rows.entry
        rendered = Rendered(-1, [], is_prompt=entry.role is Role.USER)
        piece = rows.piece(row)
        if piece is not None:
            rendered.is_thought = row < rows.first
            rendered.blocks = (
                parse_plain(piece) if rendered.is_prompt else parse(piece, shows_ticks=self.styles.is_ansi)
            )
            self.layout(rendered, frame)
        elif row == HEAD:
            rendered.lines = self._head(rows, frame)
            rendered.lines_width = frame.width
        elif row < rows.first:
            rendered.lines = self._around_thoughts(rows, row, frame)
            rendered.lines_width = frame.width
        elif row == rows.rest:
            rendered.lines = [self._words("…", "page muted", "", "page muted", frame)]
            rendered.lines_width = frame.width
        else:
            rendered.foot, rendered.is_alone = [rows.foot_words, rows.details], row == HEAD + 1
            rendered.is_error = entry.status in (Status.FAILED, Status.INCOMPLETE)
            self.layout(rendered, frame)
        return rendered

    def _head(self, rows: MessageRows, frame: Frame) -> list[PaintedLine]:
        entry, above = rows.entry, list[PaintedLine]()
        if rows.begins_context:
            rule = self._rule(NOT_SENT, frame)
            above = [self._blank(frame), self._words(rule, "page muted", "", "page muted", frame)]
        blank = Strip.blank(frame.width, self.base_style)
        is_prompt = entry.role is Role.USER
        lines = [*above, PaintedLine(blank, None, frame, self.styles, is_prompt=is_prompt)]
        if has_mark(entry):
            words = mark_words(entry, *self.version_keys)
            lines.append(self._words(words, "page muted", "", "page muted", frame))
            lines[-1].is_prompt = is_prompt
        return lines

    @staticmethod
    def _rule(words: str, frame: Frame) -> str:
        """Return words in the middle of a thin line, as wide as text; the words alone where there is no room."""
        dashes = frame.text_width - len(words) - 2
        return f"{'─' * (dashes // 2)} {words} {'─' * (dashes - dashes // 2)}" if dashes >= 2 else words

    def _around_thoughts(self, rows: MessageRows, row: int, frame: Frame) -> list[PaintedLine]:
        """Return the line about the reasoning with its newest lines, what is not split yet, or the blank line."""
        thoughts = rows.thoughts
        assert thoughts is not None
        if row > NOTE:
            if rows.is_gap(row):
                return [self._blank(frame)]
            return [self._words("…", "page muted", THOUGHT_BAR, "page bar", frame)]
        words = thought_words(thoughts.seconds, is_growing=thoughts.is_growing)
        if not thoughts.is_growing:
            words = f"{UNFOLDED if thoughts.is_open else FOLDED} {words}"
        lines = [self._words(words, "page muted", "", "page muted", frame)]
        if thoughts.is_growing and not thoughts.is_open:
            newest = self._newest(thoughts.recent, frame)
            lines += [self._words(each, "page muted", THOUGHT_BAR, "page bar", frame) for each in newest]
        return lines

    def _newest(self, text: str, frame: Frame) -> list[str]:
        """Return the last lines of a text at the frame's width."""
        from gptalk_tui.widgets.transcript.wrap import wrap

        newest: list[str] = []
        for line in reversed(visible(text).split("\n")):
            line = line.replace("\t", "    ").strip()
            if line:
                places = wrap(line, frame.text_width, frame.text_width)
                newest[:0] = [line[start:end] for start, end in places[-NEWEST_THOUGHTS:]]
            if len(newest) >= NEWEST_THOUGHTS:
                break
        return newest[-NEWEST_THOUGHTS:]

    def layout(self, rendered: Rendered, frame: Frame) -> None:
        """Lay a parsed row out for a width."""
        from gptalk_tui.widgets.transcript.layout import layout

        rendered.lines_width = frame.width
        if rendered.blocks is not None:
            painted = layout(
                rendered.blocks, self.styles, text_width=frame.text_width, full_width=frame.full_width
            )
            rendered.painted = painted
            if rendered.is_thought:
                rendered.lines = [self._thought(line, frame) for line in painted.lines]
            else:
                bar = USER_BAR if rendered.is_prompt else ""
                rendered.lines = [self._line(line, bar, frame) for line in painted.lines]
        elif rendered.foot:
            self._lay_out_foot(rendered, frame)

    def _lay_out_foot(self, rendered: Rendered, frame: Frame) -> None:
        from gptalk_tui.markdown.blocks import Blocks, Span, Text
        from gptalk_tui.widgets.transcript.layout import layout

        ended, details = rendered.foot
        colour = "error" if rendered.is_error else "muted"
        styled = [(words, style) for words, style in ((ended, colour), (details, "muted")) if words]
        texts = [Text((), words, [Span(len(words), style)], words) for words, style in styled]
        painted = layout(
            Blocks(list(texts), [words for words, _ in styled]),
            self.styles,
            text_width=frame.text_width,
            full_width=frame.text_width,
        )
        rendered.lines = [] if rendered.is_alone else [self._blank(frame)]
        for line in painted.lines:
            is_about_end = bool(ended) and line.logical == 0
            bar = ERROR_BAR if is_about_end else ""
            rendered.lines.append(self._framed(line.strip, bar, f"page {colour}", None, frame))

    def _line(self, line: Line, bar: str, frame: Frame) -> PaintedLine:
        return self._framed(line.strip, bar, "page marker", line, frame)

    def _thought(self, line: Line, frame: Frame) -> PaintedLine:
        """Return a line of reasoning: dim, beside a thin bar."""
        dim, on_code = self.styles["muted"], self.styles["fence.label"]
        strip = Strip(
            [
                Segment(text, style + (on_code if style.bgcolor else dim) if style else dim)
                for text, style, _ in line.strip
            ],
            line.strip.cell_length,
        )
        return self._framed(strip, THOUGHT_BAR, "page bar", line, frame)

    def _words(self, text: str, style: str, bar: str, bar_style: str, frame: Frame) -> PaintedLine:
        return self._framed(Strip([Segment(text, self.styles[style])]), bar, bar_style, None, frame)

    def _blank(self, frame: Frame) -> PaintedLine:
        return PaintedLine(Strip.blank(frame.width, self.base_style), None, frame, self.styles)

    def _framed(
        self, strip: Strip | Segments, bar: str, bar_style: str, line: Line | None, frame: Frame
    ) -> PaintedLine:
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
