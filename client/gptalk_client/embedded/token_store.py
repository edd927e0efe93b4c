"""Logins and one-time stream tokens: random, short-lived, bounded in number."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class TokenStore(Generic[T]):
    """Random tokens, each mapped to a value until it expires."""

    def __init__(self, *, lifetime_s: float, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Start empty.

        Args:
            lifetime_s: How long a token is valid, in seconds.
            limit: The most tokens at a time; another one evicts the oldest.
            clock: Returns monotonic seconds.
        """
        self.lifetime_s = lifetime_s
        self._limit = limit
        self._clock = clock
        self._entries: dict[str, tuple[float, T]] = {}

    def issue(self, value: T) -> str:
        """Return a new token for a value."""
        now = self._clock()
        for token, (expires_at, _) in list(self._entries.items()):
            if expires_at > now and len(self._entries) < self._limit:
                break
            del self._entries[token]
        token = secrets.token_urlsafe(32)
        self._entries[token] = (now + self.lifetime_s, value)
        return token

    def look_up(self, token: str) -> T | None:
        """Return a token's value; None if it is unknown or expired."""
        entry = self._entries.get(token)
        return entry[1] if entry and entry[0] > self._clock() else None

    def redeem(self, token: str) -> T | None:
        """Return a token's value and forget it, so that it works only once."""
        value = self.look_up(token)
        self._entries.pop(token, None)
        return value
