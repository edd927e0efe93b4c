"""What a parsed piece is made of: logical blocks that know neither a width nor a colour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias


class Gutter(NamedTuple):
    """Decoration before each line of what stands in a quote or a list item. One cell a character."""

    text: str
    style: str


class Span(NamedTuple):
    """Styled characters up to `end`; they start where the span before ends."""

    end: int
    style: str
    """Names of the style table, joined by spaces."""


class Atom(NamedTuple):
    """Shown characters that stand for other ones of the plain text. Between atoms both are the same."""

    start: int
    end: int
    plain_start: int
    plain_end: int


class Target(NamedTuple):
    """Shown characters that are a link."""

    start: int
    end: int
    url: str


@dataclass(slots=True)
class Text:
    """One logical line of text: a paragraph up to a hard break, a heading, the first line of an item."""

    gutters: tuple[Gutter, ...]
    shown: str
    spans: list[Span]
    plain: str
    atoms: list[Atom] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    marker: int = 0
    """Shown characters that are the item's marker: further lines hang behind them."""


@dataclass(slots=True)
class Blank:
    """An empty line between two blocks."""

    gutters: tuple[Gutter, ...]


@dataclass(slots=True)
class Rule:
    """A thematic break."""

    gutters: tuple[Gutter, ...]
    plain: str


class CodeLine(NamedTuple):
    """One line of code."""

    shown: str
    plain: str
    spans: list[Span]
    atoms: list[Atom]


@dataclass(slots=True)
class Code:
    """A code block, or the part of one that the piece holds."""

    gutters: tuple[Gutter, ...]
    language: str
    """As written behind the fence, its first word."""
    source: str
    """The code of this piece, with its last line end where it has one."""
    ident: int
    """Names the code block in its message."""
    has_header: bool
    lines: list[CodeLine]


class CellLine(NamedTuple):
    """One line of a table's cell."""

    shown: str
    spans: list[Span]
    targets: list[Target]


@dataclass(slots=True)
class Cell:
    """One cell of a table."""

    lines: list[CellLine]
    """More than one where the source has `<br>`."""
    start: int
    """Offset in the row's plain text of the shown text, where that is found there; else of the cell."""
    length: int
    exact: bool
    """Whether the plain text has the very characters that are shown."""


@dataclass(slots=True)
class Table:
    """A table, or the part of one that the piece holds."""

    gutters: tuple[Gutter, ...]
    aligns: list[str]
    """`left`, `center` or `right`."""
    header: list[Cell]
    rows: list[list[Cell]]
    plain: list[str]
    """The source lines: header, delimiter row, rows; without the first two where the table only goes on."""
    natural: list[int]
    """Cells that each column would like; the same in all pieces of one table."""
    minimum: list[int]
    """Cells of each column's longest word."""
    goes_on: bool
    """Whether the piece before has the header."""


Block: TypeAlias = Text | Blank | Rule | Code | Table


@dataclass(slots=True)
class Blocks:
    """A parsed piece."""

    blocks: list[Block]
    plain: list[str]
    """The logical lines as a copy gives them, without line ends."""
