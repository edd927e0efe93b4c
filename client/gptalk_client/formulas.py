"""LaTeX formulas in Markdown: where they start and end, as two more rules for markdown-it.

Their tokens are `math_block` and `math_inline`. `content` is the text between the delimiters and `markup` the
opening one; for a block that is never closed, `content` is everything and `markup` is empty.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_MAX_CHARS = 1000
_CLOSERS = {"\\(": "\\)", "\\[": "\\]", "$$": "$$", "$": "$"}
_LOOKS_LIKE_MATH = re.compile(r"[\\^_{}=<>+*/|]|^[A-Za-z](?:'*|\([^()]*\))$|^\d+(?:\.\d+)?$")
_WORDS = re.compile(r"[^\W\d_]{3,} +[^\W\d_]{2,}")


def add_formulas(markdown: MarkdownIt) -> None:
    """Add formulas to a parser."""
    markdown.block.ruler.before(
        "code", "math_block", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    markdown.inline.ruler.before("escape", "math_inline", _inline)


def source_of(token: Token) -> str:
    """Return a formula as written, delimiters included."""
    return f"{token.markup}{token.content}{_CLOSERS.get(token.markup, '')}"


def math_closer(stripped: str) -> str:
    """Return the closing delimiter of the formula block that a line opens; empty if it opens none.

    Args:
        stripped: The line without its indentation.
    """
    stripped = stripped.rstrip()
    if not stripped.startswith(("$$", "\\[")):
        return ""
    closer = _CLOSERS[stripped[:2]]
    found = stripped.find(closer, 2)
    return closer if found in (-1, len(stripped) - 2) and stripped != "$$$$" else ""


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
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
    token.markup = line[:2] if closed else ""
    token.map = [start, last + 1]
    state.line = last + 1
    return True


def _inline(state: StateInline, silent: bool) -> bool:
    source, start = state.src, state.pos
    if source[start] not in "\\$":
        return False
    opener = next((each for each in _CLOSERS if source.startswith(each, start)), "")
    if not opener:
        return False
    closer = _CLOSERS[opener]
    begin = start + len(opener)
    end = _find_closer(source, begin, min(state.posMax, begin + _MAX_CHARS), closer)
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
