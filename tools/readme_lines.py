"""Print the lines between two marks of the README: `python tools/readme_lines.py MARK`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def lines(mark: str) -> list[str]:
    """Return what a person would type.

    Raises:
        KeyError: There is no block of commands with this mark.
    """
    found = re.search(
        rf"<!-- {mark} -->\n```\w+\n(.*?)```\n<!-- /{mark} -->", README.read_text("utf-8"), re.DOTALL
    )
    if not found:
        raise KeyError(f"README.md has no commands between its <!-- {mark} --> marks.")
    return found[1].splitlines()


if __name__ == "__main__":
    try:
        print("\n".join(lines(sys.argv[1])))
    except (KeyError, IndexError) as error:
        sys.exit(str(error.args[0]))
