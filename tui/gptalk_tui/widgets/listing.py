"""Rows of the conversation list: pinned first, then grouped by day, with marks and ages."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from typing import overload

from gptalk_client.models import Conversation
from gptalk_client.tags import shown_tags
from gptalk_client.text import one_line
from gptalk_tui.widgets.row_list import LazyRows, Row

STREAMING_MARK = "⠶"
UNREAD_MARK = "●"
ACTIVE_MARK = "┃"
AGE_CELLS, COUNT_CELLS = 3, 4
"""How wide the columns of ages and of message counts are."""
UNTITLED = "New conversation"


def title_of(conversation: Conversation) -> str:
    """Return a conversation's title, sanitised and never empty; without one, its draft."""
    draft = one_line(conversation.draft) if not conversation.title else ""
    return one_line(conversation.title) or (f"Draft: {draft}" if draft else UNTITLED)


def group_of(updated: datetime, now: datetime) -> str:
    """Return the heading for a conversation: a day, this week or a month."""
    days = (now.date() - updated.date()).days
    if days <= 0:
        return "Today"
    if days == 1:
        return "Yesterday"
    if updated.date() > now.date() - timedelta(days=7):
        return "This week"
    if updated.year == now.year:
        return f"{updated:%B}"
    return f"{updated:%B %Y}"


def age_of(updated: datetime, now: datetime) -> str:
    """Return the age of a conversation, in two to four characters."""
    seconds = max(0, int((now - updated).total_seconds()))
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return "now"


def _start_of_group(updated: datetime, now: datetime) -> datetime:
    """Return the first moment of the group that a time falls in."""
    days = (now.date() - updated.date()).days
    if days <= 0:
        first = now.date()
    elif days == 1:
        first = updated.date()
    elif updated.date() > now.date() - timedelta(days=7):
        first = now.date() - timedelta(days=6)
    else:
        first = updated.date().replace(day=1)
    return datetime.combine(first, time(), now.tzinfo)


class ConversationRows(LazyRows):
    """The rows of the list. Only headings are computed up front, by bisection, so ten thousand conversations
    cost no more than a dozen.

    Args:
        conversations: Pinned ones first, then the most recently changed.
        now: The current time, with its zone.
        active: Id of the open conversation.
        streaming: Ids of the conversations with a streaming reply.
        shows_counts: Whether there is room for message counts.
    """

    def __init__(
        self,
        conversations: Sequence[Conversation],
        *,
        now: datetime,
        active: str | None = None,
        streaming: Collection[str] = (),
        shows_counts: bool = False,
    ) -> None:
        self._conversations = conversations
        self._now = now
        self._active = active
        self._streaming = streaming
        self._shows_counts = shows_counts
        self._headings: list[str] = []
        self._heading_rows: list[int] = []
        self._index_of: dict[str, int] | None = None
        self._group()

    def _group(self) -> None:
        all_, count = self._conversations, len(self._conversations)
        start = bisect_left(all_, True, key=lambda each: not each.pinned)
        if start:
            self._add_heading("Pinned", 0)
        while start < count:
            updated = self._updated(all_[start])
            self._add_heading(group_of(updated, self._now), start)
            oldest_ms = int(_start_of_group(updated, self._now).timestamp() * 1000)
            end = bisect_right(all_, -oldest_ms, lo=start, key=lambda each: -each.updated_at_ms)
            start = max(end, start + 1)

    def _add_heading(self, text: str, at: int) -> None:
        if self._headings and self._headings[-1] == text:
            return
        self._heading_rows.append(at + len(self._headings))
        self._headings.append(text)

    def _updated(self, conversation: Conversation) -> datetime:
        return datetime.fromtimestamp(conversation.updated_at_ms / 1000, self._now.tzinfo)

    def conversation(self, key: str) -> Conversation | None:
        """Return the conversation with a row's key."""
        index = self._index(key)
        return self._conversations[index] if index >= 0 else None

    def _index(self, key: str) -> int:
        if self._index_of is None:
            self._index_of = {each.id: index for index, each in enumerate(self._conversations)}
        return self._index_of.get(key, -1)

    def find(self, key: str) -> int:
        """Return the index of a conversation's row; -1 if there is none."""
        index = self._index(key)
        if index < 0:
            return -1
        # Each heading shifts the rows below it; those at or above the row count.
        for number, row in enumerate(self._heading_rows):
            if index + number < row:
                return index + number
        return index + len(self._heading_rows)

    def __len__(self) -> int:
        return len(self._conversations) + len(self._headings)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        index %= len(self)
        above = bisect_right(self._heading_rows, index)
        if above and self._heading_rows[above - 1] == index:
            return Row("", self._headings[above - 1])
        return self._row(self._conversations[index - above])

    def _row(self, conversation: Conversation) -> Row:
        if conversation.id in self._streaming:
            right = STREAMING_MARK
        elif conversation.unread:
            right = UNREAD_MARK
        else:
            right = age_of(self._updated(conversation), self._now)
        right = right.rjust(AGE_CELLS)
        if self._shows_counts:
            right = f"{conversation.message_count or '':>{COUNT_CELLS}} {right}"
        mark = ACTIVE_MARK if conversation.id == self._active else ""
        return Row(conversation.id, title_of(conversation), right, mark, shown_tags(conversation.tags))
