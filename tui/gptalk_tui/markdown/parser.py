"""The Markdown parser, created when first needed, with formulas as additional tokens."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from gptalk_client.formulas import add_formulas

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_MAX_NESTING = 64
"""More than the scanner lets through, so the parser never drops text; far below Python's own limit."""
_MAX_BRACKETS = 256
_MAX_STARS = 1200


def parser(source: str = "") -> MarkdownIt:
    """Return the parser: CommonMark with tables, strikethrough and formulas; HTML is shown, not interpreted.

    Link definitions are paragraphs here, so that they stay visible; a piece comes with the definitions that apply.

    Args:
        source: The text to parse. With hundreds of brackets or stars, which only hostile text has, links or
            emphasis are not parsed, because that takes quadratic time.
    """
    links = source.count("[") <= _MAX_BRACKETS
    emphasis = source.count("*") + source.count("_") + source.count("~") <= _MAX_STARS
    return _parser(links, emphasis)


@lru_cache(4)
def _parser(links: bool, emphasis: bool) -> MarkdownIt:
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING})
    markdown.enable(["table", "strikethrough"]).disable("reference")
    add_formulas(markdown)
    if not links:
        markdown.disable(["link", "image"])
    if not emphasis:
        markdown.disable(["emphasis", "strikethrough"])
    return markdown
