"""Logins and one-time stream tokens: random, short-lived, bounded in number."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class FullError(Exception):
    """There are as many tokens as there may be.

    Args:
        wait_s: When the oldest expires, in seconds from now.
    """

    def __init__(self, wait_s: float) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


class TokenStore(Generic[T]):
    """Random tokens, each mapped to a value until it expires."""

    def __init__(
        self,
        *,
        lifetime_s: float,
        limit: int,
        on_expired: Callable[[T], object] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start empty.

        Args:
            lifetime_s: How long a token is valid, in seconds.
            limit: The most tokens at a time; another one is refused.
            on_expired: Called with the value of a token that expired without being redeemed.
            clock: Returns monotonic seconds.
        """
        self.lifetime_s = lifetime_s
        self._limit = limit
        self._on_expired = on_expired
        self._clock = clock
        self._entries: dict[str, tuple[float, T]] = {}

    def issue(self, value: T) -> str:
        """Return a new token for a value.

        Raises:
            FullError: There are as many as there may be.
        """
        self.drop_expired()
        if len(self._entries) >= self._limit:
            oldest_s = next(iter(self._entries.values()))[0]
            raise FullError(oldest_s - self._clock())
        return self._keep(secrets.token_urlsafe(32), value)

    def renew(self, value: T) -> str | None:
        """Return the token that a value has already, valid for as long as a new one; None if it has none."""
        self.drop_expired()
        for token, (_, held) in self._entries.items():
            if held == value:
                del self._entries[token]
                return self._keep(token, value)
        return None

    def _keep(self, token: str, value: T) -> str:
        self._entries[token] = (
            self._clock() + self.lifetime_s,
            value,
        )  # the last to expire is the last in order
        return token

    def drop_expired(self) -> None:
        """Forget the tokens that have expired."""
        now = self._clock()
        for token, (expires_at, value) in list(self._entries.items()):
            if expires_at > now:
                break
            del self._entries[token]
            self._on_expired(value)

    def look_up(self, token: str) -> T | None:
        """Return a token's value; None if it is unknown or expired."""
        entry = self._entries.get(token)
        return entry[1] if entry and entry[0] > self._clock() else None

    def redeem(self, token: str) -> T | None:
        """Return a token's value and forget it, so that it works only once."""
        value = self.look_up(token)
        if value is not None:
            del self._entries[token]
        return value
