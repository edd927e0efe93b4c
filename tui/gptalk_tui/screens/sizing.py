"""Screens that are always as large as the terminal, and dialogs that fit a small one.

Textual's layout tells a screen its own size by a message, which may replace the terminal's newer one in the queue:
the screen then kept the wrong size. So both kinds ask for the terminal's present size, whatever a message says.
"""

from __future__ import annotations

from typing import TypeVar

from textual.geometry import Size
from textual.screen import ModalScreen, Screen

Result = TypeVar("Result")


_WIDTHS = [(0, "-narrow"), (60, "-roomy")]


class TrueScreen(Screen[Result]):
    """A screen that is laid out for the terminal's present size."""

    HORIZONTAL_BREAKPOINTS = _WIDTHS

    def _screen_resized(self, size: Size) -> None:
        super()._screen_resized(self.app.size)


class Dialog(ModalScreen[Result]):
    """A small screen over the others. Where there is little room its hints and margins give way."""

    CSS_PATH = "../styles/dialogs.tcss"
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-high")]  # noqa: RUF012

    def _screen_resized(self, size: Size) -> None:
        super()._screen_resized(self.app.size)
