"""When the garbage collector may walk everything: never while text streams or a key waits."""

from __future__ import annotations

import gc

THRESHOLDS = (5000, 20, 1000)
"""Allocations and collections until each generation is collected by itself; the oldest one nearly never."""


def settle() -> None:
    """Take what lives now as living to the end; call it once, behind the first paint.

    A full collection walks every object that is not frozen, for up to a tenth of a second: it is done by
    `collect_now` instead, when nobody waits.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def collect_now() -> None:
    """Free what is garbage, at a moment when nothing happens."""
    gc.collect()
