"""Markdown as lines for a terminal, laid out as in the app, in the terminal's own colours."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from gptalk_client.text import visible
from gptalk_tui.cli import terminal
from gptalk_tui.markdown.block_builder import parse, parse_plain
from gptalk_tui.markdown.blocks import Blocks
from gptalk_tui.markdown.pieces import Piece
from gptalk_tui.markdown.plain_splitter import PlainSplitter
from gptalk_tui.markdown.splitter import Splitter
from gptalk_tui.themes import NO_COLOUR_THEME, PALETTE_OF
from gptalk_tui.widgets.transcript.layout import COPY_MARK, layout
from gptalk_tui.widgets.transcript.lines import Line
from gptalk_tui.widgets.transcript.styles import StyleTable

_STYLES = StyleTable(PALETTE_OF[NO_COLOUR_THEME].transcript_colours())


def markdown(text: str) -> str:
    """Return a whole Markdown text as the terminal shows it."""
    splitter = Splitter(text)
    splitter.finish()
    return "".join(map(markdown_piece, splitter.pieces))


def plain(text: str) -> str:
    """Return a text as written, such as a prompt, wrapped for the terminal."""
    splitter = PlainSplitter()
    splitter.push(text)
    splitter.finish()
    return "".join(_painted(parse_plain(piece)) for piece in splitter.pieces)


def markdown_piece(piece: Piece) -> str:
    """Return a piece of Markdown as the terminal shows it, each line with its newline."""
    return _painted(parse(piece, shows_ticks=True))


def _painted(blocks: Blocks) -> str:
    full = terminal.width()
    painted = layout(blocks, _STYLES, text_width=min(full, terminal.TEXT_CELLS), full_width=full)
    lines = [_ansi(line) for line in painted.lines]
    shown = "".join(segment.text for line in painted.lines for segment in line.strip)
    # No sequence makes a text a link: where it leads would not be seen.
    addresses = dict.fromkeys(visible(link.url, newlines=False) for link in painted.links)
    lines += [terminal.styled(f"→ {each}", dim=True) for each in addresses if each not in shown]
    return "".join(line + "\n" for line in lines)


def _ansi(line: Line) -> str:
    return "".join(_sequence(text, style or Style.null()) for text, style, _ in _without_end(line))


def _without_end(line: Line) -> Iterable[Segment]:
    """Return a line's segments without spaces at the end and without what can't be clicked here."""
    found = list(line.strip)
    if line.is_code and line.runs == ():
        found = [Segment(text.replace(COPY_MARK, ""), style) for text, style, _ in found]
    while found and not found[-1].text.strip(" "):
        found.pop()
    if found:
        found[-1] = Segment(found[-1].text.rstrip(" "), found[-1].style)
    return found


def _sequence(text: str, style: Style) -> str:
    style = _without_defaults(style) if terminal.has_colours() else style.without_color
    return style.render(text, color_system=ColorSystem.STANDARD)


@cache
def _without_defaults(style: Style) -> Style:
    """Return a style without the colours that the terminal has anyway."""
    given = (each for each in (style.color, style.bgcolor) if each is not None and not each.is_default)
    return style if any(given) else style.without_color
