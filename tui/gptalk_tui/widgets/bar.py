"""A one-line bar with text at both ends: the header, the status line and the footer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

GAP = 2
"""Cells between the two parts, at least."""


class KeySpot(NamedTuple):
    """Where a bar names a key."""

    start: int
    """Its first cell."""
    end: int
    """One past the last cell of what it does."""
    key: str
    """As Textual names it."""


def fit(lefts: Sequence[Content], rights: Sequence[Content], cells: int) -> tuple[Content, Content]:
    """Return the wordings of two parts that fit side by side: the left part gets shorter first, then the right.

    Where none do, the left part is cut.

    Args:
        lefts: The left part, the longest wording first.
        rights: The right part likewise; it may end with an empty one.
        cells: The room for both and the gap between them.
    """
    for right in rights:
        room = cells - (right.cell_length + GAP if right else 0)
        for left in lefts:
            if left.cell_length <= room:
                return left, right
    right = rights[-1]
    room = cells - right.cell_length - GAP
    if not right or room < 1:
        return lefts[-1].truncate(max(0, cells), ellipsis=True), Content.empty()
    return lefts[-1].truncate(room, ellipsis=True), right


class Bar(Widget):
    """One line of text; both parts may have shorter wordings, and the left one is cut when none fit."""

    @dataclass
    class KeyClicked(Message):
        """A key was clicked that the bar names."""

        bar: Bar
        key: str

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Bar { height: 1; width: 1fr; padding: 0 1; }
    """

    left: reactive[Content] = reactive(Content.empty)
    """Text at the left edge."""
    right: reactive[Content] = reactive(Content.empty)
    """Text at the right edge."""

    shorter: Sequence[Content] = ()
    """The left part in fewer words, the longest first, for where it does not fit; set before `left`."""

    shorter_right: Sequence[Content] = ()
    """The right part in fewer words likewise; set before `right`."""

    spots: Sequence[KeySpot] = ()
    """The keys that the left part names."""

    def on_click(self, event: events.Click) -> None:
        """Report a click on a key."""
        x = event.get_content_offset_capture(self).x
        for spot in self.spots:
            if spot.start <= x < spot.end:
                event.stop()
                self.post_message(self.KeyClicked(self, spot.key))

    def render(self) -> Content:
        return self.side_by_side(self.left, *self.shorter)

    def side_by_side(self, *lefts: Content) -> Content:
        """Return one line with a left part, in as many of its wordings as fit, and the right part."""
        cells = self.content_size.width
        left, right = fit(lefts, (self.right, *self.shorter_right), cells)
        if not right:
            return left
        return Content.assemble(left, " " * (cells - left.cell_length - right.cell_length), right)
