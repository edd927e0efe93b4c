"""A parsed piece: logical blocks, independent of width and colours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias


class Gutter(NamedTuple):
    """Decoration before each line inside a quote or a list item. Each character takes one cell."""

    text: str
    style: str


class Span(NamedTuple):
    """Styled characters up to `end`, starting where the previous span ends."""

    end: int
    style: str
    """Names in the style table, joined by spaces."""


class Atom(NamedTuple):
    """Shown characters that stand for different ones in the plain text. Outside atoms both are the same."""

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
    """Length of the item's marker in shown characters; further lines are indented by it."""

    @property
    def line_count(self) -> int:
        """How many logical lines it has."""
        return 1


@dataclass(slots=True)
class Blank:
    """An empty line between two blocks."""

    gutters: tuple[Gutter, ...]

    @property
    def line_count(self) -> int:
        """How many logical lines it has."""
        return 1


@dataclass(slots=True)
class Rule:
    """A thematic break."""

    gutters: tuple[Gutter, ...]
    plain: str

    @property
    def line_count(self) -> int:
        """How many logical lines it has."""
        return 1


class CodeLine(NamedTuple):
    """One line of code."""

    shown: str
    plain: str
    spans: list[Span]
    atoms: list[Atom]


@dataclass(slots=True)
class Code:
    """A code block, or the part of one in this piece."""

    gutters: tuple[Gutter, ...]
    language: str
    """The first word after the opening fence, as written."""
    source: str
    """The code in this piece, with its final newline if it has one."""
    ident: int
    """Identifies the code block in its message."""
    has_header: bool
    lines: list[CodeLine]

    @property
    def line_count(self) -> int:
        """How many logical lines it has."""
        return len(self.lines) or int(self.has_header)


class CellLine(NamedTuple):
    """One line of a table cell."""

    shown: str
    spans: list[Span]
    targets: list[Target]


@dataclass(slots=True)
class Cell:
    """A table cell."""

    lines: list[CellLine]
    """More than one if the source has `<br>`."""
    start: int
    """Offset of the shown text in the row's plain text if it is found there; else the cell's offset."""
    length: int
    exact: bool
    """Whether the plain text has exactly the characters shown."""


@dataclass(slots=True)
class Table:
    """A table, or the part of one in this piece."""

    gutters: tuple[Gutter, ...]
    aligns: list[str]
    """`left`, `center` or `right`."""
    header: list[Cell]
    rows: list[list[Cell]]
    plain: list[str]
    """The source lines: header, delimiter row, rows; without the first two if the piece continues a table."""
    natural: list[int]
    """Preferred width of each column in cells; the same in all pieces of one table."""
    minimum: list[int]
    """Width of each column's longest word in cells."""
    goes_on: bool
    """Whether an earlier piece has the header."""

    @property
    def line_count(self) -> int:
        """How many logical lines it has."""
        return len(self.plain)


Block: TypeAlias = Text | Blank | Rule | Code | Table


@dataclass(slots=True)
class Blocks:
    """A parsed piece."""

    blocks: list[Block]
    plain: list[str]
    """The logical lines as copied, without newlines."""

    @property
    def indents(self) -> list[int]:
        """How many characters each logical line is indented by the list items around it."""
        found: list[int] = []
        for block in self.blocks:
            columns = sum(len(gutter.text) for gutter in block.gutters if not gutter.text.strip())
            found.extend([columns] * block.line_count)
        return found
