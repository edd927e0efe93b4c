"""What one of Textual's updates consists of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

Span: TypeAlias = tuple[int, int]
"""First cell of a piece of a line, and one past its last."""


def is_paintable(update: object) -> bool:
    """Return whether an update is of a full screen, not of a few lines below a prompt."""
    return isinstance(update, ChopsUpdate | LayoutUpdate)


def size_of(update: CompositorUpdate) -> Size:
    """Return the size of the screen that an update is for."""
    if isinstance(update, LayoutUpdate):
        return update.region.size
    assert isinstance(update, ChopsUpdate)
    return Size(max((ends[-1] for ends in update.chop_ends if ends), default=0), len(update.chops))


def chops_of(update: CompositorUpdate) -> Iterator[tuple[int, Span, Strip]]:
    """Yield line, span and strip of each piece that an update paints."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in strips:
                end = x + strip.cell_length
                if end > x:
                    yield y, (x, end), strip
                x = end
        return
    assert isinstance(update, ChopsUpdate)
    for y, x1, x2 in update.spans:
        for end, (x, piece) in zip(update.chop_ends[y], update.chops[y].items(), strict=True):
            # Textual also paints the piece that begins where a changed region ends, which may be out of date:
            # its widget was not asked.
            if piece is not None and x < x2 and end > x1:
                yield y, (x, end), piece
