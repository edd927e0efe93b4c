"""An exact terminal: cells with their styles, margins on all sides, and nothing that is let pass.

Feed two of them, one with what Textual paints and one with what the app's painter does: `shown` must be the same.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from rich.cells import split_graphemes

_TOKEN = re.compile(
    "\x1b\\[(?P<csi>[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e])"
    "|\x1b\\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\\\)"
    "|(?P<control>[\x00-\x1f\x7f-\x9f])"
    "|(?P<text>[^\x00-\x1f\x7f-\x9f]+)",
    re.DOTALL,
)
_OFF = {
    22: {1, 2}, 23: {3}, 24: {4, 21}, 25: {5, 6}, 27: {7}, 28: {8}, 29: {9}, 54: {51, 52}, 55: {53},
}  # fmt: skip
_SEEN_ON_BLANKS = frozenset({4, 7, 9, 21, 51, 52, 53})


class Style(NamedTuple):
    """How a cell is painted."""

    attributes: frozenset[int] = frozenset()
    colour: tuple[int, ...] = ()
    background: tuple[int, ...] = ()
    link: str = ""


class CellTerminal:
    """A terminal of so many columns and lines.

    Args:
        columns: Its width.
        lines: Its height.
        bce: Whether erased cells take the pen's background.
        has_margins: Whether it knows a left and a right margin.
    """

    def __init__(self, columns: int, lines: int, *, bce: bool = True, has_margins: bool = True) -> None:
        self.columns, self.lines = columns, lines
        self._bce = bce
        self._has_margins = has_margins
        self.style = Style()
        self.x = self.y = 0
        self.top, self.bottom = 0, lines - 1
        self.left, self.right = 0, columns - 1
        self.is_between_margins = False
        self.shown = [[(" ", Style())] * columns for _ in range(lines)]
        """The cells as a person sees them: of most blanks, the background alone."""

    @property
    def is_clean(self) -> bool:
        """Whether the pen is plain and no margin is set."""
        whole = (0, self.lines - 1, 0, self.columns - 1)
        margins = (self.top, self.bottom, self.left, self.right)
        return self.style == Style() and margins == whole and not self.is_between_margins

    @property
    def text(self) -> str:
        """The characters."""
        return "\n".join("".join(char for char, _ in line) for line in self.shown)

    def resize(self, columns: int, lines: int) -> None:
        """Take another size, with garbage in every cell, as terminals do in their own ways."""
        self.__init__(columns, lines, bce=self._bce, has_margins=self._has_margins)  # type: ignore[misc]
        self.shown = [[("%", Style())] * columns for _ in range(lines)]

    def feed(self, output: str) -> None:
        """Take output.

        Raises:
            AssertionError: It is none that a terminal of this kind understands.
        """
        at = 0
        for match in _TOKEN.finditer(output):
            assert match.start() == at, f"not understood: {output[at : at + 20]!r}"
            at = match.end()
            if match["text"] is not None:
                self._draw(match["text"])
            elif match["csi"] is not None:
                self._csi(match["csi"])
            elif match["osc"] is not None:
                code, _, link = match["osc"].partition(";")
                assert code == "8", match["osc"]
                self.style = self.style._replace(link="" if link == ";" else link)
            else:
                assert match["control"] in "\n\r", repr(match["control"])
                if match["control"] == "\r":
                    self.x = 0
                else:
                    assert self.y < self.lines - 1, "a line feed on the last line scrolls"
                    self.y += 1
        assert at == len(output), f"not understood: {output[at : at + 20]!r}"

    def _draw(self, text: str) -> None:
        line = self.shown[self.y]
        for start, end, width in split_graphemes(text)[0]:
            char = text[start:end]
            if not width:
                place = max(0, self.x - 1)
                while place and not line[place][0]:
                    place -= 1
                line[place] = (line[place][0] + char, line[place][1])
                continue
            self.x = min(self.x, self.columns - width)  # without wrapping, the last cells are painted over
            for place in range(self.x, self.x + width):
                self._break(line, place)
            line[self.x] = _seen(char, self.style)
            if width == 2:
                line[self.x + 1] = ("", self.style)
            self.x += width

    @staticmethod
    def _break(line: list[tuple[str, Style]], place: int) -> None:
        """Turn the other half of a wide character into a blank."""
        if not line[place][0]:
            line[place - 1] = _seen(" ", line[place - 1][1])
        if place + 1 < len(line) and not line[place + 1][0]:
            line[place + 1] = _seen(" ", line[place + 1][1])

    def _csi(self, sequence: str) -> None:
        final, body = sequence[-1], sequence[:-1]
        if body.startswith("?"):
            self._mode(body[1:], final)
            return
        numbers = [int(each or 0) for each in body.split(";")] if body else []
        first = (numbers[0] if numbers else 0) or 1
        second = (numbers[1] if len(numbers) > 1 else 0) or 1
        if final == "m":
            self._sgr(numbers)
        elif final == "H":
            self.x, self.y = min(second, self.columns) - 1, min(first, self.lines) - 1
        elif final == "G":
            self.x = min(first, self.columns) - 1
        elif final == "r":
            self.top, self.bottom = first - 1, (second if len(numbers) > 1 else self.lines) - 1
            assert self.top < self.bottom < self.lines, sequence
            self.x = self.y = 0
        elif final == "s" and self.is_between_margins:
            self.left, self.right = first - 1, second - 1
            assert self.left < self.right < self.columns, sequence
            self.x = self.y = 0
        elif final in "LM":
            assert self.top <= self.y <= self.bottom, "lines move between the margins only"
            assert self.left <= self.x <= self.right, "lines move between the margins only"
            self._move(first if final == "M" else -first)
        else:
            raise AssertionError(f"not understood: {sequence!r}")

    def _mode(self, number: str, final: str) -> None:
        assert final in "hl", number
        if number == "69":
            assert self._has_margins, "this terminal has no left and right margin"
            self.is_between_margins = final == "h"
            self.left, self.right = 0, self.columns - 1
        else:
            assert number == "2026", number

    def _move(self, by: int) -> None:
        """Delete lines at the cursor, or insert some."""
        blank = (" ", Style(background=self.style.background if self._bce else ()))
        part = slice(self.left, self.right + 1)
        lines = [line[part] for line in self.shown[self.y : self.bottom + 1]]
        blanks = [[blank] * len(lines[0])] * min(abs(by), len(lines))
        lines = lines[by:] + blanks if by > 0 else blanks + lines[:by]
        for line, cells in zip(self.shown[self.y : self.bottom + 1], lines, strict=True):
            line[part] = cells

    def _sgr(self, numbers: list[int]) -> None:
        attributes, colour, background, link = self.style
        rest = numbers or [0]
        while rest:
            number, length = rest[0], 1
            if number in (38, 48):
                length = 5 if rest[1] == 2 else 3
            value = tuple(rest[:length])
            if number == 0:
                attributes, colour, background = frozenset(), (), ()
            elif number in _OFF:
                attributes -= _OFF[number]
            elif number in (39, 49):
                colour, background = (() if number == 39 else colour), (() if number == 49 else background)
            elif number == 38 or 30 <= number < 38 or 90 <= number < 98:
                colour = value
            elif number == 48 or 40 <= number < 48 or 100 <= number < 108:
                background = value
            else:
                assert number in {1, 2, 3, 4, 5, 6, 7, 8, 9, 21, 51, 52, 53}, number
                attributes |= {number}
            rest = rest[length:]
        self.style = Style(attributes, colour, background, link)


@cache
def _seen(char: str, style: Style) -> tuple[str, Style]:
    if char == " " and not style.attributes & _SEEN_ON_BLANKS and not style.link:
        return char, Style(background=style.background)
    return char, style
