"""`gptalk-tui` and `python -m gptalk_tui`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the program and leave with its exit code."""
    # Without arguments the app is meant, which need not wait for the command line's code.
    if len(sys.argv) == 1 and "_GPTALK_TUI_COMPLETE" not in os.environ:
        from gptalk_tui.cli.opening import main as run
    else:
        from gptalk_tui.cli.main import main as run
    sys.exit(run())


if __name__ == "__main__":
    main()
