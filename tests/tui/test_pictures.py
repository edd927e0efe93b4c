"""The pictures in `screenshots/` show the app as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.scenes import SCENES, take

PICTURES = Path(__file__).parent.parent.parent / "screenshots"


def parts(svg: str) -> list[str]:
    """Return what a picture is made of, one part a line."""
    return re.sub(r"(?=<)", "\n", svg).splitlines()


@pytest.mark.parametrize("name", SCENES)
async def test_the_picture_is_what_the_app_shows(name: str) -> None:
    stored = (PICTURES / f"{name}.svg").read_text("utf-8")
    assert parts(await take(name)) == parts(stored), (
        "look at it, then take it again: python screenshots/take.py"
    )


def test_every_picture_has_a_scene() -> None:
    recorded = {"demo"}  # the film, by `record.py`
    assert {path.stem for path in PICTURES.glob("*.svg")} - recorded == set(SCENES)
