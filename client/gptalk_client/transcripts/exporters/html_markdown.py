"""Markdown as HTML that shows what the screen shows.

Raw HTML is shown as text, images as links with their description, and only links to http, https and mailto are
links.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from gptalk_client.formulas import add_formulas, source_of
from gptalk_client.links import bare_urls, is_openable

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

_MAX_HIGHLIGHTED_CHARS = 100_000
"""A longer code block is shown without colours: its highlighting would take seconds."""
_TASK = re.compile(r"\[([ xX])\][ \t]+(?=\S)")


@cache
def parser() -> MarkdownIt:
    """Return the parser and renderer of messages."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    add_formulas(markdown)
    markdown.block.ruler.at("reference", _reference, {"alt": []})
    markdown.core.ruler.after("inline", "shown", _as_shown)
    # Every address passes: an unwanted one is shown as text, where markdown-it would show its source.
    markdown.validateLink = lambda url: True  # type: ignore[method-assign]
    for name, rule in (
        ("fence", _code_block),
        ("code_block", _code_block),
        ("image", _image),
        ("link_open", _link_open),
        ("link_close", _link_close),
        ("th_open", _cell_open),
        ("td_open", _cell_open),
        ("math_inline", _formula),
        ("math_block", _formula_block),
    ):
        markdown.add_render_rule(name, rule)
    return markdown


def _code_block(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    language = token.info.split()[0] if token.info.strip() else ""
    label = f'<span class="language">{escape(language)}</span>' if language else ""
    return (
        f'<div class="code">{label}<button type="button">Copy</button>'
        f'<pre dir="ltr"><code>{_highlighted(token.content, language)}</code></pre></div>\n'
    )


def _highlighted(code: str, language: str) -> str:
    if not language or len(code) > _MAX_HIGHLIGHTED_CHARS:
        return escape(code)
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(code)
    return highlight(code, lexer, HtmlFormatter(nowrap=True))


def _formula(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """Return a formula as written: read as text it would lose its backslashes."""
    return f'<span class="math" dir="ltr">{escape(source_of(tokens[at]))}</span>'


def _formula_block(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return f"<p>{_formula(renderer, tokens, at, options, env)}</p>\n"


def _image(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """Return an image as a link with its description: a page that makes no requests shows no pictures."""
    token = tokens[at]
    words = renderer.renderInlineAsText(token.children or [], options, env)
    shown = escape(f"[image: {words}]" if words else "[image]")
    address = str(token.attrGet("src") or "")
    if token.meta.get("is_in_link"):
        return shown  # a link cannot contain another
    return f"{_anchor(address)}{shown}</a>" if is_openable(address) else f"{shown} ({escape(address)})"


def _cell_open(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """Open a table's cell; its alignment is a class, because the policy forbids style attributes."""
    token = tokens[at]
    style = str(token.attrGet("style") or "")
    sides = [side for side in ("left", "center", "right") if style == f"text-align:{side}"]
    return f'<{token.tag} class="{sides[0]}">' if sides else f"<{token.tag}>"


def _is_link(token: Token) -> bool:
    return is_openable(str(token.attrGet("href") or ""))


def _link_open(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    if not _is_link(tokens[at]):
        return "<span>"
    return _anchor(str(tokens[at].attrGet("href")))


def _anchor(address: str) -> str:
    address = escape(address, quote=True)
    return f'<a href="{address}" title="{address}" rel="noopener noreferrer nofollow">'


def _link_close(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """Close what its opening token has opened, and tell the address of one that is no link here."""
    depth = 0
    for token in reversed(tokens[: at + 1]):
        depth += {"link_close": 1, "link_open": -1}.get(token.type, 0)
        if depth == 0:
            return "</a>" if _is_link(token) else f"</span> ({escape(str(token.attrGet('href') or ''))})"
    return ""


def _reference(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read the definition of a link, but not the note of a footnote, which would vanish as one."""
    from markdown_it.rules_block import reference

    is_note = state.src.startswith("[^", state.bMarks[start] + state.tShift[start])
    return not is_note and reference(state, start, end, silent)


def _as_shown(state: StateCore) -> None:
    """Make boxes of the marks of tasks, and links of bare addresses."""
    for at, token in enumerate(state.tokens):
        if token.type != "inline" or not token.children:
            continue
        first = token.children[0]
        is_item = at > 1 and state.tokens[at - 2].type == "list_item_open"
        if is_item and first.type == "text" and (task := _TASK.match(first.content)):
            first.content = ("☐ " if task[1] == " " else "☑ ") + first.content[task.end() :]
        token.children = _with_links(token.children)


def _with_links(tokens: Sequence[Token]) -> list[Token]:
    from markdown_it.token import Token

    found: list[Token] = []
    depth = 0
    for token in tokens:
        depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type == "image" and depth:
            token.meta["is_in_link"] = True
        urls = list(bare_urls(token.content)) if token.type == "text" and not depth else []
        position = 0
        for start, end in urls:
            url = token.content[start:end]
            found.append(Token("text", "", 0, content=token.content[position:start]))
            found.append(Token("link_open", "a", 1, attrs={"href": url}))
            found.append(Token("text", "", 0, content=url))
            found.append(Token("link_close", "a", -1))
            position = end
        found.append(Token("text", "", 0, content=token.content[position:]) if urls else token)
    return found
