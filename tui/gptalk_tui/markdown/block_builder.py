"""From pieces to logical blocks: the costly part, independent of width and theme."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gptalk_client.links import is_openable
from gptalk_client.text import visible
from gptalk_tui.markdown.blocks import (
    Atom,
    Blank,
    Block,
    Blocks,
    Code,
    Gutter,
    Rule,
    Span,
    Target,
    Text,
)
from gptalk_tui.markdown.highlight import code_lines, language_of
from gptalk_tui.markdown.inline import InlineLine, InlineReader
from gptalk_tui.markdown.latex import to_unicode
from gptalk_tui.markdown.parser import parser
from gptalk_tui.markdown.pieces import Container, Context, Piece
from gptalk_tui.markdown.tables import read_table

if TYPE_CHECKING:
    from markdown_it.token import Token

QUOTE_BAR = Gutter("▎ ", "bar")
BULLETS = "•◦‣"
NOTES = {"note": "Note", "tip": "Tip", "important": "Important", "warning": "Warning", "caution": "Caution"}
"""What a quote that begins with `[!NOTE]` or one of its kind is labelled."""
_NOTE = re.compile(rf"\[!({'|'.join(NOTES)})\][ \t]*(?:\n|$)", re.IGNORECASE)
_TASK = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
_DEFINITION = re.compile(
    r"\[(?:[^\[\]\\\n]|\\.)+\]:[ \t]*<?([^\s<>]+)>?"
    r"""(?:[ \t]+(?:"[^"\n]*"|'[^'\n]*'|\([^()\n]*\)))?[ \t]*(?:\n|$)"""
)


def parse(piece: Piece, *, shows_ticks: bool = False) -> Blocks:
    """Parse a piece of Markdown.

    Args:
        piece: From the splitter.
        shows_ticks: Show the backticks around inline code, where colours cannot tell it from text.

    Returns:
        Its blocks, with all text made visible, and its logical lines as copied.
    """
    source = visible(piece.source)
    context = piece.context
    reader = _Reader(piece, source, shows_ticks=shows_ticks)
    if context.containers and context.kind != "plain":
        source = _without_prefixes(source, context.containers, piece.joins_previous)
    reader.read(source)
    blocks = reader.blocks
    if blocks and piece.blank_before:
        blocks.insert(0, Blank(reader.outer))
    return Blocks(blocks, _plain(blocks))


def _plain(blocks: Sequence[Block]) -> list[str]:
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, Text | Rule):
            lines.append(block.plain)
        elif isinstance(block, Blank):
            lines.append("")
        elif isinstance(block, Code):
            lines.extend(line.plain for line in block.lines)
            if block.has_header and not block.lines:
                lines.append("")
        else:
            lines.extend(block.plain)
    return lines


def _without_prefixes(source: str, containers: Sequence[Container], joins: bool) -> str:
    lines = []
    for number, line in enumerate(source.split("\n")):
        if joins and not number:
            # The rest of a line whose prefixes are in the previous piece.
            lines.append(line)
            continue
        if "\t" in line[:80]:
            head = len(line) - len(line.lstrip(" \t>"))
            line = line[:head].expandtabs(4) + line[head:]
        for container in containers:
            stripped = line.lstrip(" ")
            if container.kind == "quote":
                if not stripped.startswith(">"):
                    break
                line = stripped[2:] if stripped[1:2] == " " else stripped[1:]
            else:
                line = line[min(len(line) - len(stripped), container.columns) :]
        lines.append(line)
    return "\n".join(lines)


class _Reader:
    """Walks the parser's tokens and collects blocks."""

    def __init__(self, piece: Piece, source: str, *, shows_ticks: bool) -> None:
        self.blocks: list[Block] = []
        self._shows_ticks = shows_ticks
        self._piece = piece
        self._context: Context = piece.context
        self._gutters: list[Gutter] = [
            QUOTE_BAR if container.kind == "quote" else Gutter(" " * container.cells, "text")
            for container in piece.context.containers
        ]
        self.outer = tuple(self._gutters)
        self._items = sum(container.kind == "item" for container in piece.context.containers)
        self._quotes = len(piece.context.containers) - self._items
        self._markers: list[tuple[str, str]] = []
        self._number = piece.context.number
        self._tokens: list[Token] = []
        self._lines: list[str] = []
        self._references = {
            label: {"title": "", "href": href} for label, href in piece.context.references.items()
        }

    def read(self, source: str) -> None:
        """Read the source, already without the prefixes of the piece's containers."""
        kind = self._context.kind
        if kind == "blocks":
            self._lines = source.split("\n")
            self._tokens = parser(source).parse(source, {"references": self._references})
            containers = self._context.containers
            self._children(0, "", spaced=not containers or containers[-1].kind == "quote")
        elif kind == "fence":
            self._more_code(source)
        elif kind == "table":
            self._more_rows(source)
        elif kind == "text":
            text = "\n".join(line.strip() for line in source.strip().split("\n"))
            if text:
                self._tokens = parser(text).parseInline(text, {"references": self._references})
                self._paragraph(self._inline(self._base, self._tokens[0].children))
        else:
            self._verbatim(source, "html" if kind == "html" else self._base)

    def _inline(self, base: str, children: Sequence[Token] | None) -> list[InlineLine]:
        return InlineReader(base, shows_ticks=self._shows_ticks).read(children or [])

    @property
    def _base(self) -> str:
        return "quote" if self._quotes else "text"

    def _children(self, index: int, stop: str, *, spaced: bool) -> int:
        """Read sibling blocks from a token up to the one that closes their parent; return its index.

        Args:
            index: The first child's token.
            stop: The closing token's type; empty at the outermost level.
            spaced: Whether to put a blank line between blocks even if the source has none.
        """
        tokens = self._tokens
        is_first = True
        while index < len(tokens) and tokens[index].type != stop:
            token = tokens[index]
            if not is_first and (spaced or self._is_blank_above(token) or self._ends_in_code(index)):
                self._flush_markers()
                self.blocks.append(Blank(tuple(self._gutters)))
            is_first = False
            index = self._block(token, index)
        return index

    def _is_blank_above(self, token: Token) -> bool:
        if token.map is None or token.map[0] == 0:
            return False
        return not self._lines[token.map[0] - 1].strip(" >\t")

    def _ends_in_code(self, index: int) -> bool:
        """Whether the last thing before a token is a fenced code block, at any depth."""
        index -= 1
        while index > 0 and self._tokens[index].type.endswith("_close"):
            index -= 1
        return self._tokens[index].type == "fence"

    def _block(self, token: Token, index: int) -> int:
        """Read the block that a token opens; return the index after it."""
        kind = token.type
        if kind == "paragraph_open":
            self._read_paragraph(self._tokens[index + 1])
            return index + 3
        if kind == "heading_open":
            self._paragraph(self._inline(token.tag, self._tokens[index + 1].children))
            return index + 3
        if kind in ("bullet_list_open", "ordered_list_open"):
            return self._list(token, index + 1)
        if kind == "blockquote_open":
            self._flush_markers()
            self._gutters.append(QUOTE_BAR)
            self._quotes += 1
            before = len(self.blocks)
            index = self._children(self._note(index + 1), "blockquote_close", spaced=True)
            if len(self.blocks) == before:
                self._paragraph([InlineLine()])
            self._quotes -= 1
            self._gutters.pop()
            return index + 1
        if kind == "table_open":
            self._flush_markers()
            gutters, ticks = tuple(self._gutters), self._shows_ticks
            table, index = read_table(self._tokens, index, self._lines, gutters, shows_ticks=ticks)
            self.blocks.append(table)
            return index
        self._leaf(token, kind)
        return index + 1

    def _note(self, index: int) -> int:
        """Label a quote that is a note; return the index of the quote's first child to read.

        Source: GitHub Flavored Markdown's alerts.
        """
        if self._tokens[index].type != "paragraph_open":
            return index
        inline = self._tokens[index + 1]
        note = _NOTE.match(inline.content)
        if note is None:
            return index
        kind = note[1].lower()
        self._paragraph([_styled(NOTES[kind], f"note.{kind}", plain=note[0].rstrip())])
        inline.content = inline.content[note.end() :]
        children = inline.children or []
        ends = (at for at, each in enumerate(children) if each.type in ("softbreak", "hardbreak"))
        inline.children = children[next(ends, len(children)) + 1 :]
        return index if inline.children else index + 3

    def _leaf(self, token: Token, kind: str) -> None:
        if kind == "fence":
            self._code(token, language_of(token.info), token.content)
        elif kind == "code_block":
            self._code(token, "", token.content)
        elif kind == "hr":
            self._flush_markers()
            self.blocks.append(Rule(tuple(self._gutters), "---"))
        elif kind == "html_block":
            self._verbatim(token.content, "html")
        elif kind == "math_block":
            formula = to_unicode(token.content) if token.markup else token.content
            self._paragraph(
                [_styled(line.strip(), f"{self._base} math", "  ") for line in formula.split("\n")]
            )
        else:
            self._verbatim(token.content, self._base)

    def _list(self, token: Token, index: int) -> int:
        is_ordered = token.type == "ordered_list_open"
        number = int(token.attrs.get("start", 1)) if is_ordered else 0
        if self._number is not None and is_ordered and len(self.blocks) == 0:
            number = self._number
        self._number = None
        tokens = self._tokens
        is_first = True
        while tokens[index].type == "list_item_open":
            item = tokens[index]
            if not is_first and (self._is_blank_above(item) or self._ends_in_code(index)):
                self.blocks.append(Blank(tuple(self._gutters)))
            is_first = False
            shown = f"{number}{item.markup} " if is_ordered else f"{BULLETS[min(self._items, 2)]} "
            self._markers.append((shown, f"{item.info}{item.markup} " if is_ordered else f"{item.markup} "))
            self._gutters.append(Gutter(" " * len(shown), "text"))
            self._items += 1
            index = self._children(index + 1, "list_item_close", spaced=False) + 1
            self._flush_markers()
            self._items -= 1
            self._gutters.pop()
            number += 1
        return index + 1

    def _read_paragraph(self, token: Token) -> None:
        children = token.children or []
        if token.content.startswith("[") and _DEFINITION.match(token.content):
            source = token.content.split("\n")
            count = 1
            while count < len(source) and _DEFINITION.match(source[count]):
                count += 1
            self._definitions(source[:count])
            if count == len(source):
                return
            text = "\n".join(source[count:])
            rest = parser(text).parseInline(text, {"references": self._references})
            children = rest[0].children or []
        if self._markers and children and children[0].type == "text":
            task = _TASK.match(children[0].content)
            if task:
                children[0].content = children[0].content[task.end() :]
                self._mark_task(task)
        self._paragraph(self._inline(self._base, children))

    def _mark_task(self, task: re.Match[str]) -> None:
        box = "☐ " if task[1] == " " else "☑ "
        shown, plain = self._markers[-1]
        if shown[0] in BULLETS:
            shown = ""
        self._markers[-1] = (shown + box, plain + f"[{task[1]}] ")

    def _definitions(self, lines: list[str]) -> None:
        """Show link definitions as written: links before them were painted without them."""
        found = []
        for source in lines:
            line = _styled(source, "muted")
            definition = _DEFINITION.match(source)
            if definition and is_openable(definition[1]):
                line.targets.append(Target(definition.start(1), definition.end(1), definition[1]))
            found.append(line)
        self._paragraph(found)

    def _verbatim(self, source: str, style: str) -> None:
        # A piece that continues an HTML block may start with the block's blank lines.
        source = source.rstrip("\n") if self._context.kind == "html" else source.strip("\n")
        lines = [line.expandtabs(4) for line in source.split("\n")]
        self._paragraph([_styled(line.rstrip(), style) for line in lines])

    def _paragraph(self, lines: list[InlineLine]) -> None:
        for line in lines:
            shown, plain = line.shown, line.plain
            stripped = (
                len(shown) - len(shown.lstrip(" ")) if shown[:1] == " " and not self._keeps(line) else 0
            )
            if stripped:
                _strip_left(line, stripped)
                shown, plain = line.shown, line.plain
            if self._markers:
                self._first_line(line, shown, plain)
            else:
                self.blocks.append(
                    Text(tuple(self._gutters), shown, line.spans, plain, line.atoms, line.targets)
                )

    @staticmethod
    def _keeps(line: InlineLine) -> bool:
        return bool(line.spans) and line.spans[0].style in ("html", "text verbatim")

    def _first_line(self, line: InlineLine, shown: str, plain: str) -> None:
        """Put an item's first line after its marker."""
        gutters = tuple(self._gutters[: len(self._gutters) - len(self._markers)])
        spans: list[Span] = []
        atoms: list[Atom] = []
        head = plain_head = ""
        for marker, written in self._markers:
            if len(marker) != len(written):
                atoms.append(
                    Atom(len(head), len(head) + len(marker), len(plain_head), len(plain_head) + len(written))
                )
            head += marker
            plain_head += written
        self._markers.clear()
        by, by_plain = len(head), len(plain_head)
        spans.append(Span(by, "marker"))
        spans.extend(Span(span.end + by, span.style) for span in line.spans)
        atoms.extend(
            Atom(a.start + by, a.end + by, a.plain_start + by_plain, a.plain_end + by_plain)
            for a in line.atoms
        )
        targets = [Target(t.start + by, t.end + by, t.url) for t in line.targets]
        self.blocks.append(Text(gutters, head + shown, spans, plain_head + plain, atoms, targets, by))

    def _flush_markers(self) -> None:
        """Put a marker with no text after it on its own line."""
        if self._markers:
            self._first_line(InlineLine(), "", "")

    def _code(self, token: Token, language: str, source: str) -> None:
        self._flush_markers()
        first = token.map[0] if token.map else 0
        raw = self._piece.source.split("\n")
        ident = self._piece.start + sum(len(line) + 1 for line in raw[:first])
        lines = code_lines(source, language) if source else []
        self.blocks.append(Code(tuple(self._gutters), language, source, ident, True, lines))

    def _more_code(self, source: str) -> None:
        fence = self._context.fence
        if fence is None:
            return
        lines = []
        for number, line in enumerate(source.split("\n")):
            indent = 0 if self._piece.joins_previous and not number else fence.indent
            line = line.expandtabs(4) if line[:1] == "\t" and indent else line
            lines.append(line[min(len(line) - len(line.lstrip(" ")), indent) :])
        code = "\n".join(lines)
        if self._piece.closes_fence:
            code = code.rstrip("\n")
            code = code[: code.rfind("\n") + 1]
        elif not fence.info and fence.indent == 4:
            code = code.rstrip() + "\n"
        language = language_of(fence.info)
        found = code_lines(code, language, fence.lead) if code else []
        self.blocks.append(Code(tuple(self._gutters), language, code, fence.ident, False, found))

    def _more_rows(self, source: str) -> None:
        basis = self._context.basis
        head = "\n".join(basis.split("\n", 2)[:2]) + "\n"
        self._lines = (head + source).split("\n")
        self._tokens = parser(source).parse(head + source, {"references": self._references})
        for index, token in enumerate(self._tokens):
            if token.type == "table_open":
                gutters, ticks = tuple(self._gutters), self._shows_ticks
                table, _ = read_table(self._tokens, index, self._lines, gutters, basis, shows_ticks=ticks)
                self.blocks.append(table)
                return
        self._verbatim(source, self._base)


def _styled(text: str, style: str, indent: str = "", plain: str | None = None) -> InlineLine:
    line = InlineLine()
    line.add(indent, "text verbatim", "")
    line.add(text, style, plain)
    return line


def _strip_left(line: InlineLine, count: int) -> None:
    """Drop a line's leading spaces, as after a hard break."""
    shown, plain = line.shown[count:], line.plain[count:]
    line.parts, line.plain_parts = [shown], [plain]
    line.length, line.plain_length = len(shown), len(plain)
    line.spans = [Span(span.end - count, span.style) for span in line.spans if span.end > count]
    line.atoms = [
        Atom(a.start - count, a.end - count, a.plain_start - count, a.plain_end - count) for a in line.atoms
    ]
    line.targets = [Target(max(0, t.start - count), t.end - count, t.url) for t in line.targets]


def parse_plain(piece: Piece) -> Blocks:
    """Parse a piece as text that is shown as written, such as a prompt.

    Args:
        piece: From `split_plain` or `PlainSplitter`.
    """
    source = visible(piece.source)
    if piece.label:
        label, plain = visible(piece.label, newlines=False), source.strip("\n")
        whole = [Atom(0, len(label), 0, len(plain))]
        return Blocks([Text((), label, [Span(len(label), "fence.label")], plain, whole)], [plain])
    blocks: list[Block] = []
    for line in (source[:-1] if source.endswith("\n") else source).split("\n"):
        line = line.rstrip(" \t")
        if "\t" in line:
            code = code_lines(line, "")[0]
            spans = [Span(span.end, "text") for span in code.spans]
            blocks.append(Text((), code.shown, spans, code.plain, code.atoms))
        else:
            blocks.append(Text((), line, [Span(len(line), "text")] if line else [], line))
    return Blocks(blocks, _plain(blocks))
