"""What the terminal at standard output can show. A pipe, a file or a dumb terminal gets plain text."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any

import click

TEXT_CELLS = 100
"""The most cells that a line of text takes, however wide the terminal is."""


def is_rich() -> bool:
    """Whether standard output is a terminal that understands escape sequences."""
    if not sys.stdout.isatty() or os.environ.get("TERM", "xterm") in ("", "dumb", "unknown"):
        return False
    return sys.platform != "win32" or bool(os.environ.get("WT_SESSION"))


def has_colours() -> bool:
    """Whether colours are wanted: see no-color.org."""
    return not os.environ.get("NO_COLOR")


def width() -> int:
    """Return the terminal's width in cells."""
    return max(10, shutil.get_terminal_size().columns)


def styled(text: str, *, fg: str | None = None, **attributes: Any) -> str:
    """Return text with attributes such as `bold`, and a colour if colours are wanted."""
    return click.style(text, fg=fg if has_colours() else None, **attributes)
