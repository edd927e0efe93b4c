"""Tokens are random, expire, and are bounded in number."""

from __future__ import annotations

import pytest

from gptalk_client.embedded.token_store import FullError, TokenStore


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_token_is_valid_until_it_expires() -> None:
    clock = Clock()
    store: TokenStore[str] = TokenStore(lifetime_s=10, limit=5, clock=clock)
    token = store.issue("x")

    clock.now = 9.9
    assert store.look_up(token) == "x"
    clock.now = 10.0
    assert store.look_up(token) is None
    assert store.redeem(token) is None


def test_a_redeemed_token_is_gone() -> None:
    store: TokenStore[str] = TokenStore(lifetime_s=10, limit=5)
    token = store.issue("x")

    assert store.redeem(token) == "x"
    assert store.redeem(token) is None
    assert store.look_up("unknown") is None


def test_one_too_many_is_refused_until_the_oldest_expires() -> None:
    clock = Clock()
    expired: list[int] = []
    store: TokenStore[int] = TokenStore(lifetime_s=10, limit=3, on_expired=expired.append, clock=clock)
    tokens = []
    for number in range(3):
        clock.now = number
        tokens.append(store.issue(number))

    with pytest.raises(FullError) as caught:
        store.issue(3)
    assert caught.value.wait_s == 8
    assert [store.look_up(token) for token in tokens] == [0, 1, 2]
    clock.now = 10
    assert store.look_up(store.issue(9)) == 9
    assert expired == [0]


def test_a_renewed_token_stays_the_same_and_is_valid_for_longer() -> None:
    clock = Clock()
    store: TokenStore[str] = TokenStore(lifetime_s=10, limit=2, clock=clock)
    token, other = store.issue("x"), store.issue("y")

    clock.now = 9
    assert store.renew("x") == token
    assert store.renew("z") is None
    clock.now = 15
    assert (store.look_up(token), store.look_up(other)) == ("x", None)
    assert store.issue("z")
    clock.now = 19
    assert store.renew("x") is None


def test_no_two_tokens_are_alike() -> None:
    store: TokenStore[int] = TokenStore(lifetime_s=10, limit=1000)

    tokens = {store.issue(number) for number in range(500)}

    assert len(tokens) == 500
    assert min(map(len, tokens)) >= 40
