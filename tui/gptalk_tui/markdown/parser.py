"""The Markdown parser, made once when it is first needed, with formulas as one more kind of token."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from gptalk_tui.markdown.scanner import math_closer

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

_MAX_NESTING = 64
"""Above what the scanner lets through, so that the parser never drops text; far below Python's own limit."""
_MAX_FORMULA = 1000
_MAX_BRACKETS = 256
_MAX_STARS = 1200
_LOOKS_LIKE_MATH = re.compile(r"[\\^_{}=<>+*/|]|^[A-Za-z](?:'*|\([^()]*\))$|^\d+(?:\.\d+)?$")
_WORDS = re.compile(r"[^\W\d_]{3,} +[^\W\d_]{2,}")


def parser(source: str = "") -> MarkdownIt:
    """Return the parser: CommonMark with tables, strikethrough and formulas; HTML is for showing.

    Link definitions are paragraphs here, so that they can be seen; the ones that hold come with each piece.

    Args:
        source: What will be read. With hundreds of brackets or stars, such as only a hostile text has, links
            or emphasis are left out: the parser's time for them grows with the square of their number.
    """
    links = source.count("[") <= _MAX_BRACKETS
    emphasis = source.count("*") + source.count("_") + source.count("~") <= _MAX_STARS
    return _parser(links, emphasis)


@lru_cache(4)
def _parser(links: bool, emphasis: bool) -> MarkdownIt:
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING})
    markdown.enable(["table", "strikethrough"]).disable("reference")
    markdown.block.ruler.before(
        "code", "math_block", _math_block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    markdown.inline.ruler.before("escape", "math_inline", _math_inline)
    if not links:
        markdown.disable(["link", "image"])
    if not emphasis:
        markdown.disable(["emphasis", "strikethrough"])
    return markdown


def _math_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    closer = math_closer(line)
    if not closer:
        return False
    if silent:
        return True
    last = start
    closed = closer in line[2:]
    while not closed and last + 1 < end:
        if state.isEmpty(last + 1) or state.sCount[last + 1] < state.blkIndent:
            break
        last += 1
        closed = state.src[state.bMarks[last] : state.eMarks[last]].rstrip().endswith(closer)
    token = state.push("math_block", "", 0)
    content = state.getLines(start, last + 1, state.blkIndent, False).strip()
    token.content = content[2:-2] if closed else content
    token.markup = closer if closed else ""
    token.map = [start, last + 1]
    state.line = last + 1
    return True


def _math_inline(state: StateInline, silent: bool) -> bool:
    source, start = state.src, state.pos
    if source.startswith("\\(", start):
        opener, closer = "\\(", "\\)"
    elif source.startswith("\\[", start):
        opener, closer = "\\[", "\\]"
    elif source.startswith("$$", start):
        opener, closer = "$$", "$$"
    elif source.startswith("$", start):
        opener, closer = "$", "$"
    else:
        return False
    begin = start + len(opener)
    end = _find_closer(source, begin, min(state.posMax, begin + _MAX_FORMULA), closer)
    if end < 0:
        return False
    content = source[begin:end]
    if not content.strip() or (opener == "$" and not _is_dollar_math(content, source[end + 1 : end + 2])):
        return False
    if opener == "\\[" and "\\" not in content and not re.search(r"[=^_]", content):
        # An escaped bracket such as `\[sic\]`, not a formula.
        return False
    if not silent:
        token = state.push("math_inline", "", 0)
        token.content = content
        token.markup = opener
    state.pos = end + len(closer)
    return True


def _find_closer(source: str, begin: int, limit: int, closer: str) -> int:
    end = source.find(closer, begin, limit)
    while end > 0 and closer == "$" and source[end - 1] == "\\":
        end = source.find(closer, end + 1, limit)
    return end


def _is_dollar_math(content: str, behind: str) -> bool:
    """Tell a formula between dollar signs from prices and shell variables."""
    if content[0].isspace() or content[-1].isspace() or behind.isalnum() or "\n\n" in content:
        return False
    if not _LOOKS_LIKE_MATH.search(content) and not content.isalpha():
        return False
    if content[0].isdigit() and "\\" not in content and ("$" in content or _WORDS.search(content)):
        return False
    return "\\" in content or not _WORDS.search(content)
