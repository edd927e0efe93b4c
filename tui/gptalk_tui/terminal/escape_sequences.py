"""Escape sequences beyond the screen's own: the clipboard, desktop notifications, the window title.

Their text is sanitised, so no control character can end a sequence early.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from gptalk_client.text import one_line

OSC52_LIMIT = 74_000
"""Longest base64 payload that terminals accept in one sequence; xterm's limit is just above it."""

_SCREEN_CHUNK = 76
_WITHOUT_OSC52 = frozenset({"linux", "dumb", "unknown", "vt100", "vt220"})
PUSH_TITLE = "\x1b[22;0t"
POP_TITLE = "\x1b[23;0t"


def osc52(text: str, environment: Mapping[str, str]) -> str:
    """Return the sequence that copies a text to the terminal's clipboard; empty if that cannot work.

    Inside tmux it is sent twice, because tmux handles it or passes it through depending on its settings.
    """
    payload = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    is_supported = environment.get("TERM", "") not in _WITHOUT_OSC52
    if not is_supported or environment.get("TERM_PROGRAM") == "Apple_Terminal" or len(payload) > OSC52_LIMIT:
        return ""
    sequence = f"\x1b]52;c;{payload}\x07"
    if environment.get("TMUX"):
        return sequence + through(sequence, environment)
    return through(sequence, environment)


def osc9(text: str, environment: Mapping[str, str]) -> str:
    """Return the sequence for a desktop notification."""
    return through(f"\x1b]9;{_words(text)}\x07", environment)


def window_title(text: str) -> str:
    """Return the sequence that sets the window title."""
    return f"\x1b]0;{_words(text)}\x07"


def through(sequence: str, environment: Mapping[str, str]) -> str:
    """Return a sequence wrapped so that tmux or screen passes it to the outer terminal."""
    if environment.get("TMUX"):
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\"
    if environment.get("STY"):
        parts = [sequence[at : at + _SCREEN_CHUNK] for at in range(0, len(sequence), _SCREEN_CHUNK)]
        return "".join(f"\x1bP{part}\x1b\\" for part in parts)
    return sequence


def _words(text: str) -> str:
    return one_line(text, max_chars=100).replace(";", ",")
