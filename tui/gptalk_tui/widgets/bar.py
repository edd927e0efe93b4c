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


class KeySpot(NamedTuple):
    """Where a bar names a key."""

    start: int
    """Its first cell."""
    end: int
    """One past the last cell of what it does."""
    key: str
    """As Textual names it."""


class Bar(Widget):
    """One line of text; the left part is cut short when both do not fit."""

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
        width = self.content_size.width
        room = width - self.right.cell_length
        if room < 1 or not self.right.cell_length:
            return self._left_in(width).truncate(max(0, width), ellipsis=True)
        left = self._left_in(room - 1).truncate(room - 1, ellipsis=True)
        return Content.assemble(left, " " * (room - left.cell_length), self.right)

    def _left_in(self, cells: int) -> Content:
        """Return the left part in as many words as fit."""
        every = (self.left, *self.shorter)
        return next((each for each in every if each.cell_length <= cells), every[-1])
