"""Conversions between rows and models, for every part of the store."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

from gptalk_client.errors import UsageError
from gptalk_client.models import (
    EARLIEST_MS,
    LATEST_MS,
    Conversation,
    Message,
    ReplyFacts,
    Role,
    Status,
    Usage,
)
from gptalk_client.text import storable
from gptalk_client.textsearch.folding import fold

_DELETED = "It may have been deleted by another program."
_NO_FACTS = ReplyFacts()


class _Unset(Enum):
    UNSET = "unset"


Unset: TypeAlias = Literal[_Unset.UNSET]
UNSET: Final = _Unset.UNSET
"""The default of an argument for which None has a meaning."""


def readable_time(column: str) -> str:
    """Return the SQL of a time that can always be formatted, whatever an old file contains."""
    return f"CAST(max({EARLIEST_MS}, min({column}, {LATEST_MS})) AS INTEGER)"


CONVERSATION_SELECT = f"""
    SELECT c.id, c.title, {readable_time("c.created_at_ms")}, {readable_time("c.updated_at_ms")},
           (SELECT count(*) FROM message m WHERE m.conversation_seq = c.seq AND m.deletion_seq IS NULL),
           c.system_prompt, c.model, c.provider, c.options, c.archived, c.pinned, c.unread,
           c.trashed_at_ms IS NOT NULL, (SELECT m.id FROM message m WHERE m.seq = c.active_seq), c.draft,
           c.tags
      FROM conversation c"""


def _parts(table: str) -> str:
    return f"""CASE m.status WHEN 'streaming' THEN coalesce(
        (SELECT group_concat(r.text, '') FROM
            (SELECT text FROM {table} WHERE message_seq = m.seq ORDER BY part) r), '') ELSE '' END"""


CONTENT = f"t.content || {_parts('reply_part')}"
"""A message's text, including the flushed parts of a reply that is still being written."""

REASONING = f"""
    CASE m.reasoning_chars WHEN 0 THEN '' ELSE
        coalesce((SELECT content FROM message_reasoning WHERE seq = m.seq), '')
            || {_parts("reasoning_part")} END"""
"""A message's reasoning, like its text."""

MESSAGE_SELECT = f"""
    SELECT m.id, c.id, p.id, m.role, {CONTENT}, m.status, {readable_time("m.created_at_ms")}, m.model,
           m.error, {REASONING}, m.provider, m.finish_reason, m.prompt_tokens, m.completion_tokens,
           m.reasoning_tokens, m.first_text_ms, m.reasoning_ms, m.duration_ms, m.edited
      FROM message m
      JOIN message_text t ON t.seq = m.seq
      JOIN conversation c ON c.seq = m.conversation_seq
      LEFT JOIN message p ON p.seq = m.parent_seq"""


def now_ms() -> int:
    """Return the time in milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """Return 32 random hex digits."""
    return os.urandom(16).hex()


def conversation_from(row: tuple[Any, ...]) -> Conversation:
    """Return the conversation of a row of `CONVERSATION_SELECT`."""
    return Conversation(
        id=row[0],
        title=row[1],
        created_at_ms=row[2],
        updated_at_ms=row[3],
        message_count=row[4],
        system_prompt=row[5],
        model=row[6],
        provider=row[7],
        options=options_from(row[8]),
        archived=bool(row[9]),
        pinned=bool(row[10]),
        unread=bool(row[11]),
        trashed=bool(row[12]),
        active_message_id=row[13],
        draft=row[14],
        tags=tuple(row[15].split()),
    )


def read_conversation(con: sqlite3.Connection, seq: int) -> Conversation:
    """Return the conversation of a row number that exists."""
    return conversation_from(con.execute(f"{CONVERSATION_SELECT} WHERE c.seq = ?", (seq,)).fetchone())


def message_from(row: tuple[Any, ...]) -> Message:
    """Return the message of a row of `MESSAGE_SELECT`."""
    return Message(
        id=row[0],
        conversation_id=row[1],
        parent_id=row[2],
        role=Role(row[3]),
        content=row[4],
        status=Status(row[5]),
        created_at_ms=row[6],
        model=row[7],
        error=row[8],
        reasoning=row[9],
        provider=row[10],
        finish_reason=row[11],
        usage=usage_from(*row[12:15]),
        first_text_ms=row[15],
        reasoning_ms=row[16],
        duration_ms=row[17],
        edited=bool(row[18]),
    )


def usage_from(prompt: int | None, completion: int | None, reasoning: int | None) -> Usage | None:
    """Return the tokens of a row; None if none were counted."""
    if prompt is completion is reasoning is None:
        return None
    return Usage(prompt, completion, reasoning)


def options_text(options: Mapping[str, Any] | None) -> str:
    """Return the options as stored: JSON, or empty if there are none."""
    if not options:
        return ""
    import json  # most conversations have no options

    try:
        return json.dumps(dict(options), ensure_ascii=True, sort_keys=True)
    except (TypeError, ValueError) as err:
        raise UsageError(f"These options can't be saved: {err}.") from err


def options_from(text: str) -> dict[str, Any]:
    """Return the options that `options_text` wrote; none if the text is damaged."""
    if not text:
        return {}
    import json  # most conversations have no options

    try:
        options = json.loads(text)
    except ValueError:
        return {}
    return options if isinstance(options, dict) else {}


def conversation_seq(con: sqlite3.Connection, conversation_id: str) -> int:
    """Return the row number of a conversation.

    Raises:
        UsageError: There is no such conversation.
    """
    row = con.execute("SELECT seq FROM conversation WHERE id = ?", (conversation_id,)).fetchone()
    if row is None:
        raise UsageError(f"There is no conversation {conversation_id[:12]!r}.", hint=_DELETED)
    return int(row[0])


def ensure_conversation(con: sqlite3.Connection, conversation_id: str, new: Conversation | None) -> int:
    """Return the row number of a conversation, which is stored first if it is new and not there yet.

    Args:
        con: A connection with an open transaction.
        conversation_id: A full id.
        new: What to store under that id; None stores nothing.

    Raises:
        UsageError: There is no such conversation, and nothing to store.
    """
    if new is not None:
        row = con.execute("SELECT seq FROM conversation WHERE id = ?", (conversation_id,)).fetchone()
        if row is None:
            return insert_conversation(con, replace(new, id=conversation_id))
    return conversation_seq(con, conversation_id)


def message_seq(con: sqlite3.Connection, message_id: str) -> tuple[int, int]:
    """Return the row numbers of a message and of its conversation.

    Raises:
        UsageError: There is no such message, or it is deleted.
    """
    row = con.execute(
        "SELECT seq, conversation_seq FROM message WHERE id = ? AND deletion_seq IS NULL", (message_id,)
    ).fetchone()
    if row is None:
        raise UsageError(f"There is no message {message_id[:12]!r}.", hint=_DELETED)
    return int(row[0]), int(row[1])


def read_message(con: sqlite3.Connection, seq: int) -> Message:
    """Return the message of a row number that exists."""
    return message_from(con.execute(f"{MESSAGE_SELECT} WHERE m.seq = ?", (seq,)).fetchone())


def insert_conversation(con: sqlite3.Connection, conversation: Conversation) -> int:
    """Insert a conversation as it is now made, with what was chosen for it, and return its row number.

    Args:
        con: A connection with an open transaction.
        conversation: Its id, title, settings and draft; the times are now. A title counts as given by the
            person.
    """
    title = storable(conversation.title).strip()
    now = now_ms()
    cursor = con.execute(
        "INSERT INTO conversation (id, title, title_key, renamed, created_at_ms, updated_at_ms,"
        " system_prompt, model, provider, options, draft) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            conversation.id, title, fold(title), bool(title), now, now, storable(conversation.system_prompt),
            storable(conversation.model), storable(conversation.provider), options_text(conversation.options),
            storable(conversation.draft),
        ),
    )  # fmt: skip
    return int(cursor.lastrowid or 0)


def insert_message(
    con: sqlite3.Connection,
    *,
    conversation: int,
    parent: int | None,
    role: Role,
    content: str,
    status: Status,
    created_at_ms: int,
    model: str = "",
    error: str = "",
    owner: str = "",
    message_id: str = "",
    source_id: str | None = None,
    provider: str = "",
    reasoning: str = "",
    facts: ReplyFacts = _NO_FACTS,
) -> int:
    """Insert a message with its text and its reasoning, and return its row number."""
    content = storable(content)
    cursor = con.execute(
        "INSERT INTO message (id, conversation_seq, parent_seq, role, status, created_at_ms, size_chars,"
        " model, error, owner, source_id, provider) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            message_id or new_id(), conversation, parent, role.value, status.value, created_at_ms,
            len(content), storable(model), storable(error), owner, source_id, storable(provider),
        ),
    )  # fmt: skip
    seq = int(cursor.lastrowid or 0)
    con.execute("INSERT INTO message_text (seq, content) VALUES (?, ?)", (seq, content))
    if reasoning:
        set_reasoning(con, seq, storable(reasoning))
    if facts != _NO_FACTS:
        set_facts(con, seq, facts)
    return seq


def set_reasoning(con: sqlite3.Connection, seq: int, reasoning: str) -> None:
    """Replace all of a message's reasoning, its flushed parts included."""
    con.execute("DELETE FROM reasoning_part WHERE message_seq = ?", (seq,))
    con.execute("DELETE FROM message_reasoning WHERE seq = ?", (seq,))
    if reasoning:
        con.execute("INSERT INTO message_reasoning (seq, content) VALUES (?, ?)", (seq, reasoning))
    con.execute("UPDATE message SET reasoning_chars = ? WHERE seq = ?", (len(reasoning), seq))


def set_facts(con: sqlite3.Connection, seq: int, facts: ReplyFacts) -> None:
    """Replace what is recorded of a reply beside its text."""
    usage = facts.usage or Usage()
    con.execute(
        "UPDATE message SET finish_reason = ?, prompt_tokens = ?, completion_tokens = ?, reasoning_tokens = ?,"
        " first_text_ms = ?, reasoning_ms = ?, duration_ms = ?, edited = ? WHERE seq = ?",
        (
            storable(facts.finish_reason), usage.prompt_tokens, usage.completion_tokens, usage.reasoning_tokens,
            facts.first_text_ms, facts.reasoning_ms, facts.duration_ms, facts.edited, seq,
        ),
    )  # fmt: skip


def set_active_leaf(con: sqlite3.Connection, conversation: int, seq: int | None) -> None:
    """Make a message the active leaf, and the last viewed among its siblings."""
    con.execute(
        "UPDATE conversation SET active_seq = ?, touches = touches + 1 WHERE seq = ?", (seq, conversation)
    )
    if seq is not None:
        con.execute(
            "UPDATE message SET touched = (SELECT touches FROM conversation WHERE seq = ?) WHERE seq = ?",
            (conversation, seq),
        )
