"""Code to styled lines, by Pygments' lexers; each is loaded when its name is first met."""

from __future__ import annotations

from functools import lru_cache
from inspect import signature
from typing import TYPE_CHECKING, Any

from gptalk_tui.markdown.blocks import Atom, CodeLine, Span

if TYPE_CHECKING:
    from pygments.lexer import Lexer

TAB = 4
_READ_TOGETHER = frozenset({"Bash", "Markdown"})
"""Lexers that match here-documents and inner code blocks as one."""
_PAIRS = (("/*", "*/"), ("<!--", "-->"), ("{-", "-}"), ("(*", "*)"), ("--[[", "]]"))
"""What some lexers match as one, however many lines it has."""
PLAIN = "fence"

# From the most special to the most general; a token takes the first of its ancestors that is listed.
_NAMES = {
    "Comment.Preproc": "decorator", "Comment.Hashbang": "comment", "Comment": "comment",
    "Keyword.Type": "type", "Keyword.Constant": "number", "Keyword": "keyword",
    "Name.Function": "function", "Name.Class": "type", "Name.Exception": "type", "Name.Builtin": "builtin",
    "Name.Decorator": "decorator", "Name.Tag": "tag", "Name.Attribute": "attribute",
    "Name.Variable": "variable", "Name.Constant": "number", "Name.Label": "decorator",
    "Literal.String.Doc": "comment", "Literal.String": "string", "Literal.Number": "number",
    "Literal.Date": "number", "Operator.Word": "keyword", "Operator": "operator",
    "Punctuation": "operator", "Generic.Inserted": "inserted", "Generic.Deleted": "deleted",
    "Generic.Heading": "heading", "Generic.Subheading": "heading", "Generic.Prompt": "prompt",
    "Generic.Error": "error", "Generic.Traceback": "error", "Generic.Output": "comment",
}  # fmt: skip


@lru_cache(64)
def _lexer(name: str) -> Lexer | None:
    """Return the lexer of a language; None where there is none. Never guessed from the code."""
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


_style_of_token: dict[Any, str] = {}


def _style(token: Any) -> str:
    style = _style_of_token.get(token)
    if style is None:
        name = str(token).removeprefix("Token.")
        while name and name not in _NAMES:
            name = name.rpartition(".")[0]
        style = f"code.{_NAMES[name]}" if name else PLAIN
        _style_of_token[token] = style
    return style


def language_of(info: str) -> str:
    """Return the language that stands behind an opening fence: its first word, without braces and dots."""
    words = info.split(None, 1)
    if not words:
        return ""
    return words[0].strip("{}").lstrip(".").partition(",")[0][:40]


def code_lines(source: str, language: str, lead: str = "") -> list[CodeLine]:
    """Return the lines of a code block.

    Args:
        source: The code; one line end at its end ends the last line.
        language: A name that Pygments may know.
        lead: Code before it, which the lexer reads first. A block is cut where it is long: so a string or a
            comment that began at most one piece earlier is still told from code, at a bounded cost.
    """
    if source.endswith("\n"):
        source = source[:-1]
    lines = source.split("\n")
    spans = _spans(source, language, lead) if language and source else None
    if spans is None:
        spans = [[Span(len(line), PLAIN)] if line else [] for line in lines]
    return [
        _expanded(line, found) if "\t" in line else CodeLine(line, line, found, [])
        for line, found in zip(lines, spans, strict=True)
    ]


def _spans(source: str, language: str, lead: str) -> list[list[Span]] | None:
    lexer = _lexer(language.lower())
    if lexer is None:
        return None
    lines: list[list[Span]] = [[]]
    length = 0
    # Many lexers know a comment only by the line end behind it.
    source += "\n"
    stack = _stack_behind(language.lower(), lead) if lead else None
    if stack is None:
        skip, tokens = len(lead), lexer.get_tokens_unprocessed(lead + source)
    else:
        skip, tokens = 0, lexer.get_tokens_unprocessed(source, stack)  # type: ignore[call-arg]
    for _, token, text in tokens:
        if skip:
            if len(text) <= skip:
                skip -= len(text)
                continue
            text, skip = text[skip:], 0
        style = _style(token)
        first, *further = text.split("\n")
        length = _append(lines[-1], length, first, style)
        for part in further:
            lines.append([])
            length = _append(lines[-1], 0, part, style)
    return lines[:-1] if len(lines) == source.count("\n") + 1 else None


@lru_cache(32)
def _stack_behind(name: str, lead: str) -> tuple[str, ...] | None:
    """Return the lexer's states behind the lead, so that a growing piece need not read the lead each time.

    None where the states do not tell all: other kinds of lexers, and a comment or string that one pattern matches
    across lines. Then lead and piece are read together.
    """
    from pygments.lexer import ExtendedRegexLexer, RegexLexer

    lexer = _lexer(name)
    if not isinstance(lexer, RegexLexer) or isinstance(lexer, ExtendedRegexLexer):
        return None
    if lexer.name in _READ_TOGETHER:
        return None
    if "stack" not in signature(lexer.get_tokens_unprocessed).parameters:
        return None
    if any(lead.rfind(opener) > lead.rfind(closer) for opener, closer in _PAIRS):
        return None
    tables: dict[str, Any] = vars(type(lexer))["_tokens"]
    stack = ["root"]
    position, length = 0, len(lead)
    while position < length:
        for match, _action, new_state in tables[stack[-1]]:
            found = match(lead, position)
            if found:
                if found.end() == length and "\n" in lead[position : length - 1]:
                    return None
                position = found.end()
                if new_state is not None:
                    _move(stack, new_state)
                break
        else:
            if lead[position] == "\n":
                stack = ["root"]
            position += 1
    return tuple(stack)


def _move(stack: list[str], new_state: Any) -> None:
    """Change a lexer's states as Pygments does: a count to drop, or names to push and pop."""
    if isinstance(new_state, int):
        del stack[new_state if abs(new_state) < len(stack) else 1 :]
        return
    for state in (new_state,) if isinstance(new_state, str) else new_state:
        if state == "#pop":
            if len(stack) > 1:
                stack.pop()
        else:
            stack.append(stack[-1] if state == "#push" else state)


def _append(spans: list[Span], length: int, text: str, style: str) -> int:
    if text:
        length += len(text)
        if spans and spans[-1].style == style:
            spans[-1] = Span(length, style)
        else:
            spans.append(Span(length, style))
    return length


def _expanded(line: str, spans: list[Span]) -> CodeLine:
    """Replace tabs by spaces up to the next multiple of four, and keep which is which."""
    shown: list[str] = []
    length = 0
    atoms: list[Atom] = []
    place = []
    for index, character in enumerate(line):
        place.append(length)
        if character == "\t":
            width = TAB - length % TAB
            atoms.append(Atom(length, length + width, index, index + 1))
            shown.append(" " * width)
            length += width
        else:
            shown.append(character)
            length += 1
    place.append(length)
    moved = [Span(place[span.end], span.style) for span in spans]
    return CodeLine("".join(shown), line, moved, atoms)
