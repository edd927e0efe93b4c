"""The parts of the README that are made from the code."""

from __future__ import annotations

import re
from pathlib import Path

from gptalk_tui.keymap import readme_table

README = Path(__file__).parent.parent.parent / "README.md"


def between(mark: str) -> str:
    """Return what stands between two marks of the README."""
    found = re.search(rf"<!-- {mark} -->\n(.*?)<!-- /{mark} -->", README.read_text("utf-8"), re.DOTALL)
    assert found, f"README.md has no part marked {mark}"
    return found[1]


def commands(mark: str) -> list[str]:
    """Return the lines that a person would type, between two marks of the README."""
    found = re.fullmatch(r"```\w+\n(.*)```\n", between(mark), re.DOTALL)
    assert found, f"what is marked {mark} is no block of commands"
    return found[1].splitlines()


def write_key_table() -> None:
    """Put the table of keys into the README."""
    text = README.read_text("utf-8")
    start, end = text.index("<!-- keys -->\n") + len("<!-- keys -->\n"), text.index("<!-- /keys -->")
    README.write_text(text[:start] + readme_table() + text[end:], "utf-8")
