"""The pictures in `screenshots/` show the app as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.pictures import parts
from support.scenes import SCENES, pictures_of, take
from support.scenes.stage import SIZES

PICTURES = Path(__file__).parent.parent.parent / "screenshots"


@pytest.mark.parametrize("name", SCENES)
async def test_the_picture_is_what_the_app_shows(name: str) -> None:
    stored = (PICTURES / f"{name}.svg").read_text("utf-8")
    assert parts(await take(name)) == parts(stored), (
        "look at it, then take it again: python screenshots/take.py"
    )


# In the smallest its rows scroll, and how long the bar is depends on which of them have been measured by then.
@pytest.mark.parametrize("size", [size for size in SIZES[1:] if size != (40, 12)])
async def test_a_cut_reply_in_other_sizes_is_as_pictured(size: tuple[int, int]) -> None:
    stored = (PICTURES / f"sizes/cut-{size[0]}x{size[1]}.svg").read_text("utf-8")
    assert parts(await take("cut", size)) == parts(stored), "take it again: python screenshots/take.py cut"


def test_every_picture_has_a_scene() -> None:
    recorded = {"demo"}  # the film, by `record.py`
    stored = {path.relative_to(PICTURES).with_suffix("").as_posix() for path in PICTURES.rglob("*.svg")}
    assert stored - recorded == {file for name in SCENES for file in pictures_of(name)}
