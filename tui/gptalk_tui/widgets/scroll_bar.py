"""A scroll bar that is cheap to move."""

from __future__ import annotations

from typing import cast

from rich.segment import Segment, Segments
from textual.geometry import Region
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip


class LineScrollBar(ScrollBar):
    """Textual's vertical scroll bar, painted from the few different cells that it has.

    Textual composes each of its lines anew: while a reply streams, that took longer than the reply's own lines.
    """

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return lines of the bar, with the same cells as Textual's."""
        height, width = self.size.height, self.size.width
        console = self.app.console
        options = console.options.update(width=width, height=height)
        (bar,) = cast(ScrollBarRender, self.render()).__rich_console__(console, options)
        segments = list(cast(Segments, bar).segments)
        strip_of = {segment: self._strip(segment, width) for segment in set(segments)}
        return [strip_of[segment] for segment in segments[crop.y : crop.bottom]]

    def _strip(self, segment: Segment, width: int) -> Strip:
        strip, background = Strip([segment], width).apply_style(self.rich_style), self.background_colors[1]
        for each in self.get_line_filters():
            strip = strip.apply_filter(each, background)
        return strip
