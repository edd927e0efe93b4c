"""Asks the terminal how far it has come, so that frames do not pile up on a slow link.

A pseudo-terminal takes what it is given: ssh buffers megabytes, and a key would be shown only after all of them.
So each frame ends with a question that every terminal answers (DSR, ECMA-48 section 8.3.35), and while more than
one answer is due, text of a reply waits. Keys don't.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

QUESTION = "\x1b[5n"
ANSWERS = ("\x1b[0n", "\x1b[3n")

MOST_UNANSWERED = 1
PATIENCE_S = 2.0
"""After so many seconds without an answer none is waited for, until one comes."""

INTEREST_S = 1.0
"""How long questions are asked after somebody wanted to know."""


class Pace:
    """Counts the answers that are due.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked: deque[float] = deque()
        self._wanted_until_s = 0.0
        self._is_given_up = False
        self._all_answered = threading.Event()
        self._all_answered.set()

    @property
    def is_behind(self) -> bool:
        """Whether the terminal is more than a frame behind. To ask is to show interest in it."""
        now = self._clock()
        self._wanted_until_s = now + INTEREST_S
        if self._asked and now - self._asked[0] > PATIENCE_S:
            self._is_given_up = True
        return not self._is_given_up and len(self._asked) > MOST_UNANSWERED

    def question(self) -> str:
        """Return what a frame must end with; empty if nobody wants to know, or no answer comes."""
        now = self._clock()
        if self._is_given_up or now >= self._wanted_until_s:
            return ""
        self._all_answered.clear()
        self._asked.append(now)
        return QUESTION

    def answered(self) -> None:
        """Note an answer. Callable from any thread."""
        if self._asked:
            self._asked.popleft()
        if not self._asked:
            self._is_given_up = False
            self._all_answered.set()

    def wait_for_answers(self, limit_s: float = PATIENCE_S) -> None:
        """Wait until no answer is due, unless none comes anyway."""
        if not self._is_given_up:
            self._all_answered.wait(limit_s)
