"""What a paste may contain: text copied from a web page must not press Enter, or quit."""

from __future__ import annotations

START, END = "\x1b[200~", "\x1b[201~"
"""The marks around a paste."""

_SHOWN = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"} | {0x7F: 0x2421}
_SHOWN |= dict.fromkeys(range(0x80, 0xA0), 0xFFFD)


def shown(pasted: str) -> str:
    """Return pasted text with its control characters replaced by visible symbols."""
    return pasted.translate(_SHOWN)
