"""A compositor that asks only those widgets for their lines that stand where something changed.

Textual's own asks every widget of the screen at each frame, because it compares what changed with the area that a
widget is clipped to, which is the whole screen for most. While a reply streams that was a third of the app's cost.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip


class TightCompositor(Compositor):
    """Composes a screen; what it shows is the same."""

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        if crop is None:
            return super()._get_renders(crop)
        everything = self.visible_widgets
        touched = {
            widget: (region, clip) for widget, (region, clip) in everything.items() if crop.overlaps(region)
        }
        root = self.root
        if root is not None and any(
            region.contains_region(crop) and widget is not root for widget, (region, _) in touched.items()
        ):
            # Every widget is opaque: nothing of the screen itself shows through.
            touched.pop(root, None)
        self._visible_widgets = touched
        try:
            return list(super()._get_renders(crop))
        finally:
            self._visible_widgets = everything
