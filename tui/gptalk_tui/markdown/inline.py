"""From inline Markdown tokens to shown text, plain text, styles and links."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rich.cells import get_character_cell_size

from gptalk_client.links import bare_urls, is_openable
from gptalk_client.text import visible
from gptalk_tui.markdown.blocks import Atom, Span, Target
from gptalk_tui.markdown.latex import to_unicode

if TYPE_CHECKING:
    from markdown_it.token import Token

_LOOKS_LIKE_ADDRESS = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}(?=[/:?#\s]|$)", re.I)
_BREAK_TAG = re.compile(r"<br\s*/?>$", re.I)
_MARKS = {"em": "em", "strong": "strong", "s": "strike"}


@dataclass(slots=True)
class InlineLine:
    """One logical line of inline text."""

    parts: list[str] = field(default_factory=list)
    length: int = 0
    spans: list[Span] = field(default_factory=list)
    plain_parts: list[str] = field(default_factory=list)
    plain_length: int = 0
    atoms: list[Atom] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """The text as painted."""
        return "".join(self.parts)

    @property
    def plain(self) -> str:
        """The text as copied."""
        return "".join(self.plain_parts)

    def add(self, text: str, style: str, plain: str | None = None) -> None:
        """Append text; `plain`, if given, is copied in its place, as a whole."""
        if not text:
            return
        # Entities such as `&#27;` have only now become characters.
        text = visible(text, newlines=False)
        start = self.length
        self.parts.append(text)
        self.length += len(text)
        if plain is None:
            plain = text
        elif len(plain) != len(text):
            self.atoms.append(Atom(start, self.length, self.plain_length, self.plain_length + len(plain)))
        self.plain_parts.append(plain)
        self.plain_length += len(plain)
        spans = self.spans
        if spans and spans[-1].style == style:
            spans[-1] = Span(self.length, style)
        else:
            spans.append(Span(self.length, style))


def host_of(url: str) -> str:
    """Return the host to show before an address is opened; for mail, the mail address."""
    if url[:7].lower() == "mailto:":
        return url[7:].partition("?")[0]
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


class InlineReader:
    """Reads the children of inline tokens into logical lines.

    Args:
        base: The style of plain text.
        shows_ticks: Show the backticks around code.
    """

    def __init__(self, base: str = "text", *, shows_ticks: bool = False) -> None:
        self._base = base
        self._tick = "`" if shows_ticks else ""
        self._marks: list[str] = []
        self._link: str | None = None
        self._link_start = 0
        self._link_part = 0
        self.lines = [InlineLine()]

    @property
    def line(self) -> InlineLine:
        """The line being filled."""
        return self.lines[-1]

    def read(self, tokens: Iterable[Token]) -> list[InlineLine]:
        """Read all tokens and return the lines, at least one."""
        for token in tokens:
            kind = token.type
            if kind == "text":
                self._text(token.content)
            elif kind == "softbreak":
                self._soft_break()
            elif kind == "code_inline":
                self._code(token.content.replace("\t", " "))
            elif kind.endswith("_open") and kind != "link_open":
                self._marks.append(_MARKS.get(kind[:-5], ""))
            elif kind.endswith("_close") and kind != "link_close":
                if self._marks:
                    self._marks.pop()
            else:
                self._other(token, kind)
        self._close_link()
        return self.lines

    def _code(self, content: str) -> None:
        style, tick = self._style("code"), self._tick
        if tick and content:
            self.line.add(tick, style, "")
        self.line.add(content, style)
        if tick and content:
            self.line.add(tick, style, "")

    def _other(self, token: Token, kind: str) -> None:
        if kind == "link_open":
            self._open_link(str(token.attrs.get("href", "")))
        elif kind == "link_close":
            self._close_link()
        elif kind == "hardbreak":
            self.new_line()
        elif kind == "math_inline":
            for index, part in enumerate(to_unicode(token.content).split("\n")):
                if index:
                    self.line.add("  ", self._style())
                self.line.add(part, self._style("math"))
        elif kind == "html_inline":
            if _BREAK_TAG.match(token.content):
                self.new_line()
            else:
                self.line.add(_one_line(token.content), self._style("html"))
        elif kind == "image":
            self._image(token)
        else:
            self.line.add(_one_line(token.content), self._style())

    def new_line(self) -> None:
        """Start another logical line; an open link continues there."""
        link = self._link
        self._close_link(note=False)
        self.lines.append(InlineLine())
        if link is not None:
            self._open_link(link)

    def _style(self, more: str = "") -> str:
        names = [self._base, *filter(None, self._marks)]
        if self._link is not None and is_openable(self._link):
            names.append("link")
        if more:
            names.append(more)
        return " ".join(names)

    def _text(self, content: str) -> None:
        content = _one_line(content)
        position = 0
        for start, end in bare_urls(content) if self._link is None else ():
            self.line.add(content[position:start], self._style())
            self._open_link(content[start:end])
            self.line.add(content[start:end], self._style())
            self._close_link()
            position = end
        self.line.add(content[position:], self._style())

    def _soft_break(self) -> None:
        line = self.line
        if not line.parts:
            return
        last = line.parts[-1][-1]
        # Between wide letters a newline is not a space: those scripts do without.
        if last != " " and not (last >= "\u2e80" and get_character_cell_size(last) == 2):
            line.add(" ", self._style())

    def _open_link(self, url: str) -> None:
        self._link = url
        self._link_start = self.line.length
        self._link_part = len(self.line.parts)

    def _close_link(self, *, note: bool = True) -> None:
        url, self._link = self._link, None
        if url is None:
            return
        line, start = self.line, self._link_start
        shown = "".join(line.parts[self._link_part :])
        if is_openable(url):
            if shown:
                line.targets.append(Target(start, line.length, url))
            # Text that looks like a different address must not mislead.
            host = host_of(url)
            if note and _LOOKS_LIKE_ADDRESS.match(shown) and host.lower() not in shown.lower():
                line.add(f" ({host})", f"{self._base} muted", "")
        elif note and url and url != shown:
            line.add(f" ({url})", f"{self._base} muted")

    def _image(self, token: Token) -> None:
        url = str(token.attrs.get("src", ""))
        alt = _one_line(token.content) or "image"
        is_outer = self._link is None
        if is_outer:
            self._open_link(url)
        self.line.add(f"[image: {alt}]" if alt != "image" else "[image]", self._style())
        if is_outer:
            self._close_link()


def _one_line(text: str) -> str:
    return text.replace("\n", " ").replace("\t", " ") if "\n" in text or "\t" in text else text
