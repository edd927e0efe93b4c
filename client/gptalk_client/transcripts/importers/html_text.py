"""Replies that a source has as HTML, as Markdown again."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from gptalk_client.transcripts.exporters.markdown import fenced

_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "del": "~~"}
_BLOCKS = frozenset(
    {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "hr", "pre"}
)


def to_markdown(html: str) -> str:
    """Return HTML as Markdown: paragraphs, headings, lists, links, code and tables; other tags are dropped."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = "".join(reader.parts)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._lists: list[int] = []
        self._links: list[str] = []
        self._code: list[str] | None = None
        self._cells = 0
        self._has_head = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._code is not None and tag != "br":
            return
        if tag == "pre":
            self._code = []
        elif tag == "br":
            self.handle_data("\n")
        elif tag in _MARKS or tag == "code":
            self.parts.append(_MARKS.get(tag, "`"))
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")
            self.parts.append("[")
        elif tag in ("ul", "ol"):
            self.parts.append("\n" if self._lists else "\n\n")
            self._lists.append(0 if tag == "ol" else -1)
        elif tag == "li":
            self._begin_item()
        elif tag in ("th", "td"):
            self.parts.append("| ")
            self._cells += 1
        elif tag == "tr":
            self._cells = 0
        elif tag == "table":
            self._has_head = False
            self.parts.append("\n\n")
        elif tag[:1] == "h" and tag[1:].isdigit():
            self.parts.append(f"\n\n{'#' * int(tag[1:])} ")
        elif tag == "hr":
            self.parts.append("\n\n---\n\n")
        elif tag in _BLOCKS and not self._lists:
            self.parts.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "pre" and self._code is not None:
            self.parts.append(f"\n\n{fenced(''.join(self._code))}\n\n")
            self._code = None
        elif self._code is not None:
            return
        elif tag in _MARKS or tag == "code":
            self.parts.append(_MARKS.get(tag, "`"))
        elif tag == "a" and self._links:
            self.parts.append(f"]({self._links.pop()})")
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
            self.parts.append("\n" if self._lists else "\n\n")
        elif tag in ("th", "td"):
            self.parts.append(" ")
        elif tag == "tr":
            self.parts.append("|\n" if self._has_head else "|\n" + "| --- " * self._cells + "|\n")
            self._has_head = True
        elif tag in _BLOCKS and not self._lists:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if self._code is not None:
            self._code.append(data)
        elif data.strip() or not self.parts or not self.parts[-1].endswith("\n"):
            self.parts.append(data)

    def _begin_item(self) -> None:
        if not self._lists:
            self._lists.append(-1)
        indent = "   " * (len(self._lists) - 1)
        if self._lists[-1] < 0:
            self.parts.append(f"\n{indent}- ")
        else:
            self._lists[-1] += 1
            self.parts.append(f"\n{indent}{self._lists[-1]}. ")
