"""The rows of the list of conversations: grouped by day, pinned first, with marks and ages."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from gptalk_client.models import Conversation
from gptalk_client.text import one_line
from gptalk_tui.widgets.row_list import Row

STREAMING_MARK = "⠶"
UNREAD_MARK = "●"
ACTIVE_MARK = "┃"
UNTITLED = "New conversation"


def title_of(conversation: Conversation) -> str:
    """Return a conversation's title, harmless and never empty."""
    return one_line(conversation.title) or UNTITLED


def group_of(updated: datetime, now: datetime) -> str:
    """Return the heading that a conversation stands under: a day, this week, or a month."""
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
    """Return how long ago that was, in three or four characters."""
    seconds = max(0, int((now - updated).total_seconds()))
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return "now"


def rows_of(
    conversations: Iterable[Conversation],
    *,
    now: datetime,
    active: str | None = None,
    streaming: Collection[str] = (),
) -> list[Row]:
    """Return the rows of the list.

    Args:
        conversations: Pinned ones first, then by the time of the last change, newest first.
        now: The present time, with its zone.
        active: The conversation that is shown.
        streaming: The conversations in which a reply streams.
    """
    rows: list[Row] = []
    group = None
    for conversation in conversations:
        updated = datetime.fromtimestamp(conversation.updated_at_ms / 1000, now.tzinfo)
        heading = "Pinned" if conversation.pinned else group_of(updated, now)
        if heading != group:
            group = heading
            rows.append(Row("", heading))
        if conversation.id in streaming:
            right = STREAMING_MARK
        elif conversation.unread:
            right = UNREAD_MARK
        else:
            right = age_of(updated, now)
        mark = ACTIVE_MARK if conversation.id == active else ""
        rows.append(Row(conversation.id, title_of(conversation), right, mark))
    return rows
