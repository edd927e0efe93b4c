"""Tokens are random, expire, and are bounded in number."""

from __future__ import annotations

from gptalk_client.embedded.token_store import TokenBook


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_token_holds_until_it_expires() -> None:
    clock = Clock()
    book: TokenBook[str] = TokenBook(lifetime_s=10, limit=5, clock=clock)
    token = book.issue("x")

    clock.now = 9.9
    assert book.look_up(token) == "x"
    clock.now = 10.0
    assert book.look_up(token) is None
    assert book.redeem(token) is None


def test_a_redeemed_token_is_gone() -> None:
    book: TokenBook[str] = TokenBook(lifetime_s=10, limit=5)
    token = book.issue("x")

    assert book.redeem(token) == "x"
    assert book.redeem(token) is None
    assert book.look_up("unknown") is None


def test_the_oldest_make_room_and_the_expired_are_forgotten() -> None:
    clock = Clock()
    book: TokenBook[int] = TokenBook(lifetime_s=10, limit=3, clock=clock)
    tokens = [book.issue(number) for number in range(5)]

    assert [book.look_up(token) for token in tokens] == [None, None, 2, 3, 4]
    clock.now = 11
    fresh = book.issue(9)
    assert len(book._entries) == 1
    assert book.look_up(fresh) == 9


def test_no_two_tokens_are_alike() -> None:
    book: TokenBook[int] = TokenBook(lifetime_s=10, limit=1000)

    tokens = {book.issue(number) for number in range(500)}

    assert len(tokens) == 500
    assert min(map(len, tokens)) >= 40
