"""Tokens are random, expire, and are bounded in number."""

from __future__ import annotations

from gptalk_client.embedded.token_store import TokenStore


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


def test_the_oldest_make_room_and_the_expired_are_forgotten() -> None:
    clock = Clock()
    store: TokenStore[int] = TokenStore(lifetime_s=10, limit=3, clock=clock)
    tokens = [store.issue(number) for number in range(5)]

    assert [store.look_up(token) for token in tokens] == [None, None, 2, 3, 4]
    clock.now = 11
    fresh = store.issue(9)
    assert len(store._entries) == 1
    assert store.look_up(fresh) == 9


def test_no_two_tokens_are_alike() -> None:
    store: TokenStore[int] = TokenStore(lifetime_s=10, limit=1000)

    tokens = {store.issue(number) for number in range(500)}

    assert len(tokens) == 500
    assert min(map(len, tokens)) >= 40
