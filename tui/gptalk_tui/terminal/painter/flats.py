"""Pieces of lines, flattened to be compared and painted: the same object wherever the cells are the same."""

from __future__ import annotations

from rich.cells import cell_len
from rich.color import ColorSystem
from textual.cache import FIFOCache
from textual.strip import Strip

from gptalk_client.text import is_single, is_steady
from gptalk_tui.terminal.painter.pens import Pens

MOST_STRIPS = 512
"""Several screens of them. Each is kept alive, so that its identity stays its own."""

MOST_FLATS = 2048
MOST_PENS = 4000
"""A theme has a few hundred. Numbers of pens are written as characters."""

PEN_CHANGE = 12
"""About how many bytes another pen costs."""


class Flat:
    """A piece of a line.

    Args:
        text: Its characters.
        pens: The pen's number for each character, as characters.
        width: In cells.
    """

    __slots__ = ("cost", "is_simple", "is_steady", "pens", "text", "width")

    def __init__(self, text: str, pens: str, width: int) -> None:
        self.text = text
        self.pens = pens
        self.width = width
        self.is_simple = is_single(text)
        """Whether each character takes one cell in every terminal, so that a part of it can be painted."""
        self.is_steady = self.is_simple or is_steady(text)
        """Whether every terminal agrees on its width; where it does not, text may cover what is beside it."""
        changes = sum(map(str.__ne__, pens, pens[1:]))
        self.cost = len(text) + PEN_CHANGE * (1 + changes)
        """About how many bytes it takes to paint all of it."""


class Flats:
    """Flattens strips.

    Args:
        colours: What the terminal has.
    """

    def __init__(self, colours: ColorSystem) -> None:
        self.pens = Pens()
        self._colours = colours
        self._by_strip: FIFOCache[int, tuple[Strip, Flat]] = FIFOCache(MOST_STRIPS)
        self._flats: FIFOCache[tuple[str, str], Flat] = FIFOCache(MOST_FLATS)

    @property
    def is_full(self) -> bool:
        """Whether there are more pens than any theme has, and it is time to start afresh."""
        return len(self.pens) > MOST_PENS

    def of(self, strip: Strip) -> Flat:
        """Return a strip's cells. Equal ones are the same object, unless the older one was long ago."""
        known = self._by_strip.get(id(strip))
        if known is None:
            known = self._by_strip[id(strip)] = (strip, self._flatten(strip))
        return known[1]

    def _flatten(self, strip: Strip) -> Flat:
        texts, pens = list[str](), list[str]()
        on_blank = self.pens.on_blank
        for text, style, _ in strip:
            number = self.pens.number(style, self._colours)
            pen, blank = chr(number), chr(on_blank[number])
            texts.append(text)
            if pen == blank or " " not in text:
                pens.append(pen * len(text))
            else:
                pens.append("".join([blank if char == " " else pen for char in text]))
        key = ("".join(texts), "".join(pens))
        flat = self._flats.get(key)
        if flat is None:
            flat = self._flats[key] = Flat(*key, cell_len(key[0]))
        return flat
