"""What the user types into the search, as a full-text query and as patterns to highlight."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gptalk_client.text import storable
from gptalk_client.textsearch.folding import UNSPACED, fold

# What FTS5's tokenizer treats as part of a word, as closely as `re` can: letters, digits, marks.
_PIECE = re.compile(
    rf"{UNSPACED.pattern}|(?:(?!{UNSPACED.pattern[:-1]})(?:[^\W_]|[\u0300-\u036f\u0900-\u0dff]))+"
)


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed search. No input is a syntax error."""

    words: tuple[str, ...]
    """The input, folded and split at spaces; a phrase in double quotes is one word."""
    match: str
    """The FTS5 expression; empty if the input has no words."""
    literals: tuple[str, ...]
    """Words with symbols in them, such as `c++`, which the index can't tell from `c`."""
    marks: re.Pattern[str]
    """Finds what to highlight in folded text."""
    loose_marks: re.Pattern[str]
    """The same for text that has only the words, without the symbols."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not self.words


def parse(text: str) -> Query:
    """Return the parsed query: every symbol is literal except double quotes around a phrase."""
    folded = fold(storable(text))
    words = _words(folded)
    is_typing = bool(folded) and not folded[-1].isspace() and folded[-1] != '"'
    terms: list[str] = []
    literals: list[str] = []
    marks: list[str] = []
    loose_marks: list[str] = []
    for number, word in enumerate(words):
        pieces = _PIECE.findall(word)
        is_last = is_typing and number == len(words) - 1
        for place, piece in enumerate(pieces):
            is_prefix = is_last and place == len(pieces) - 1 and word.endswith(piece)
            terms.append(_term(piece, is_prefix=is_prefix))
        of_pieces = [_mark(piece, is_prefix=is_last) for piece in pieces]
        loose_marks.extend(of_pieces)
        if pieces == [word]:
            marks.extend(of_pieces)
        else:
            literals.append(word)
            marks.append(re.escape(word))
    return Query(tuple(words), " AND ".join(terms), tuple(literals), _any_of(marks), _any_of(loose_marks))


def _any_of(marks: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(sorted(marks, key=len, reverse=True)) or r"(?!)")


def _words(folded: str) -> list[str]:
    words: list[str] = []
    for number, part in enumerate(folded.split('"')):
        is_phrase = number % 2 == 1 and folded.count('"') > number
        words.extend([" ".join(part.split())] if is_phrase else part.split())
    words = [word for word in words if word]
    # If there is nothing but quotes, search for the quotes.
    return words or ([folded.strip()] if folded.strip() else [])


def _term(piece: str, *, is_prefix: bool) -> str:
    if UNSPACED.match(piece):
        if len(piece) == 1:
            return f'"{piece}"*'
        pairs = " ".join(piece[at : at + 2] for at in range(len(piece) - 1))
        return f'"{pairs}"'
    return f'"{piece}"*' if is_prefix else f'"{piece}"'


def _mark(piece: str, *, is_prefix: bool) -> str:
    if UNSPACED.match(piece):
        return re.escape(piece)
    end = "" if is_prefix else r"(?![^\W_])"
    return rf"(?<![^\W_]){re.escape(piece)}{end}"
