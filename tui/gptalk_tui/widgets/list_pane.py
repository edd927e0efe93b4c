"""The list of conversations and its filter."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from gptalk_client.models import Conversation
from gptalk_tui.widgets.listing import ConversationRows
from gptalk_tui.widgets.row_list import RowList

REFRESH_AGES_S = 60.0
"""How long the ages shown stay current, in seconds."""


class ListPane(Vertical):
    """Conversations to filter and open. The screen reads them from the store and passes them in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("ctrl+home", "edge(-1)", "First", show=False),
        Binding("ctrl+end", "edge(1)", "Last", show=False),
        Binding("escape", "leave", "Back", show=False),
    ]

    @dataclass
    class Opened(Message):
        """A conversation was chosen."""

        pane: ListPane
        conversation_id: str

    @dataclass
    class Filtered(Message):
        """The filter changed."""

        pane: ListPane
        filter: str

    @dataclass
    class MoreWanted(Message):
        """The end of the loaded conversations is near."""

        pane: ListPane

    @dataclass
    class Left(Message):
        """Esc was pressed, to go back."""

        pane: ListPane

    def __init__(self, *, suggester: Suggester | None = None, id: str | None = None) -> None:
        super().__init__(id=id)
        self._suggester = suggester
        self._conversations: Sequence[Conversation] = ()
        self._active: str | None = None
        self._streaming: Collection[str] = ()
        self._heading = ""
        self._shown_s = 0.0
        self._next: tuple[str, str | None] | None = None
        """A conversation that is about to leave the list, and the one to highlight then."""

    def compose(self) -> ComposeResult:
        yield Static(id="heading", markup=False)
        yield Input(
            placeholder="/ filter",
            id="filter",
            compact=True,
            select_on_focus=False,
            suggester=self._suggester,
        )
        yield RowList(id="rows")

    @property
    def filter(self) -> str:
        """The current filter."""
        return self.query_one("#filter", Input).value

    @property
    def heading(self) -> str:
        """What the list is limited to, such as the archive; empty for the normal list."""
        return self._heading

    def set_heading(self, heading: str) -> None:
        """Name what the list is limited to, and clear the filter."""
        self._heading = heading
        self.query_one("#heading", Static).update(heading)
        self.set_class(bool(heading), "-headed")
        self.query_one("#filter", Input).value = ""

    @property
    def highlighted(self) -> Conversation | None:
        """The highlighted conversation."""
        rows, row = self._rows.rows, self._rows.highlighted
        return rows.conversation(row.key) if row and isinstance(rows, ConversationRows) else None

    @property
    def depth(self) -> int:
        """How many rows there are down to the highlighted one, inclusive."""
        return self._rows.at + 1

    def move_on_from(self, conversation_id: str) -> None:
        """If the conversation leaves the list, highlight the one below it, or else above."""
        ids = [conversation.id for conversation in self._conversations]
        if conversation_id in ids:
            at = ids.index(conversation_id)
            near = next(iter([*ids[at + 1 : at + 2], *ids[max(0, at - 1) : at]]), None)
            self._next = conversation_id, near

    @property
    def _rows(self) -> RowList:
        return self.query_one("#rows", RowList)

    def show(
        self, conversations: Sequence[Conversation], *, active: str | None, streaming: Collection[str]
    ) -> None:
        """Show conversations.

        Args:
            conversations: Those that match the filter, in their order.
            active: The one that is open.
            streaming: Those in which a reply streams.
        """
        kept = self.highlighted if self.has_focus_within else None
        is_kept = kept is not None and any(each.id == kept.id for each in conversations)
        self._conversations, self._active, self._streaming = conversations, active, streaming
        self._shown_s = time.monotonic()
        rows = self._rows
        rows.empty_text = "Nothing matches" if self.filter else self._words_for_none()
        # With a filter the first match is meant; without one, after other conversations were listed, the open one.
        highlight = None if is_kept or (self.has_focus_within and self.filter) else active
        if self._next is not None:
            (gone, near), self._next = self._next, None
            if all(each.id != gone for each in conversations):
                highlight = near
        rows.set_rows(
            ConversationRows(
                conversations,
                now=datetime.now().astimezone(),
                active=active,
                streaming=streaming,
                shows_counts=self.has_class("-wide"),
            ),
            highlight=highlight,
        )

    def _words_for_none(self) -> str:
        return "Nothing here" if self._heading else "No conversations yet"

    def set_wide(self, is_wide: bool) -> None:
        """Show or hide the message counts."""
        if is_wide != self.has_class("-wide"):
            self.set_class(is_wide, "-wide")
            if self.is_mounted:
                self.show(self._conversations, active=self._active, streaming=self._streaming)

    def mark(self, *, active: str | None, streaming: Collection[str]) -> None:
        """Update the marks of the open conversation and of streaming replies."""
        if active != self._active or streaming != self._streaming:
            self.show(self._conversations, active=active, streaming=streaming)

    def grow_older(self) -> None:
        """Update ages and days, at most once a minute."""
        if time.monotonic() - self._shown_s >= REFRESH_AGES_S:
            self.show(self._conversations, active=self._active, streaming=self._streaming)

    def neighbour(self, by: int, of: str | None) -> str | None:
        """Return the conversation above (-1) or below (1) another; the first if that one is not listed."""
        ids = [conversation.id for conversation in self._conversations]
        if not ids:
            return None
        if of not in ids:
            return ids[0]
        at = ids.index(of) + by
        return ids[at] if 0 <= at < len(ids) else None

    def enter(self) -> None:
        """Focus the filter, cleared."""
        box = self.query_one("#filter", Input)
        if box.value:
            box.value = ""
        box.focus()

    def clear_filter(self) -> None:
        """Clear the filter."""
        self.query_one("#filter", Input).value = ""

    def action_move(self, by: int) -> None:
        """Move the highlight."""
        self._rows.action_move(by)

    def action_page(self, by: int) -> None:
        """Move the highlight by a page."""
        self._rows.action_page(by)

    def action_edge(self, by: int) -> None:
        """Move the highlight to the first or the last row."""
        self._rows.action_edge(by)

    def action_leave(self) -> None:
        """Clear the filter and go back."""
        box = self.query_one("#filter", Input)
        if box.value:
            box.value = ""
        self.post_message(self.Left(self))

    def on_descendant_focus(self) -> None:
        self.add_class("-filtering")

    def on_descendant_blur(self) -> None:
        self.remove_class("-filtering")

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Filtered(self, event.value))

    @on(Input.Submitted, "#filter")
    def _filter_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._rows.action_choose()

    @on(RowList.Chosen, "#rows")
    def _row_chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.post_message(self.Opened(self, event.key))

    @on(RowList.EndNeared, "#rows")
    def _end_neared(self, event: RowList.EndNeared) -> None:
        event.stop()
        self.post_message(self.MoreWanted(self))

    @on(RowList.Highlighted, "#rows")
    def _row_highlighted(self, event: RowList.Highlighted) -> None:
        event.stop()

    def on_paste(self, event: events.Paste) -> None:
        """Ignore a paste outside the filter."""
        event.stop()
