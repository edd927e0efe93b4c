"""When full garbage collections run: not while the app starts, a reply streams or a key waits.

A full collection visits every object, which takes up to a tenth of a second.
"""

from __future__ import annotations

import gc

THRESHOLDS = (5000, 20, 1000)
"""Allocations and collections between automatic collections of each generation; almost never for the oldest."""


def pause() -> None:
    """Turn collection off while the app loads: almost nothing of it is garbage."""
    gc.disable()


def freeze() -> None:
    """Exempt every object alive now from collection, and turn it on. Call once, after the first paint."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.enable()


def collect_now() -> None:
    """Run a full collection, at a moment when nothing else happens."""
    gc.collect()
