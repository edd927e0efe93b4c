"""A web page: one file that asks nobody for anything, in light and dark.

Its policy allows its own style and its own script, by their hashes, and nothing else. Markdown is rendered with
raw HTML shown as text, images as their description and address, and links to http, https and mailto only.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

from gptalk_client.formulas import add_formulas, source_of
from gptalk_client.models import Message, Role, iso_utc
from gptalk_client.text import one_line, visible
from gptalk_client.transcripts.transcript import Transcript, branches, ending, speaker, thought_for

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_MAX_HIGHLIGHTED_CHARS = 100_000
"""A longer code block is shown without colours: its highlighting would take seconds."""
_SCHEMES = ("http://", "https://", "mailto:")


def export(transcripts: Iterable[Transcript], *, all_branches: bool = False) -> Iterator[str]:
    """Yield the page in pieces."""
    is_first = True
    for transcript in transcripts:
        conversation = transcript.conversation
        title = escape(one_line(conversation.title, max_chars=500) or "Untitled")
        if is_first:
            yield _head(title)
            is_first = False
        about = [conversation.model, conversation.provider]
        yield f"<header><h1>{title}</h1><p>{_time(conversation.created_at_ms)}"
        yield "".join(f" · {escape(one_line(each))}" for each in about if each) + "</p></header>\n"
        if conversation.system_prompt:
            yield f'<article class="system"><h2>System</h2>{_plain(conversation.system_prompt)}</article>\n'
        for number, branch in enumerate(branches(transcript, every=all_branches), 1):
            if number > 1:
                yield f'<p class="branch">Branch {number}, {escape(branch.begins)}</p>\n'
            for message in branch.messages:
                yield _article(message)
    if is_first:
        yield _head("No conversations")
    yield f"</main><script>{_asset('page.js')}</script></body></html>\n"


def _head(title: str) -> str:
    style, script = _style(), _asset("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash_of(style)}'; script-src '{_hash_of(script)}';"
        " base-uri 'none'; form-action 'none'"
    )
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{style}</style></head>\n<body><main>\n"
    )


def _article(message: Message) -> str:
    end = ending(message)
    body = _plain(message.content) if message.role is Role.USER else _rendered(message.content)
    note = f'<p class="ending">{escape(one_line(end, max_chars=500))}</p>' if end else ""
    return (
        f'<article class="{message.role.value}"><h2>{speaker(message)} {_time(message.created_at_ms)}</h2>'
        f"{_folded(message)}{body}{note}</article>\n"
    )


def _folded(message: Message) -> str:
    if not message.reasoning:
        return ""
    summary = f"<summary>{thought_for(message)}</summary>"
    return f"<details>{summary}{_plain(message.reasoning)}</details>"


def _time(time_ms: int) -> str:
    iso = iso_utc(time_ms)
    return f'<time datetime="{iso}">{iso[:10]} {iso[11:16]} UTC</time>'


def _plain(text: str) -> str:
    """Return what a person typed, exactly as it was typed."""
    return f'<div class="text plain" dir="auto">{escape(visible(text))}</div>'


def _rendered(markdown: str) -> str:
    return f'<div class="text" dir="auto">{_markdown().render(visible(markdown))}</div>'


def _hash_of(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _asset(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


@cache
def _style() -> str:
    from pygments.formatters import HtmlFormatter

    def rules(style: str) -> str:
        return str(HtmlFormatter(style=style).get_style_defs(".code"))  # type: ignore[no-untyped-call]

    # pygments paints its own background, which would cover that of the page's boxes.
    plain = ".code { background: none }"
    dark = f"@media (prefers-color-scheme: dark) {{\n{rules('github-dark')}\n}}"
    return "\n".join([_asset("page.css"), rules("default"), dark, plain, ""])


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    add_formulas(parser)
    # Every address passes: an unwanted one is shown as text, where markdown-it would show its source.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
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
        parser.add_render_rule(name, rule)
    return parser


def _code_block(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    language = token.info.split()[0] if token.info.strip() else ""
    return (
        '<div class="code"><button type="button">Copy</button>'
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
    """Return an image's description and address: a page that asks for nothing shows no pictures."""
    token = tokens[at]
    words = renderer.renderInlineAsText(token.children or [], options, env)
    return escape(f"[{words}]({token.attrGet('src') or ''})")


def _cell_open(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """Open a table's cell; its alignment is a class, because the policy forbids style attributes."""
    token = tokens[at]
    style = str(token.attrGet("style") or "")
    sides = [side for side in ("left", "center", "right") if style == f"text-align:{side}"]
    return f'<{token.tag} class="{sides[0]}">' if sides else f"<{token.tag}>"


def _is_link(token: Token) -> bool:
    return str(token.attrGet("href") or "").lower().startswith(_SCHEMES)


def _link_open(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    if not _is_link(tokens[at]):
        return "<span>"
    address = escape(str(tokens[at].attrGet("href")), quote=True)
    return f'<a href="{address}" title="{address}" rel="noopener noreferrer nofollow">'


def _link_close(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """Close what its opening token has opened, and tell the address of one that is no link here."""
    depth = 0
    for token in reversed(tokens[: at + 1]):
        depth += {"link_close": 1, "link_open": -1}.get(token.type, 0)
        if depth == 0:
            return "</a>" if _is_link(token) else f"</span> ({escape(str(token.attrGet('href') or ''))})"
    return ""
