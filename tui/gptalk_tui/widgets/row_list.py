"""A list of one-line rows that costs the same with ten and ten thousand: only visible rows are painted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gptalk_client.records import Record

TEXT_AT_CELLS = 3
"""Where the text of rows and headings begins, after the gutter for marks."""

DETAIL_AT_CELLS, DETAIL_FROM_CELLS = 30, 54
"""Where details begin in a row, and how much room a row must have to show them, in cells."""

LONGEST_KEPT = 12
"""What is at the right of a row is not cut up to this width, in cells."""
LEAST_ASIDE = 4
"""The room, in cells, from which on the beginning of what goes after a text says something."""


class Row(Record, frozen=True):
    """One row of a list. Its texts are shown as they are: sanitise text from outside first."""

    key: str
    """Identifies the row in `RowList.Chosen`; empty for a heading, which cannot be chosen."""
    text: str
    right: str = ""
    """Dim, at the right edge."""
    mark: str = ""
    """One cell before the text, in the accent."""
    aside: str = ""
    """Dim, after the text, where there is room."""
    spans: tuple[tuple[int, int], ...] = ()
    """Start and end of each emphasised part of the text, such as a match, in characters."""
    detail: str = ""
    """Dim, in a column of its own, where there is room for it."""
    words: str = ""
    """Not shown: what else the row is found by."""
    is_dim: bool = False
    """Whether the row is for what isn't available now."""

    @property
    def is_heading(self) -> bool:
        """Whether the row is a heading for those below it."""
        return not self.key


class LazyRows(Sequence[Row]):
    """Rows created on demand, because there may be thousands."""

    def find(self, key: str) -> int:
        """Return the index of the row with a key; -1 if there is none."""
        raise NotImplementedError


class RowList(ScrollView, can_focus=True):
    """Rows to move through and choose from, by keyboard or mouse."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    RowList { height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-list--row",
        "row-list--heading",
        "row-list--right",
        "row-list--mark",
        "row-list--highlighted",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "edge(-1)", "First", show=False),
        Binding("end", "edge(1)", "Last", show=False),
        Binding("enter", "choose", "Choose", show=False),
    ]

    @dataclass
    class Chosen(Message):
        """A row was chosen with Enter or a click."""

        rows: RowList
        key: str

        @property
        def control(self) -> RowList:
            """The list."""
            return self.rows

    @dataclass
    class Highlighted(Message):
        """The highlight moved to another row."""

        rows: RowList
        key: str

        @property
        def control(self) -> RowList:
            """The list."""
            return self.rows

    @dataclass
    class EndNeared(Message):
        """The last rows are in view or about to be: time to load more."""

        rows: RowList

        @property
        def control(self) -> RowList:
            """The list."""
            return self.rows

    def __init__(self, *, empty_text: str = "", id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.empty_text = empty_text
        self._rows: Sequence[Row] = ()
        self._at = -1

    @property
    def rows(self) -> Sequence[Row]:
        """The rows, headings included."""
        return self._rows

    @property
    def at(self) -> int:
        """Index of the highlighted row; -1 if there is none."""
        return self._at

    @property
    def highlighted(self) -> Row | None:
        """The highlighted row."""
        return self._rows[self._at] if 0 <= self._at < len(self._rows) else None

    def set_rows(self, rows: Iterable[Row], *, highlight: str | None = None) -> None:
        """Replace the rows. The highlight goes to `highlight`, or stays on its key, else goes to the first row."""
        wanted = highlight if highlight is not None else (self.highlighted.key if self.highlighted else None)
        self._rows = rows if isinstance(rows, LazyRows) else list(rows)
        self._at = self._find(wanted) if wanted else -1
        if self._at < 0:
            self._at = self._next_row(-1, 1)
        self.virtual_size = Size(self.size.width, len(self._rows))
        if self.is_attached:
            self._show_highlight()
        self.refresh()

    def highlight(self, key: str) -> None:
        """Highlight the row with a key, if there is one."""
        self._move_to(self._find(key))

    def _find(self, key: str) -> int:
        if isinstance(self._rows, LazyRows):
            return self._rows.find(key)
        return next((i for i, row in enumerate(self._rows) if row.key and row.key == key), -1)

    def action_move(self, by: int) -> None:
        """Move the highlight by one row, past headings."""
        self._move_to(self._next_row(self._at, by))

    def action_page(self, by: int) -> None:
        """Move the highlight by a screenful."""
        target = self._at + by * max(1, self.size.height - 1)
        target = min(max(target, 0), len(self._rows) - 1)
        index = self._next_row(target - by, by)
        self._move_to(index if index >= 0 else self._next_row(target + by, -by))

    def action_edge(self, by: int) -> None:
        """Move the highlight to the first or the last row."""
        self._move_to(self._next_row(-1, 1) if by < 0 else self._next_row(len(self._rows), -1))

    def action_choose(self) -> None:
        """Choose the highlighted row."""
        row = self.highlighted
        if row is not None:
            self.post_message(self.Chosen(self, row.key))

    def _next_row(self, index: int, by: int) -> int:
        index += by
        while 0 <= index < len(self._rows):
            if not self._rows[index].is_heading:
                return index
            index += by
        return -1

    def _move_to(self, index: int) -> None:
        if index < 0 or index == self._at:
            return
        self._at = index
        self._show_highlight()
        self.refresh()
        self.post_message(self.Highlighted(self, self._rows[index].key))

    def _show_highlight(self) -> None:
        if self._at < 0 or not self.size.height:
            return
        first = self._at
        if first > 0 and self._rows[first - 1].is_heading:
            first -= 1
        top = int(self.scroll_y)
        if first < top:
            self.scroll_to(y=first, animate=False, immediate=True)
        elif self._at >= top + self.size.height:
            self.scroll_to(y=self._at - self.size.height + 1, animate=False, immediate=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Post `EndNeared` when the end is near."""
        super().watch_scroll_y(old_value, new_value)
        if new_value > old_value and new_value + 2 * self.size.height >= len(self._rows):
            self.post_message(self.EndNeared(self))

    def on_resize(self) -> None:
        self._show_highlight()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Choose the row that was clicked."""
        index = event.get_content_offset_capture(self).y + int(self.scroll_y)
        if 0 <= index < len(self._rows) and not self._rows[index].is_heading:
            self._move_to(index)
            self.action_choose()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        index = y + int(self.scroll_y)
        base = self.get_component_rich_style("row-list--row")
        if not self._rows and y == 0 and self.empty_text:
            muted = self.get_component_rich_style("row-list--right")
            text = _fitted(self.empty_text, max(0, width - TEXT_AT_CELLS))
            return Strip([Segment(" " * TEXT_AT_CELLS + text, muted)]).adjust_cell_length(width, base)
        if not 0 <= index < len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[index]
        if row.is_heading:
            heading = self.get_component_rich_style("row-list--heading")
            text = _fitted(row.text, max(0, width - TEXT_AT_CELLS - 1))
            return Strip([Segment(" " * TEXT_AT_CELLS + text, heading)]).adjust_cell_length(width, base)
        return self._paint(row, index == self._at, width, base)

    def _paint(self, row: Row, is_highlighted: bool, width: int, base: Style) -> Strip:
        right_style = self.get_component_rich_style("row-list--right")
        mark_style = self.get_component_rich_style("row-list--mark")
        detail_style = right_style
        if row.is_dim:
            base = right_style
        if is_highlighted:
            base = right_style = detail_style = self.get_component_rich_style("row-list--highlighted")
            mark_style = mark_style + Style(bgcolor=base.bgcolor, reverse=base.reverse)
        right = f" {row.right} " if row.right else " "
        room = max(0, width - TEXT_AT_CELLS - cell_len(right))
        if cell_len(row.text) > room and cell_len(row.right) > LONGEST_KEPT:
            # Words at the right give way to the text, a key or an age does not.
            beside = width - TEXT_AT_CELLS - cell_len(row.text) - 3
            right = f"  {_fitted(row.right, beside)} " if beside >= LEAST_ASIDE else " "
            room = max(0, width - TEXT_AT_CELLS - cell_len(right))
        elif cell_len(row.text) > room and cell_len(right) > room:
            right, room = " ", max(0, width - 4)  # the text is more important
        detail = ""
        if row.detail and room >= DETAIL_FROM_CELLS:
            room, all_of_it = DETAIL_AT_CELLS, room
            detail = set_cell_size(" " + _fitted(row.detail, all_of_it - room - 1), all_of_it - room)
        shown, spans = _from_match(row.text, row.spans, room)
        text = _fitted(shown, room)
        left = room - cell_len(text) - 2
        aside = f"  {_fitted(row.aside, left)}" if row.aside and left >= LEAST_ASIDE else ""
        segments = [
            Segment(" ", base),
            Segment(set_cell_size(row.mark or " ", 1), mark_style),
            Segment(" ", base),
            *_emphasised(text, spans, base, mark_style + Style(bold=True)),
            Segment(set_cell_size(aside, room - cell_len(text)), detail_style),
            Segment(detail, detail_style),
            Segment(right, right_style),
        ]
        return Strip(segments).adjust_cell_length(width, base)


def _fitted(text: str, room: int) -> str:
    """Return a text that fits, with an ellipsis if it was cut."""
    return text if cell_len(text) <= room else set_cell_size(text, max(0, room - 1)) + "…"


def _from_match(
    text: str, spans: Sequence[tuple[int, int]], room: int
) -> tuple[str, Sequence[tuple[int, int]]]:
    """Return a text from shortly before its first match on, where the match would be cut off, and the matches."""
    if not spans or cell_len(text[: spans[0][1]]) < room or cell_len(text) <= room:
        return text, spans
    start = spans[0][0]
    while start and cell_len(text[start - 1 : spans[0][1]]) < room * 2 // 3:
        start -= 1
    return f"…{text[start:]}", [(first + 1 - start, last + 1 - start) for first, last in spans]


def _emphasised(text: str, spans: Sequence[tuple[int, int]], base: Style, style: Style) -> Iterable[Segment]:
    at = 0
    for start, end in spans:
        yield Segment(text[at:start], base)
        yield Segment(text[start:end], style)
        at = end
    yield Segment(text[at:], base)
