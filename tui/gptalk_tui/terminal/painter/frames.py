"""Frames for Textual to write: painted from what changed, or as Textual paints them if that cannot be done."""

from __future__ import annotations

from typing import cast

from rich.console import Console, RenderableType
from textual._compositor import CompositorUpdate

from gptalk_tui.terminal.painter.chops import is_paintable
from gptalk_tui.terminal.painter.painter import Painter


class Frames:
    """Has each update painted by the painter, for as long as that goes well.

    Args:
        is_on: Whether to; without it every frame is Textual's own.
    """

    def __init__(self, *, is_on: bool = True) -> None:
        self.is_on = is_on
        self._painter = Painter()
        self._starts = 0

    def forget(self) -> None:
        """Paint everything next: the terminal may show something else."""
        self._painter.forget()

    def of(self, frame: RenderableType | None, driver: object, *, is_whole: bool) -> RenderableType | None:
        """Return what to write for a frame.

        Args:
            frame: Textual's.
            driver: What knows the terminal.
            is_whole: Whether the terminal shows a frame only when it is complete.
        """
        if frame is None or not self.is_on:
            return frame
        if not isinstance(frame, CompositorUpdate) or not is_paintable(frame):
            self.forget()
            return frame
        starts = getattr(driver, "starts", 0)
        if starts != self._starts:
            self._starts = starts
            self.forget()
        self._painter.is_whole = is_whole
        self._painter.has_margins = getattr(driver, "has_margins", False)
        return cast(RenderableType, _Painted(self, frame))

    def paint(self, update: CompositorUpdate, console: Console) -> str:
        """Return the bytes of a frame. It must be written: the next one builds on it."""
        try:
            return self._painter.paint(update, console)
        except Exception:
            import logging

            logging.getLogger(__name__).exception("Painting only what changes failed; it is off now.")
            self.is_on = False
            return update.render_segments(console)


class _Painted(CompositorUpdate):
    """An update that is painted when it is written, not before: one that is never written changes nothing."""

    def __init__(self, frames: Frames, update: CompositorUpdate) -> None:
        self._frames = frames
        self._update = update

    def render_segments(self, console: Console) -> str:
        return self._frames.paint(self._update, console)
