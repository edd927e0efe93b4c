"""Colours and attributes of cells, and the shortest sequence that turns one pen into another."""

from __future__ import annotations

import re
from typing import NamedTuple

from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

PLAIN = 0
"""The number of the terminal's own pen."""

_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "7": "27", "8": "28", "9": "29", "53": "55"}
"""What turns an attribute off; the others need a full reset."""

_PART = re.compile(r"[34]8;(?:2(?:;\d+){3}|5;\d+)|\d+")
_SEEN_ON_BLANKS = frozenset({"4", "7", "9", "21", "51", "52", "53"})


class Pen(NamedTuple):
    """What a cell's character is painted with, in the parts of an SGR sequence."""

    attributes: frozenset[str] = frozenset()
    colour: str = ""
    background: str = ""
    link: str = ""
    """An OSC 8 link's parameters and address, with the semicolon between them; empty for none."""
    is_for_blanks: bool = False
    """Whether it paints blanks only, which need nothing but its background."""


class Pens:
    """Numbers pens, and remembers how to get from one to another."""

    def __init__(self) -> None:
        self._pens: list[Pen] = []
        self._numbers: dict[Pen, int] = {}
        self._by_style: dict[tuple[Style, str], int] = {}
        self._changes: dict[tuple[int, int], str] = {}
        self.on_blank: list[int] = []
        """By number: the pen for blanks that paints them the same way; itself where more is seen of it."""
        self._add(Pen())

    def __len__(self) -> int:
        return len(self._pens)

    def number(self, style: Style | None, colours: ColorSystem) -> int:
        """Return the number of a style's pen, in the colours that the terminal has."""
        if style is None:
            return PLAIN
        key = (style, style._link_id)
        number = self._by_style.get(key)
        if number is None:
            pen = _pen(Strip.render_ansi(style, colours))
            if style._link:
                pen = pen._replace(link=f"id={style._link_id};{style._link}")
            number = self._by_style[key] = self._add(pen)
        return number

    def change(self, before: int, after: int) -> str:
        """Return the shortest sequence that turns one pen into another."""
        found = self._changes.get((before, after))
        if found is None:
            found = self._changes[before, after] = _change(self._pens[before], self._pens[after])
        return found

    def _add(self, pen: Pen) -> int:
        number = self._numbers.get(pen)
        if number is None:
            number = self._numbers[pen] = len(self._pens)
            self._pens.append(pen)
            self.on_blank.append(number)
            if not pen.is_for_blanks and not pen.link and not pen.attributes & _SEEN_ON_BLANKS:
                self.on_blank[number] = self._add(Pen(background=pen.background, is_for_blanks=True))
        return number


def _pen(sgr: str) -> Pen:
    attributes, colour, background = set[str](), "", ""
    for part in _PART.findall(sgr):
        if part in ("39", "49"):
            continue  # the terminal's own
        if len(part) > 1 and part[0] in "39":
            colour = part
        elif len(part) > 1 and part[0] in "41":
            background = part
        else:
            attributes.add(part)
    return Pen(frozenset(attributes), colour, background)


def _change(before: Pen, after: Pen) -> str:
    link = f"\x1b]8;{after.link or ';'}\x1b\\" if before.link != after.link else ""
    fresh = [*sorted(after.attributes), after.colour, after.background]
    ways = [["0" if any(fresh) else "", *fresh]]
    off = before.attributes - after.attributes
    if all(each in _OFF for each in off):
        codes = {_OFF[each] for each in off}
        # One code turns off both bold and dim.
        kept = {each for each in before.attributes & after.attributes if _OFF.get(each) not in codes}
        step = [*sorted(codes), *sorted(after.attributes - kept)]
        if before.colour != after.colour:
            step.append(after.colour or "39")
        if before.background != after.background:
            step.append(after.background or "49")
        if not step:
            return link
        ways.append(step)
    return link + min((f"\x1b[{';'.join(filter(None, way))}m" for way in ways), key=len)
