"""The links of a message, each as a whole even if it is wrapped."""

from __future__ import annotations

import msgspec

from gptalk_tui.widgets.transcript.document import Document
from gptalk_tui.widgets.transcript.position import Position
from gptalk_tui.widgets.transcript.selection import Selection, Spot


class MessageLink(msgspec.Struct):
    """One link of a message."""

    position: Position
    """The painted line where it starts."""
    selection: Selection
    """All of its text."""
    url: str
    """Starts with `http:`, `https:` or `mailto:`."""


def message_links(document: Document, message: int) -> list[MessageLink]:
    """Return the links of a message's text, first one first."""
    found: list[MessageLink] = []
    rows = document.rows(message)
    for row in range(rows.first, len(rows.heights)):
        if rows.piece(row) is None:
            continue
        rendered = document.rendered(message, row)
        for link in rendered.painted.links if rendered.painted is not None else ():
            line = rendered.lines[link.line].line
            if line is None:
                continue
            start = Spot(message, row, line.logical, line.offset_at(link.x0))
            end = start._replace(offset=line.offset_at(link.x1))
            last = found[-1] if found else None
            if last is not None and line.wrapped and _goes_on(last, link.url, start, link.x0 == line.indent):
                last.selection = Selection(last.selection.anchor, end)
            else:
                found.append(MessageLink(Position(message, row, link.line), Selection(start, end), link.url))
    return found


def _goes_on(last: MessageLink, url: str, start: Spot, is_at_line_start: bool) -> bool:
    return last.url == url and is_at_line_start and last.selection.head[:3] == start[:3]
