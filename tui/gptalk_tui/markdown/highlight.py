"""From code to styled lines, with Pygments' lexers; each is loaded when its name first comes up."""

from __future__ import annotations

from functools import lru_cache, partial
from inspect import signature
from typing import TYPE_CHECKING, Any

from gptalk_tui.markdown.blocks import Atom, CodeLine, Span

if TYPE_CHECKING:
    from pygments.lexer import Lexer

TAB = 4
_READ_TOGETHER = frozenset({"Bash", "Markdown"})
"""Lexers that match a whole here-document or inner code block with one pattern."""
_PAIRS = (("/*", "*/"), ("<!--", "-->"), ("{-", "-}"), ("(*", "*)"), ("--[[", "]]"))
"""Comments that some lexers match with one pattern, however many lines they have."""
PLAIN = "fence"

# A token takes the style of its nearest ancestor listed here.
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
    """Return a language's lexer, if any; never guessed from the code."""
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
    """Return the language after an opening fence: its first word, without braces and dots."""
    words = info.split(None, 1)
    if not words:
        return ""
    return words[0].strip("{}").lstrip(".").partition(",")[0][:40]


def code_lines(source: str, language: str, lead: str = "") -> list[CodeLine]:
    """Return the lines of a code block.

    Args:
        source: The code; a final newline ends the last line. language: A name that Pygments may know. lead: The
        code before it, which the lexer reads first. Long blocks are cut into pieces: this way a string
            or a comment that started in the previous piece is still recognised, at a bounded cost.
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
    """Return the styled spans of each line; None if the language is unknown."""
    lexer = _lexer(language.lower())
    if lexer is None:
        return None
    spans: list[Span] = []
    lines = [spans]
    length = 0
    # Many lexers recognise a comment only by the newline after it.
    source += "\n"
    start, states = _resume_point(language.lower(), lead) if lead else (0, ())
    skip = len(lead) - start
    read: Any = partial(lexer.get_tokens_unprocessed, lead[start:] + source)
    for _, token, text in read(states) if states else read():
        if skip:
            if len(text) <= skip:
                skip -= len(text)
                continue
            text, skip = text[skip:], 0
        style = _style_of_token.get(token) or _style(token)
        while "\n" in text:
            head, _, text = text.partition("\n")
            if head:
                _append(spans, length + len(head), style)
            spans, length = [], 0
            lines.append(spans)
        if text:
            length += len(text)
            _append(spans, length, style)
    return lines[:-1] if len(lines) == source.count("\n") + 1 else None


@lru_cache(32)
def _resume_point(name: str, lead: str) -> tuple[int, tuple[str, ...]]:
    """Return where to start reading in the lead, and the lexer's states there; (0, ()) to read all of it.

    A growing piece need not read its whole lead each time. The point is the start of the lead's last line, or
    of an earlier one if a token spans lines.

    Pygments 2.21 keeps the states of a `RegexLexer` to itself (pygments#1697, #816), but `ExtendedRegexLexer`
    reads the same rules with its states in a public context. Some lexers have callbacks that take no context:
    for those the whole lead is read.
    """
    from pygments.lexer import ExtendedRegexLexer, LexerContext, RegexLexer

    lexer = _lexer(name)
    if (
        not isinstance(lexer, RegexLexer)
        or isinstance(lexer, ExtendedRegexLexer)
        or lexer.name in _READ_TOGETHER
        or "stack" not in signature(lexer.get_tokens_unprocessed).parameters
        or any(lead.rfind(opener) > lead.rfind(closer) for opener, closer in _PAIRS)
    ):
        return 0, ()
    context: Any = LexerContext(lead, 0)
    read: Any = ExtendedRegexLexer.get_tokens_unprocessed
    last_line = lead.rfind("\n", 0, -1) + 1
    point: tuple[int, tuple[str, ...]] = 0, ("root",)
    try:
        for start, _, _ in read(lexer, context=context):
            if start > last_line:
                break
            if start == context.pos and (not start or lead[start - 1] == "\n"):
                point = start, tuple(context.stack)
    except TypeError:
        return 0, ()
    return point


def _append(spans: list[Span], end: int, style: str) -> None:
    if spans and spans[-1].style == style:
        spans[-1] = Span(end, style)
    else:
        spans.append(Span(end, style))


def _expanded(line: str, spans: list[Span]) -> CodeLine:
    """Expand tabs to the next multiple of four, and keep track of them."""
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
