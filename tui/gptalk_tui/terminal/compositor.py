"""A compositor that renders only the widgets that show some of what changed, and that sees every change of layout.

Textual 8.2 renders every widget in every frame, and all of it: it compares the changed region with the clip of a
widget, which mostly is the whole screen (no upstream issue). While a reply streamed, that was a third of the
app's CPU time.

It also finds what a new layout changes by comparing it with the latest map of the widgets, which may already be of
that layout if somebody has asked for a region in between. Then nothing was painted, and no widget told of its new
size (compare Textualize/textual#5056).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual._compositor import ChopsUpdate, Compositor, CompositorMap, ReflowResult
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget


class TightCompositor(Compositor):
    """Composes a screen exactly as Textual does, with less work."""

    _changed: Sequence[Region] = ()
    _laid_out: CompositorMap | None = None

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Lay out the screen as Textual does, and return what differs from the previous layout."""
        if self._laid_out is not None:
            self._full_map = self._laid_out
        found = super().reflow(parent, size)
        self._laid_out = self._full_map
        return found

    def render_partial_update(self) -> ChopsUpdate | None:
        """Render what changed, as Textual does."""
        self._changed = tuple(self._dirty_regions)
        try:
            return super().render_partial_update()
        finally:
            self._changed = ()

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        if crop is None:
            return super()._get_renders(crop)
        everything = self.visible_widgets
        self._visible_widgets = self._shown_in(self._changed or (crop,))
        try:
            return list(super()._get_renders(crop))
        finally:
            self._visible_widgets = everything

    def _shown_in(self, changed: Iterable[Region]) -> dict[Widget, tuple[Region, Region]]:
        """Return the widgets that show something of regions, front to back, each clipped to the lines it shows."""
        lines: dict[Widget, tuple[int, int]] = {}
        for part in changed:
            for widget, (region, clip) in self.visible_widgets.items():
                if region.overlaps(part) and clip.overlaps(part):
                    top, bottom = lines.get(widget, (part.y, part.bottom))
                    lines[widget] = (min(top, part.y), max(bottom, part.bottom))
                    if region.contains_region(part) and clip.contains_region(part):
                        break  # Every widget is opaque: what lies behind does not show.
        width = self.size.width
        return {
            widget: (region, clip.intersection(Region(0, top, width, bottom - top)))
            for widget, (region, clip) in self.visible_widgets.items()
            if widget in lines
            for top, bottom in (lines[widget],)
        }
