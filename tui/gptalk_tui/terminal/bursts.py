"""Tells a paste without brackets from typing.

Where a terminal does not mark pastes, or something between it and the app takes the marks away, a paste is a burst
of characters in which each line ends as Enter would. Such a burst is text. A line and one Enter at its end is
still a line that was typed: by a macro or by `tmux send-keys`.
"""

from __future__ import annotations

import re

GAP_S = 0.02
"""How long to wait for more of a burst that may be a paste, in seconds. A key press on its own never waits."""

PASTE_GAP_S = 0.06
"""How long to wait for more of what is known to be a paste, in seconds."""

TAIL_S = 0.3
"""For so long after a paste, in seconds, a line that comes all at once is still part of it.

A lone Enter is not: somebody pressed it."""

PASTE_FROM_CHARS = 256
"""So many characters all at once are a paste, even on one line."""

_LINE_ENDS = ("\r", "\n")
_INNER_LINE_END = re.compile(r"[\r\n][^\r\n]|[^\r\n][\r\n]{2}")


class Burst:
    """The characters of a burst, as long as it is not known whether they are keys."""

    def __init__(self) -> None:
        self._text = ""
        self._since_s = 0.0
        """When its last characters came."""
        self._keys_s = float("-inf")
        """When the last characters came that were keys."""
        self._paste_s = float("-inf")
        """When a paste ended."""
        self._is_tail = False
        """Whether this comes right after a paste."""
        self._is_close = False
        """Whether this comes right after other characters, faster than hands press keys."""

    def __bool__(self) -> bool:
        return bool(self._text)

    def add(self, text: str, now_s: float) -> None:
        """Take characters.

        Args:
            text: Printable characters, tabs and line ends.
            now_s: The time, in seconds.
        """
        if not self._text:
            self._is_tail = len(text) > 1 and now_s < self._paste_s + TAIL_S
            self._is_close = now_s < self._keys_s + GAP_S
        self._text += text
        self._since_s = now_s

    @property
    def is_paste(self) -> bool:
        """Whether what came so far is a paste."""
        text = self._text
        if len(text) >= PASTE_FROM_CHARS:
            return True
        if self._is_tail and text.endswith(_LINE_ENDS):
            return True
        # Enter and a letter right after it may have been held up together, on their way.
        begins_with_enter = text.startswith(_LINE_ENDS) and not (self._is_close or self._is_tail)
        return _INNER_LINE_END.search(text, 1 if begins_with_enter else 0) is not None

    @property
    def due_s(self) -> float:
        """When it is known, in seconds."""
        return self._since_s + (PASTE_GAP_S if self.is_paste else GAP_S)

    def is_waiting(self, now_s: float) -> bool:
        """Whether more has to be waited for."""
        text = self._text
        if not text or now_s >= self.due_s:
            return False
        if text in _LINE_ENDS and not (self._is_close or self._is_tail):
            return False
        return text.endswith(_LINE_ENDS) or self.is_paste

    def take(self) -> tuple[str, bool]:
        """Return the characters and whether they are a paste, and begin anew."""
        text, is_paste, self._text = self._text, self.is_paste, ""
        if is_paste:
            self._paste_s = self._since_s
        else:
            self._keys_s = self._since_s
        return text, is_paste
