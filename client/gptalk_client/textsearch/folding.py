"""Text folded for search: without case, accents and width, and with words for scripts without spaces.

`fold` works character by character on NFC text, so that a place in folded text leads back to the original.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate

# Chinese, Japanese, Korean, Thai, Lao, Myanmar, Khmer: no spaces between words, or endings grown onto them.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3041-\u3096\u3099-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]+"
)
# Optional accents of every script, including Hebrew points and Arabic vowel signs.
_ACCENT = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u20d0-\u20ff]"
)


def _fold_character(character: str) -> str:
    if character in "йЙ":  # a letter of its own, unlike ё, which people write as е
        return "й"
    apart = unicodedata.normalize("NFKD", character.casefold())
    return unicodedata.normalize("NFC", _ACCENT.sub("", apart)).casefold()


class _Table(dict[int, str]):
    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_character(chr(code))
        return folded


class _Lengths(dict[str, int]):
    def __missing__(self, character: str) -> int:
        length = self[character] = len(_FOLDED[ord(character)])
        return length


_FOLDED = _Table()
_LENGTHS = _Lengths()


def composed(text: str) -> str:
    """Return the text in NFC; the same object if it already is."""
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Return the text folded for comparison."""
    if text.isascii():
        return text.lower()
    return composed(text).translate(_FOLDED)


def fold_offsets(text: str) -> list[int] | None:
    """Return where each character of an NFC text ends once folded, or None if no offsets change."""
    if text.isascii():
        return None
    return list(accumulate(map(_LENGTHS.__getitem__, text)))


def index_text(text: str) -> str:
    """Return a text for the full-text index: folded, with unspaced scripts as overlapping pairs."""
    folded = fold(text)
    return folded if folded.isascii() else UNSPACED.sub(_pairs, folded)


def _pairs(run: re.Match[str]) -> str:
    text = run[0]
    return " " + " ".join(text[at : at + 2] for at in range(len(text))) + " "
