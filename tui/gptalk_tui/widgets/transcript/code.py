"""The code blocks of a message, each as a whole even if painted in several pieces."""

from __future__ import annotations

import msgspec

from gptalk_tui.widgets.transcript.document import Document
from gptalk_tui.widgets.transcript.position import Position
from gptalk_tui.widgets.transcript.selection import Selection, Spot


class CodeBlock(msgspec.Struct):
    """One code block of a message."""

    position: Position
    """Its first painted line."""
    selection: Selection
    """All of its lines."""
    source: str
    """As written."""
    ident: int


def code_blocks(document: Document, message: int, *, of_reasoning: bool = False) -> list[CodeBlock]:
    """Return the code blocks of a message's text, or of its reasoning, first one first."""
    blocks: list[CodeBlock] = []
    rows = document.rows(message)
    for row in range(1, rows.first) if of_reasoning else range(rows.first, len(rows.heights)):
        if rows.piece(row) is None:
            continue
        rendered = document.rendered(message, row)
        for area in rendered.codes:
            lines = [
                painted.line
                for painted in rendered.lines[area.first_line : area.last_line + 1]
                if painted.line is not None and painted.line.length
            ]
            if not lines:
                continue
            end = Spot(message, row, lines[-1].logical, len(rendered.plain[lines[-1].logical]))
            if blocks and blocks[-1].ident == area.ident:
                block = blocks[-1]
                block.source += area.source
                block.selection = Selection(block.selection.anchor, end)
            else:
                start = Spot(message, row, lines[0].logical, 0)
                position = Position(message, row, area.first_line)
                blocks.append(CodeBlock(position, Selection(start, end), area.source, area.ident))
    return blocks


def code_source(document: Document, message: int, row: int, ident: int) -> str:
    """Return the source of the code block that a row shows, as written; empty if there is no such block."""
    blocks = code_blocks(document, message, of_reasoning=row < document.rows(message).first)
    return next((block.source for block in blocks if block.ident == ident), "")
