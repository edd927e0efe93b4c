"""Take the pictures in this folder again, and write the table of keys in docs/keys.md.

`python screenshots/take.py`, from an environment with the `dev` extra.

Each is the app itself, driven by keys, answered by a script so that the picture is the same each time.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from support.readme import write_key_table  # noqa: E402 - found through the line above
from support.scenes import SCENES, take  # noqa: E402


def main() -> None:
    """Take all pictures, or those named on the command line."""
    for name in sys.argv[1:] or SCENES:
        picture = asyncio.run(take(name))
        (HERE / f"{name}.svg").write_text(picture, encoding="utf-8")
        print(f"{name}.svg")
    write_key_table()


if __name__ == "__main__":
    main()
