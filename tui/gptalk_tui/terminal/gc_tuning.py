"""When the garbage collector may walk everything: never while the app starts, text streams or a key waits.

A full collection walks every object, for up to a tenth of a second.
"""

from __future__ import annotations

import gc

THRESHOLDS = (5000, 20, 1000)
"""Allocations and collections until each generation is collected by itself; the oldest one nearly never."""


def hold() -> None:
    """Collect nothing while the app is being loaded: next to nothing of it is garbage."""
    gc.disable()


def settle() -> None:
    """Take what lives now as living to the end; call it once, behind the first paint."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.enable()


def collect_now() -> None:
    """Free what is garbage, at a moment when nothing happens."""
    gc.collect()
