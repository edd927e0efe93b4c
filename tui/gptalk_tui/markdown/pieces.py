"""What the splitter makes of a message and the renderer paints: pieces that can each be read alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

PieceKind: TypeAlias = Literal["blocks", "text", "fence", "table", "html", "plain"]
"""How a piece is read: Markdown blocks; the rest of a paragraph; the rest of a code block, of a table, of an
HTML block; text as it stands."""

NO_REFERENCES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Container:
    """A quote or a list item that was open where a piece begins."""

    kind: Literal["quote", "item"]
    columns: int
    """Columns of the source that an item's lines are indented by; 0 for a quote."""
    cells: int
    """Cells that its decoration takes on screen."""


@dataclass(frozen=True, slots=True)
class Fence:
    """The code block that a piece goes on with."""

    ident: int
    """Offset of the block's first line in the message: names it among all pieces."""
    info: str
    """What stands behind the opening fence, such as `rust`; empty for indented code."""
    indent: int
    """Columns of the source that each line loses."""
    lead: str
    """The lines of the block just before this piece: the lexer reads them first to know where it is."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a piece needs to know of the text before it."""

    kind: PieceKind = "blocks"
    containers: tuple[Container, ...] = ()
    """Outermost first. Their prefixes still stand in the source."""
    number: int | None = None
    """The number of the ordered list's item that the piece begins with."""
    fence: Fence | None = None
    """With kind `fence`."""
    basis: str = ""
    """With kind `table`: the table's first rows, header and delimiter row included, which set the widths."""
    references: Mapping[str, str] = field(default_factory=lambda: NO_REFERENCES, hash=False)
    """Addresses by normalised label, from the link definitions seen so far."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a message that never changes again (but for the splitter's tail)."""

    source: str
    """As in the message, with its line ends. The sources of all pieces, joined, are the message, less blank
    lines at its end."""
    start: int
    """Offset of `source` in the message, in characters."""
    context: Context = field(default_factory=Context)
    blank_before: bool = False
    """Whether the piece's first painted line is a blank one that sets it off from the piece before."""
    joins_previous: bool = False
    """Whether the piece goes on in the middle of the line that the piece before ends with."""
    closes_fence: bool = False
    """Whether the last line is the closing fence of the code block that the piece goes on with."""
