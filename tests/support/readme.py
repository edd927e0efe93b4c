"""The parts of the README and of docs/keys.md that are made from the code."""

from __future__ import annotations

import re
from pathlib import Path

from gptalk_tui.keymap import markdown_table

README = Path(__file__).parent.parent.parent / "README.md"
KEY_PAGE = README.parent / "docs" / "keys.md"


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


def key_table() -> str:
    """Return the table of keys as docs/keys.md shows it."""
    return _parts_of_key_page()[1]


def write_key_table() -> None:
    """Put the table of keys into docs/keys.md."""
    before, _, after = _parts_of_key_page()
    KEY_PAGE.write_text(before + markdown_table() + after, "utf-8")


def _parts_of_key_page() -> tuple[str, str, str]:
    text = KEY_PAGE.read_text("utf-8")
    start, end = text.index("<!-- keys -->\n") + len("<!-- keys -->\n"), text.index("<!-- /keys -->")
    return text[:start], text[start:end], text[end:]
