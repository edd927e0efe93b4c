"""Pieces of lines, flattened to be compared and painted: the same object wherever the cells are the same."""

from __future__ import annotations

from typing import Any

from rich.cells import cell_len
from rich.color import ColorSystem
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
        self.cost = len(text) + PEN_CHANGE * len(set(pens))
        """About how many bytes it takes to paint all of it."""


class Flats:
    """Flattens strips.

    Args:
        colours: What the terminal has.
    """

    def __init__(self, colours: ColorSystem) -> None:
        self.pens = Pens()
        self._colours = colours
        self._by_strip: dict[int, tuple[Strip, Flat]] = {}
        self._flats: dict[tuple[str, str], Flat] = {}
        self.are_steady = True
        """Whether every terminal agrees on the width of all text so far."""

    @property
    def is_full(self) -> bool:
        """Whether there are more pens than any theme has, and it is time to start afresh."""
        return len(self.pens) > MOST_PENS

    def of(self, strip: Strip) -> Flat:
        """Return a strip's cells. Equal ones are the same object, unless the older one was long ago."""
        known = self._by_strip.get(id(strip))
        if known is None:
            _make_room(self._by_strip, MOST_STRIPS)
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
                pens.append(blank.join([pen * len(word) for word in text.split(" ")]))
        key = ("".join(texts), "".join(pens))
        flat = self._flats.get(key)
        if flat is None:
            _make_room(self._flats, MOST_FLATS)
            flat = self._flats[key] = Flat(*key, cell_len(key[0]))
            self.are_steady = self.are_steady and flat.is_steady
        return flat


def _make_room(cache: dict[Any, Any], most: int) -> None:
    """Drop what came first once a cache is full. Textual's own cache costs a call for each look."""
    if len(cache) >= most:
        del cache[next(iter(cache))]
