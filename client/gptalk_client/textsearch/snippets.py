"""Snippets of messages for search results, and where the matches are."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from gptalk_client.textsearch.folding import composed, fold, fold_offsets
from gptalk_client.textsearch.plain_words import plain_words

SNIPPET_CHARS = 160
_BEFORE_CHARS = 40
_PIECE_CHARS = 8_192
_OVERLAP_CHARS = 256
_SPACE = re.compile(r"\s")
_AROUND_CHARS = 240
"""How much of a message is looked through for Markdown's signs, before and after the first match."""
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)


def snippet(
    content: str, marks: re.Pattern[str], *, is_markdown: bool = False
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return the text around the first match, on one line, and the matches in it.

    Args:
        content: The whole message.
        marks: What to find in folded text.
        is_markdown: Leave Markdown's signs out.

    Returns:
        At most about `SNIPPET_CHARS` characters, and start and end of each match in them. The beginning
        of the message and no match where nothing is found.
    """
    for start in range(0, max(len(content), 1), _PIECE_CHARS):
        piece = composed(content[start : start + _PIECE_CHARS + _OVERLAP_CHARS])
        found = [match.span() for match in marks.finditer(fold(piece))]
        if found:
            before = start > 0
            after = start + _PIECE_CHARS + _OVERLAP_CHARS < len(content)
            found = _original(piece, found)
            if not is_markdown:
                return _cut(piece, found, before, after)
            return _plain_cut(piece, found, before, after)
    piece = composed(content[: SNIPPET_CHARS + 1])
    more = len(content) > len(piece)
    return _plain_cut(piece, [], False, more) if is_markdown else _cut(piece, [], False, more)


def _plain_cut(
    text: str, found: list[tuple[int, int]], before: bool, after: bool
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Cut a text as `_cut` does, without its signs."""
    first, last = found[0] if found else (0, 0)
    near = max(0, first - _AROUND_CHARS)
    # From the beginning of a line: some signs are signs only there.
    start = text.rfind("\n", near, max(0, first - _BEFORE_CHARS)) + 1 or near
    end = min(len(text), last + _AROUND_CHARS)
    inside = [(a - start, b - start) for a, b in found if b <= end]
    is_code = len(_FENCE.findall(text, 0, start)) % 2 == 1
    plain, marks = plain_words(text[start:end], inside, is_code=is_code)
    return _cut(plain, marks, before or start > 0, after or end < len(text))


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
