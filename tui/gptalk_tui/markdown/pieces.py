"""Pieces of a message, made by the splitter, each of which can be parsed and painted alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from msgspec import field

from gptalk_client.records import Record

PieceKind: TypeAlias = Literal["blocks", "text", "fence", "table", "html", "plain"]
"""How to parse a piece: Markdown blocks; the rest of a paragraph, a code block, a table or an HTML block; text as
written."""

NO_REFERENCES: Mapping[str, str] = MappingProxyType({})


class Container(Record, frozen=True):
    """A quote or a list item that is open where a piece starts."""

    kind: Literal["quote", "item"]
    columns: int
    """Columns of indentation of an item's lines in the source; 0 for a quote."""
    cells: int
    """Width of its decoration on screen."""


class Fence(Record, frozen=True):
    """The code block that a piece continues."""

    ident: int
    """Offset of the block's first line in the message, which identifies the block."""
    info: str
    """The text after the opening fence, such as `rust`; empty for indented code."""
    indent: int
    """Columns of indentation to remove from each line."""
    lead: str
    """The block's lines just before this piece, which the lexer reads first to get its state."""


class Context(Record, frozen=True):
    """What a piece needs to know about the text before it."""

    kind: PieceKind = "blocks"
    containers: tuple[Container, ...] = ()
    """Outermost first. Their prefixes are still in the source."""
    number: int | None = None
    """The number of the ordered list item that the piece starts with."""
    fence: Fence | None = None
    """Only with kind `fence`."""
    basis: str = ""
    """Only with kind `table`: the table's first rows, header and delimiter row included, which set the widths."""
    references: Mapping[str, str] = field(default_factory=lambda: NO_REFERENCES)
    """Addresses by normalised label, from the link definitions so far."""


class Piece(Record, frozen=True):
    """A part of a message that never changes again (except for the splitter's tail)."""

    source: str
    """As in the message, newlines included. Joined, the sources of all pieces are the message without trailing
    blank lines."""
    start: int
    """Offset of `source` in the message, in characters."""
    context: Context = field(default_factory=Context)
    blank_before: bool = False
    """Whether the piece starts with a blank line to separate it from the previous one."""
    joins_previous: bool = False
    """Whether the piece starts in the middle of the previous piece's last line."""
    closes_fence: bool = False
    """Whether the last line is the closing fence of the code block that the piece continues."""
    label: str = ""
    """Shown in place of the source, on one line; empty shows the source."""

    @property
    def weight(self) -> int:
        """Roughly how many characters are shown."""
        return max(1, len(self.label or self.source))
