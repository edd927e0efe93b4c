"""What is written to the terminal beside the screen: the clipboard, a notice, the window's title.

Each sequence carries only text that was made harmless: no control character can end it early.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from gptalk_client.text import one_line

OSC52_LIMIT = 74_000
"""Most characters of base64 that terminals take in one sequence; xterm's limit is just above it."""

_SCREEN_CHUNK = 76
_WITHOUT_OSC52 = frozenset({"linux", "dumb", "unknown", "vt100", "vt220"})
PUSH_TITLE = "\x1b[22;0t"
POP_TITLE = "\x1b[23;0t"


def osc52(text: str, environment: Mapping[str, str]) -> str:
    """Return the sequence that puts a text on the terminal's clipboard; empty where that cannot work.

    Within tmux it is sent twice, as tmux takes it itself or hands it through, depending on its settings.
    """
    payload = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    is_able = environment.get("TERM", "") not in _WITHOUT_OSC52
    if not is_able or environment.get("TERM_PROGRAM") == "Apple_Terminal" or len(payload) > OSC52_LIMIT:
        return ""
    sequence = f"\x1b]52;c;{payload}\x07"
    if environment.get("TMUX"):
        return sequence + through(sequence, environment)
    return through(sequence, environment)


def osc9(text: str, environment: Mapping[str, str]) -> str:
    """Return the sequence for a notice on the desktop."""
    return through(f"\x1b]9;{_words(text)}\x07", environment)


def window_title(text: str) -> str:
    """Return the sequence that gives the window a title."""
    return f"\x1b]0;{_words(text)}\x07"


def through(sequence: str, environment: Mapping[str, str]) -> str:
    """Return a sequence wrapped so that tmux or screen hand it to the terminal outside."""
    if environment.get("TMUX"):
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\"
    if environment.get("STY"):
        parts = [sequence[at : at + _SCREEN_CHUNK] for at in range(0, len(sequence), _SCREEN_CHUNK)]
        return "".join(f"\x1bP{part}\x1b\\" for part in parts)
    return sequence


def _words(text: str) -> str:
    return one_line(text, max_chars=100).replace(";", ",")
