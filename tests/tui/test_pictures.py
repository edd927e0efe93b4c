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


IN_OTHER_SIZES = [*(("cut", size) for size in SIZES[1:]), ("palette", (40, 12)), ("send-files", (58, 24))]


@pytest.mark.parametrize(("name", "size"), IN_OTHER_SIZES)
async def test_some_pictures_in_other_sizes_are_what_the_app_shows(name: str, size: tuple[int, int]) -> None:
    stored = (PICTURES / f"sizes/{name}-{size[0]}x{size[1]}.svg").read_text("utf-8")
    assert parts(await take(name, size)) == parts(stored), (
        f"look at it, then take it again: python screenshots/take.py {name}"
    )


def test_every_picture_has_a_scene() -> None:
    recorded = {"demo"}  # the film, by `record.py`
    stored = {path.relative_to(PICTURES).with_suffix("").as_posix() for path in PICTURES.rglob("*.svg")}
    assert stored - recorded == {file for name in SCENES for file in pictures_of(name)}
