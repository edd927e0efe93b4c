"""Contrast between colours.

Source: WCAG 2.2, relative luminance and contrast ratio.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color


def _channels(colour: str) -> tuple[int, int, int]:
    triplet = Color.parse(colour).get_truecolor()
    return triplet.red, triplet.green, triplet.blue


def _luminance(channels: tuple[int, int, int]) -> float:
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in channels)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21.

    Args:
        first: Any colour that Rich can parse, such as `#a1b2c3`.
        second: Likewise.
    """
    one, other = _luminance(_channels(first)), _luminance(_channels(second))
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@lru_cache(512)
def readable(colour: str, background: str, ratio: float = 4.5) -> str:
    """Return the colour, moved towards white or black until it is readable on the background.

    Args:
        colour: The preferred colour.
        background: The colour behind it.
        ratio: The minimum contrast.

    Returns:
        `#rrggbb`.
    """
    base = _channels(colour)
    towards = 255 if contrast("#ffffff", background) >= contrast("#000000", background) else 0
    for part in range(21):
        mixed = "#" + "".join(f"{round(value + (towards - value) * part / 20):02x}" for value in base)
        if contrast(mixed, background) >= ratio:
            return mixed
    return "#ffffff" if towards else "#000000"
