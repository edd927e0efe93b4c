"""`gptalk-tui` and `python -m gptalk_tui`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the program and leave with its exit code."""
    # Textual reads it once, when it is imported: keys reach the screen in half the time at the same cost.
    os.environ.setdefault("TEXTUAL_FPS", "120")
    from gptalk_tui.cli.main import main as run

    sys.exit(run())


if __name__ == "__main__":
    main()
