"""A compositor that renders only the widgets which overlap the changed region, and only those lines of them.

Textual 8.2 renders every widget in every frame, and all of it: it compares the changed region with the clip of a
widget, which mostly is the whole screen (no upstream issue). While a reply streamed, that was a third of the
app's CPU time.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip


class TightCompositor(Compositor):
    """Composes a screen exactly as Textual does, with less work."""

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        if crop is None:
            return super()._get_renders(crop)
        everything = self.visible_widgets
        lines = Region(0, crop.y, self.size.width, crop.height)
        touched = {
            widget: (region, clip.intersection(lines))
            for widget, (region, clip) in everything.items()
            if crop.overlaps(region)
        }
        root = self.root
        if root is not None and any(
            region.contains_region(crop) and widget is not root for widget, (region, _) in touched.items()
        ):
            # Every widget is opaque, so the screen itself never shows through.
            touched.pop(root, None)
        self._visible_widgets = touched
        try:
            return list(super()._get_renders(crop))
        finally:
            self._visible_widgets = everything
