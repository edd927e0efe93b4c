"""Snippets of messages for search results, and where the matches are."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from gptalk_client.textsearch.folding import composed, fold, fold_offsets

SNIPPET_CHARS = 160
_BEFORE_CHARS = 40
_PIECE_CHARS = 8_192
_OVERLAP_CHARS = 256
_SPACE = re.compile(r"\s")


def snippet(content: str, marks: re.Pattern[str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return the text around the first match, on one line, and the matches in it.

    Args:
        content: The whole message.
        marks: What to find in folded text.

    Returns:
        At most about `SNIPPET_CHARS` characters of the original, and start and end of each match in them. The
        beginning of the message and no match where nothing is found.
    """
    for start in range(0, max(len(content), 1), _PIECE_CHARS):
        piece = composed(content[start : start + _PIECE_CHARS + _OVERLAP_CHARS])
        found = [match.span() for match in marks.finditer(fold(piece))]
        if found:
            before = start > 0
            after = start + _PIECE_CHARS + _OVERLAP_CHARS < len(content)
            return _cut(piece, _original(piece, found), before, after)
    piece = composed(content[: SNIPPET_CHARS + 1])
    return _cut(piece, [], False, len(content) > len(piece))


def ranges(text: str, marks: re.Pattern[str]) -> tuple[tuple[int, int], ...]:
    """Return start and end of each match in a short text in NFC."""
    return tuple(_original(text, [match.span() for match in marks.finditer(fold(text))]))


def _original(text: str, found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    ends = fold_offsets(text) if found else None
    if ends is None:
        return found
    # Character i of the text covers folded[ends[i-1]:ends[i]], which is empty for a combining accent.
    return [(bisect_right(ends, start), bisect_left(ends, end) + 1) for start, end in found if end > start]


def _cut(
    text: str, found: list[tuple[int, int]], before: bool, after: bool
) -> tuple[str, tuple[tuple[int, int], ...]]:
    first = found[0][0] if found else 0
    start = max(0, first - _BEFORE_CHARS)
    if start:
        space = text.find(" ", start, first)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + SNIPPET_CHARS)
    if end < len(text):
        space = text.rfind(" ", first + 1, end)
        end = space if space > start + SNIPPET_CHARS // 2 else end
    head = "…" if start or before else ""
    tail = "…" if end < len(text) or after else ""
    shift = len(head) - start
    marks = tuple((a + shift, min(b, end) + shift) for a, b in found if start <= a < end)
    return head + _SPACE.sub(" ", text[start:end]) + tail, marks
