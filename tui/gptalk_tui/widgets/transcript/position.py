"""Where a line is in a conversation, independent of width and of what has been laid out."""

from __future__ import annotations

from typing import NamedTuple

HEAD = 0
"""The first row of a message: the blank line above it, and which of its siblings it is."""

NOTE = 1
"""The row about a message's reasoning, where that is shown."""


class Position(NamedTuple):
    """A line of the conversation: message, row in the message, line in the row."""

    message: int
    row: int
    line: int


START = Position(0, HEAD, 0)
