"""Tables: from tokens to cells, and the preferred widths of their columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.cells import cell_len

from gptalk_tui.markdown.blocks import Cell, CellLine, Gutter, Table
from gptalk_tui.markdown.inline import InlineReader
from gptalk_tui.markdown.parser import parser

if TYPE_CHECKING:
    from markdown_it.token import Token

_UNESCAPED_PIPE = re.compile(r"(?<!\\)\|")
_ALIGNS = {"text-align:left": "left", "text-align:center": "center", "text-align:right": "right"}


def read_table(
    tokens: Sequence[Token],
    index: int,
    source_lines: Sequence[str],
    gutters: tuple[Gutter, ...],
    basis: str = "",
    *,
    shows_ticks: bool = False,
) -> tuple[Table, int]:
    """Read the table whose opening token is at an index.

    Args:
        tokens: The tokens of the whole piece.
        index: The index of `table_open`.
        source_lines: The lines that the tokens' line numbers refer to.
        gutters: Decoration before each line.
        basis: The table's first rows, which set the widths, if the piece continues a table.
        shows_ticks: Show the backticks around code.

    Returns:
        The table, and the index after its closing token.
    """
    rows: list[list[Cell]] = []
    plain: list[str] = []
    aligns: list[str] = []
    row: list[Cell] = []
    places: list[tuple[int, int]] = []
    while tokens[index].type != "table_close":
        token = tokens[index]
        if token.type == "tr_open":
            row = []
            line = token.map[0] if token.map else 0
            plain.append(source_lines[line].strip())
            places = _places(plain[-1])
        elif token.type == "tr_close":
            rows.append(row)
            if len(rows) == 1:
                plain.append(source_lines[line + 1].strip())
        elif token.type in ("th_open", "td_open"):
            if token.type == "th_open":
                aligns.append(_ALIGNS.get(str(token.attrs.get("style", "")), "left"))
            base = "header" if token.type == "th_open" else "text"
            place = places[len(row)] if len(row) < len(places) else (len(plain[-1]), len(plain[-1]))
            row.append(_cell(tokens[index + 1], base, plain[-1], place, shows_ticks))
        index += 1
    header, body = rows[0], rows[1:]
    if basis:
        plain = plain[2:]
        natural, minimum = _basis_widths(basis, shows_ticks)
    else:
        natural, minimum = _widths(rows)
    return Table(gutters, aligns, header, body, plain, natural, minimum, bool(basis)), index + 1


def _places(row: str) -> list[tuple[int, int]]:
    """Return start and end of each cell's text in a row, without surrounding spaces."""
    bounds = [found.start() for found in _UNESCAPED_PIPE.finditer(row)]
    starts = [0, *(bound + 1 for bound in bounds)]
    ends = [*bounds, len(row)]
    places = []
    for start, end in zip(starts, ends, strict=True):
        text = row[start:end]
        left = len(text) - len(text.lstrip())
        places.append((start + left, start + max(left, len(text.rstrip()))))
    if bounds and bounds[0] == 0:
        places.pop(0)
    return places


def _cell(token: Token, base: str, row: str, place: tuple[int, int], shows_ticks: bool) -> Cell:
    lines = [
        CellLine(line.shown, line.spans, line.targets)
        for line in InlineReader(base, shows_ticks=shows_ticks).read(token.children or [])
    ]
    start, end = place
    shown = lines[0].shown
    found = row.find(shown, start, end) if len(lines) == 1 else -1
    if found < 0:
        return Cell(lines, start, end - start, False)
    return Cell(lines, found, len(shown), True)


def _widths(rows: Sequence[Sequence[Cell]]) -> tuple[list[int], list[int]]:
    """Return the width of each column's longest line, and of its longest word, in cells."""
    columns = len(rows[0])
    natural, minimum = [1] * columns, [1] * columns
    for row in rows:
        for column, cell in enumerate(row[:columns]):
            for line in cell.lines:
                natural[column] = max(natural[column], cell_len(line.shown))
                for word in line.shown.split(" "):
                    if len(word) > minimum[column] or not word.isascii():
                        minimum[column] = max(minimum[column], _unbreakable(word))
    return natural, minimum


def _unbreakable(word: str) -> int:
    """Return the width that cannot be wrapped: two cells for wide letters, which wrap anywhere."""
    if word.isascii():
        return len(word)
    cells = cell_len(word)
    return 2 if cells >= len(word) * 2 - 1 else cells


@lru_cache(16)
def _basis_widths(basis: str, shows_ticks: bool) -> tuple[list[int], list[int]]:
    tokens = parser(basis).parse(basis, {"references": {}})
    lines = basis.split("\n")
    for index, token in enumerate(tokens):
        if token.type == "table_open":
            table, _ = read_table(tokens, index, lines, (), shows_ticks=shows_ticks)
            return table.natural, table.minimum
    return [1], [1]
