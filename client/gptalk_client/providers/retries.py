"""Whether a failed request of a turn is retried, and after how long. No I/O."""

from __future__ import annotations

import random
from dataclasses import dataclass

from gptalk_client.errors import ProviderError, RateLimitedError, ServerError, TimedOutError

MAX_RETRY_AFTER_S = 60.0
"""Longest wait that a service may ask for, in seconds; beyond it the turn fails."""

JITTER_S = (0.3, 1.2)
"""Bounds of the random wait after a failed login, in seconds, so that many clients don't retry at once."""

_PASSING = (500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Retry:
    """One retry."""

    wait_s: float
    reason: str
    """For people."""


class Retries:
    """The retries of one turn: each kind of failure is retried once."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def after(self, error: ProviderError, *, can_repeat: bool) -> Retry | None:
        """Return how to retry after an error, or None if it is final.

        Args:
            error: What the request failed with.
            can_repeat: Whether a request that the service may have processed can be sent again: a login can, a
                submitted prompt cannot.
        """
        kind, wait_s = "", 0.0
        if isinstance(error, TimedOutError) and error.phase == "connect":
            kind = "connect"
        elif isinstance(error, RateLimitedError) and error.retry_after_s is not None:
            if error.retry_after_s <= MAX_RETRY_AFTER_S:
                kind, wait_s = "rate", error.retry_after_s
        elif isinstance(error, ServerError) and error.status in _PASSING and can_repeat:
            kind, wait_s = "server", random.uniform(*JITTER_S)
        if not kind or kind in self._used:
            return None
        self._used.add(kind)
        return Retry(wait_s, error.message)
