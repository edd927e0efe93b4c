"""Examples for the help of a command."""

from __future__ import annotations


def examples(*lines: str) -> str:
    """Return examples for the end of a command's help, one per line.

    Args:
        lines: Command lines as typed into a shell.
    """
    return "\b\n" + "\n".join(
        ("Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines))
    )
