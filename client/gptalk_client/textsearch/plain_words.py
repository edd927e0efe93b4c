"""The words of a piece of Markdown, without its signs, for excerpts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

Range = tuple[int, int]
"""Start and end, in characters."""

_FENCE = re.compile(r"^[ \t>]*(?:`{3,}|~{3,})[^\n]*(?:\n|$)", re.MULTILINE)
_LINE_SIGNS = re.compile(
    r"""^[ \t]*(?:
        ((?:[-*_=][ \t]*){3,}$)             # a rule, or the line under a heading
      | ([ \t:|]*\|[ \t:|]*-[-\s:|]*$)      # the line between head and body of a table
      | (\#{1,6}[ \t]+|(?:>[ \t]?)+)        # a heading, a quotation
    )""",
    re.MULTILINE | re.VERBOSE,
)
_BULLET = re.compile(r"^[ \t>]*([-*+])[ \t]", re.MULTILINE)
_CODE = re.compile(r"(?<![`\\])(`{1,2})(?!`)([^\n]+?)(?<!`)(\1)(?!`)")
_PAIRS = (
    re.compile(r"(!?\[)([^\[\]\n]*)(\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)?(?:[ \t]+\"[^\"\n]*\")?\))"),
    re.compile(r"(?<![\\*~])(\*{1,3}|~~)(?=[^\s*~])([^\n]*?[^\s*~])(\1)(?![*~])"),
    re.compile(r"(?<![\\\w])(_{1,3})(?=[^\s_])([^\n]*?[^\s_])(\1)(?!\w)"),
)
"""What has a sign before and after it: links, emphasis."""
_ESCAPE = re.compile(r"(\\)[!-/:-@\[-`{-~]")


def plain_words(text: str, matches: Sequence[Range], *, is_code: bool = False) -> tuple[str, list[Range]]:
    """Return a text without Markdown's signs, and where its matches are then.

    A sign that a match touches is kept, and so is its partner: every match is the text that it was.

    Args:
        text: Part of a message.
        matches: Start and end of each match in it, ascending.
        is_code: Whether it begins inside a code block.

    Returns:
        The text, with `•` for each bullet and one space for several, and the matches in it.
    """
    shown, kept, matched = list(text), [True] * len(text), [False] * len(text)
    for start, end in matches:
        matched[start:end] = [True] * (end - start)
    for signs, bullet in _signs(text, is_code=is_code):
        if any(any(matched[start:end]) for start, end in signs):
            continue
        for start, end in signs:
            if bullet:
                shown[start] = bullet
            else:
                kept[start:end] = [False] * (end - start)
    is_after_space = False
    for at, char in enumerate(text):
        if kept[at]:
            kept[at] = matched[at] or not (is_after_space and char.isspace())
            is_after_space = char.isspace()
    before = [0, *accumulate(kept)]
    plain = "".join(char for char, is_kept in zip(shown, kept, strict=True) if is_kept)
    return plain, [(before[start], before[end]) for start, end in matches]


def _signs(text: str, *, is_code: bool) -> Iterator[tuple[list[Range], str]]:
    """Yield the signs that belong together, and what is shown in their place, if anything."""
    start, prose = 0, []
    for fence in _FENCE.finditer(text):
        yield [fence.span()], ""
        if not is_code:
            prose.append((start, fence.start()))
        is_code, start = not is_code, fence.end()
    if not is_code:
        prose.append((start, len(text)))
    for start, end in prose:
        yield from _signs_in_prose(text, start, end)


def _signs_in_prose(text: str, start: int, end: int) -> Iterator[tuple[list[Range], str]]:
    code = list(_CODE.finditer(text, start, end))
    for each in code:
        yield [each.span(1), each.span(3)], ""
    covered = [each.span() for each in code]

    def is_code(at: int) -> bool:
        return any(first <= at < last for first, last in covered)

    for each in _LINE_SIGNS.finditer(text, start, end):
        yield [each.span(each.lastindex or 0)], ""
        if each.lastindex == 1:
            covered.append(each.span())
    for each in _BULLET.finditer(text, start, end):
        if not is_code(each.start(1)):
            yield [each.span(1)], "•"
            covered.append(each.span())
    for pattern in _PAIRS:
        at = start
        while (pair := pattern.search(text, at, end)) is not None:
            if not is_code(pair.start(1)) and not is_code(pair.start(3)):
                yield [pair.span(1), pair.span(3)], ""
            at = pair.end(1)  # what is inside may have signs of its own
    for each in _ESCAPE.finditer(text, start, end):
        if not is_code(each.start(1)):
            yield [each.span(1)], ""
