"""Fuzzy matching of what is typed in a picker: in time linear in the text, whatever the text is."""

from __future__ import annotations

from dataclasses import dataclass

EXACT, START, WORD, INSIDE, SCATTERED = range(5)
"""How well a word matches, best first: as the whole text, its start, a word's start, a part, scattered letters."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """How a query matches a text; the smaller, the better."""

    rank: int
    """That of the word that matches worst."""
    spread: int
    """How many characters the matches span beyond their own length."""
    spans: tuple[Span, ...] = ()
    """Start and end of each matched part, in characters, in order and disjoint."""


def fuzzy_match(query: str, text: str) -> Match | None:
    """Return how a text matches; None if it does not.

    Args:
        query: Words, each of which must be found, whatever their order and case.
        text: Where to look.
    """
    lowered = text.lower()
    has_spans = len(lowered) == len(text)  # a few capital letters become two
    rank = spread = 0
    marked: set[int] = set()
    for word in query.lower().split():
        found = _find(word, lowered)
        if found is None:
            return None
        rank = max(rank, found.rank)
        spread += found.spread
        marked.update(at for start, end in found.spans for at in range(start, end))
    return Match(rank, spread, _runs(sorted(marked)) if has_spans else ())


def _find(word: str, text: str) -> Match | None:
    at = text.find(word)
    if at >= 0:
        if word == text:
            rank = EXACT
        elif at == 0:
            rank = START
        else:
            starts = (i for i in _all(word, text) if not text[i - 1].isalnum())
            if (start := next(starts, None)) is not None:
                at, rank = start, WORD
            else:
                rank = INSIDE
        return Match(rank, 0, ((at, at + len(word)),))
    places: list[int] = []
    position = 0
    for letter in word:
        position = text.find(letter, position) + 1
        if not position:
            return None
        places.append(position - 1)
    return Match(SCATTERED, places[-1] - places[0] + 1 - len(word), _runs(places))


def _all(word: str, text: str) -> list[int]:
    found, at = [], text.find(word)
    while at > 0:
        found.append(at)
        at = text.find(word, at + 1)
    return found


def _runs(places: list[int]) -> tuple[Span, ...]:
    runs: list[Span] = []
    for at in places:
        if runs and runs[-1][1] == at:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return tuple(runs)
