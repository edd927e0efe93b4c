"""The examples under the help of a command."""

from __future__ import annotations


def examples(*lines: str) -> str:
    """Return command lines as the end of a command's help, each on a line of its own.

    Args:
        lines: As one types them into a shell.
    """
    return "\b\n" + "\n".join(
        ("Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines))
    )
