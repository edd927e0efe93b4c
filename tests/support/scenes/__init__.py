"""The scenes of the README's pictures, which are also the visual baseline."""

from __future__ import annotations

from support.scenes import chat, dialogs
from support.scenes.stage import SIZE, SIZES, WIDE, Scene

SCENES: dict[str, Scene] = {**chat.SCENES, **dialogs.SCENES}
IN_ONE_SIZE = {"hero", "light", "contrast", "ansi", "no-colour", "small"}


def pictures_of(name: str) -> dict[str, tuple[int, int]]:
    """Return the file of each picture of a scene, without its suffix, and the size of its screen."""
    sizes = () if name in IN_ONE_SIZE else SIZES[1:]
    return {name: WIDE} | {f"sizes/{name}-{width}x{height}": (width, height) for width, height in sizes}


async def take(name: str, size: tuple[int, int] = WIDE) -> str:
    """Return the picture of a scene in a size, as SVG."""
    SIZE.set(size)
    return await SCENES[name]()
