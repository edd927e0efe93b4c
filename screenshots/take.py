"""Take the pictures in this folder again, and write the table of keys in docs/keys.md.

`python screenshots/take.py`, from an environment with the `dev` extra.

Every screen is taken at 120 by 36 cells, and in `sizes/` at four other sizes. Each picture is the app itself,
driven by keys, answered by a script so that it is the same each time.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from support.readme import write_key_table  # noqa: E402 - found through the line above
from support.scenes import SCENES, pictures_of, take  # noqa: E402


def main() -> None:
    """Take all pictures, or those named on the command line."""
    for name in sys.argv[1:] or SCENES:
        for file, size in pictures_of(name).items():
            picture = asyncio.run(take(name, size))
            (HERE / f"{file}.svg").write_text(picture, encoding="utf-8")
            print(f"{file}.svg")
    write_key_table()


if __name__ == "__main__":
    main()
