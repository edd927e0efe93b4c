"""The model of the terminal's screen, and the bytes that turn it into the next frame."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.color import ColorSystem
from rich.console import Console
from textual._compositor import CompositorUpdate
from textual.geometry import Size

from gptalk_tui.terminal.painter.chops import Span, chops_of, size_of
from gptalk_tui.terminal.painter.flats import Flat, Flats
from gptalk_tui.terminal.painter.pens import PLAIN
from gptalk_tui.terminal.painter.shifts import Line, find_shift

CLEAN = "\x1b[r\x1b[m"
"""Undoes margins and a pen that another program may have left."""

MOST_GAP = 6
"""Cells that are cheaper to paint again than to jump over."""

_RUN = re.compile(r"(.)\1*", re.DOTALL)


class Painter:
    """Paints updates as what differs from the screen that the terminal shows.

    Its model is true only if all that it returns reaches the terminal, in order, and nothing else changes cells.
    """

    def __init__(self) -> None:
        self.has_margins = False
        """Whether the terminal can scroll between a left and a right margin."""
        self.is_whole = False
        """Whether the terminal shows a frame only when it is complete."""
        self._size = Size(0, 0)
        self._colours: ColorSystem | None = None
        self._flats = Flats(ColorSystem.TRUECOLOR)
        self._lines: list[Line] = []
        self._out: list[str] = []
        self._pen = PLAIN
        self._cursor: tuple[int, int] | None = None

    def forget(self) -> None:
        """Paint everything next: the terminal may show something else."""
        self._size = Size(0, 0)

    def paint(self, update: CompositorUpdate, console: Console) -> str:
        """Return the bytes of a frame; empty if nothing changed.

        They leave the pen plain and the margins unset.
        """
        self._out = []
        self._pen, self._cursor = PLAIN, None
        size = size_of(update)
        colours = console._color_system or ColorSystem.TRUECOLOR
        if size != self._size or colours is not self._colours or self._flats.is_full:
            self._start(size, colours)
        changed = self._changed(update)
        if changed:
            self._shift(changed)
            for y in sorted(changed):
                self._paint_line(y, changed[y])
            self._use(PLAIN)
        return "".join(self._out)

    def _start(self, size: Size, colours: ColorSystem) -> None:
        self._size = size
        self._lines = [{} for _ in range(size.height)]
        if colours is not self._colours or self._flats.is_full:
            self._colours, self._flats = colours, Flats(colours)
        self._out.append(CLEAN)

    def _changed(self, update: CompositorUpdate) -> dict[int, Line]:
        """Return what is to be painted, by line; forget what is under new geometry."""
        painted: dict[int, Line] = {}
        flat_of = self._flats.of
        for y, span, strip in chops_of(update):
            painted.setdefault(y, {})[span] = flat_of(strip)
        changed: dict[int, Line] = {}
        for y, pieces in painted.items():
            line = self._lines[y]
            if not self._is_steady(line, pieces):
                changed[y] = pieces
            elif differing := {span: flat for span, flat in pieces.items() if line.get(span) is not flat}:
                changed[y] = differing
            for span in pieces:
                if span not in line:
                    _uncover(line, span)
        return changed

    def _shift(self, changed: dict[int, Line]) -> None:
        """Let the terminal move what only moved."""
        shift = find_shift(
            self._lines, changed, self._size.width, has_margins=self.has_margins, is_whole=self.is_whole
        )
        if shift is None:
            return
        lines = range(shift.top, shift.bottom + 1)
        wanted = {y: {**self._lines[y], **changed.get(y, {})} for y in lines}
        shift.apply(self._lines)
        self._out.append(shift.sequence)
        for y in lines:
            line, pieces = self._lines[y], wanted[y]
            if self._is_steady(line, pieces):
                pieces = {span: flat for span, flat in pieces.items() if line.get(span) is not flat}
            if pieces:
                changed[y] = pieces
            else:
                changed.pop(y, None)

    def _paint_line(self, y: int, pieces: Line) -> None:
        line = self._lines[y]
        is_steady = self._is_steady(line, pieces)
        for span in sorted(pieces):
            flat, known = pieces[span], line.get(span)
            if known is None:
                _uncover(line, span)
            if known is not None and is_steady and known.is_simple and flat.is_simple:
                for start, stop in _differences(known, flat):
                    self._paint_cells(y, span[0], flat, start, stop)
            else:
                self._paint_cells(y, span[0], flat, 0, len(flat.text))
            if flat.width == span[1] - span[0]:
                line[span] = flat
            else:
                line.pop(span, None)

    def _is_steady(self, line: Line, pieces: Line) -> bool:
        """Return whether no text of a line can cover what is beside it, now or once these pieces are painted."""
        return self._flats.are_steady or all(
            flat.is_steady for each in (line, pieces) for flat in each.values()
        )

    def _paint_cells(self, y: int, x: int, flat: Flat, start: int, stop: int) -> None:
        """Paint some of a piece's characters; unless it is simple, all of them."""
        if start == stop:
            return
        self._go(y, x + start)
        text, pens, append, on_blank = flat.text, flat.pens, self._out.append, self._flats.pens.on_blank
        if pens.count(pens[start], start, stop) == stop - start:
            runs = [(start, stop)]
        else:
            runs = [match.span() for match in _RUN.finditer(pens, start, stop)]
        for index, (first, last) in enumerate(runs):
            pen = ord(pens[first])
            if pen != self._pen and on_blank[self._pen] != pen:
                following = ord(pens[last]) if index + 1 < len(runs) else pen
                self._use(following if on_blank[following] == pen else pen)
            append(text[first:last])
        end = x + stop
        self._cursor = (y, end) if flat.is_simple and end < self._size.width else None

    def _go(self, y: int, x: int) -> None:
        if self._cursor == (y, x):
            return
        if self._cursor is not None and self._cursor[0] == y:
            self._out.append(f"\x1b[{x + 1}G")
        else:
            self._out.append(f"\x1b[{y + 1};{x + 1}H")

    def _use(self, pen: int) -> None:
        if pen != self._pen:
            self._out.append(self._flats.pens.change(self._pen, pen))
            self._pen = pen


def _uncover(line: Line, span: Span) -> None:
    """Forget what is known of cells that now belong to another piece."""
    for other in [each for each in line if each[0] < span[1] and each[1] > span[0]]:
        del line[other]


def _differences(old: Flat, new: Flat) -> Iterator[tuple[int, int]]:
    """Yield the parts of two simple pieces that differ, joined where the gap is cheap to paint."""
    cells = zip(old.text, new.text, old.pens, new.pens, strict=True)
    at = [index for index, (a, b, pen_a, pen_b) in enumerate(cells) if a != b or pen_a != pen_b]
    if not at:
        return
    start = before = at[0]
    for index in at:
        if index - before > MOST_GAP + 1 or (
            index - before > 1 and len(set(new.pens[before : index + 1])) > 2
        ):
            yield start, before + 1
            start = index
        before = index
    yield start, before + 1
