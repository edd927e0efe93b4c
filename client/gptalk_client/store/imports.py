"""Imported conversations; importing the same file twice changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from gptalk_client.models import ReplyFacts, Role, Status
from gptalk_client.store.base import StorePart
from gptalk_client.store.rows import insert_message, new_id, options_text, set_active_leaf, set_reasoning
from gptalk_client.store.writers import BROKEN_OFF, index_message
from gptalk_client.text import storable
from gptalk_client.textsearch.folding import fold

OWN_SOURCE = "gptalk-tui"
"""The source name of this program's own JSON, whose ids are kept."""

ImportResult: TypeAlias = Literal["added", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class ImportedMessage:
    """One message as found in its source."""

    source_id: str
    """Its id there, or its position in the conversation if the source has no ids."""
    parent_source_id: str | None
    """None, or an id that is not among the messages, means a root."""
    role: Role
    content: str
    created_at_ms: int
    status: Status = Status.COMPLETE
    model: str = ""
    error: str = ""
    reasoning: str = ""
    """What the model thought before it replied; empty if the source doesn't have it."""
    provider: str = ""
    facts: ReplyFacts = field(default_factory=ReplyFacts)


@dataclass(frozen=True, slots=True)
class ImportedConversation:
    """One conversation as found in its source."""

    source_id: str
    """Its id there; the same id means the same conversation."""
    title: str
    created_at_ms: int
    updated_at_ms: int
    messages: Sequence[ImportedMessage]
    system_prompt: str = ""
    model: str = ""
    provider: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    archived: bool = False
    pinned: bool = False
    active_source_id: str | None = None
    """The leaf of the branch to show; by default the last message."""


class _DryRun(Exception):
    pass


class Imports(StorePart):
    """The part of the store for imports."""

    def import_conversations(
        self, source: str, conversations: Iterable[ImportedConversation], *, dry_run: bool = False
    ) -> list[ImportResult]:
        """Import conversations, all of them in one transaction.

        Conversations known by source and source id are updated: new messages are added, changed texts
        replaced; the user's own titles, messages written here and deletions stay. From
        `OWN_SOURCE`, ids are kept, and what already exists is left alone.

        Args:
            source: Which tool, such as `chatgpt`.
            conversations: A few hundred at a time, so that other writers need not wait.
            dry_run: Report what would happen, and change nothing.

        Returns:
            What happened to each.

        Raises:
            StoreError: It could not be written; nothing was changed.
        """
        results: list[ImportResult] = []
        try:
            with self._db.write() as con:
                results.extend(_import(con, source, conversation) for conversation in conversations)
                if dry_run:
                    raise _DryRun
        except _DryRun:
            pass
        return results


def _import(con: sqlite3.Connection, source: str, given: ImportedConversation) -> ImportResult:
    digest = _digest(given)
    row = con.execute(
        "SELECT conversation_seq, digest FROM import_source WHERE source = ? AND source_id = ?",
        (source, given.source_id),
    ).fetchone()
    if row is not None and row[1] == digest:
        return "unchanged"
    is_own = source == OWN_SOURCE
    seq = row[0] if row is not None else _own_conversation(con, given.source_id) if is_own else None
    if seq is None:
        seq = _add(con, given, is_own)
        result: ImportResult = "added"
    else:
        result = _update(con, seq, given, is_own)
    con.execute(
        "INSERT OR REPLACE INTO import_source (source, source_id, conversation_seq, digest)"
        " VALUES (?, ?, ?, ?)",
        (source, given.source_id, seq, digest),
    )
    return result


def _digest(given: ImportedConversation) -> bytes:
    import hashlib  # only imports need it

    hashed = hashlib.blake2b(digest_size=16)
    hashed.update(
        repr((
            given.title, given.updated_at_ms, given.system_prompt, given.model, given.provider,
            given.active_source_id,
            [(m.source_id, m.parent_source_id, m.role.value, m.status.value) for m in given.messages],
        )).encode("utf-8", "surrogatepass")
    )  # fmt: skip
    for message in given.messages:
        hashed.update(message.content.encode("utf-8", "surrogatepass"))
        hashed.update(b"\0")
        if message.reasoning:  # earlier versions did not have it
            hashed.update(message.reasoning.encode("utf-8", "surrogatepass"))
            hashed.update(b"\1")
    return hashed.digest()


def _own_conversation(con: sqlite3.Connection, conversation_id: str) -> int | None:
    row = con.execute("SELECT seq FROM conversation WHERE id = ?", (conversation_id,)).fetchone()
    return None if row is None else int(row[0])


def _is_id(text: str) -> bool:
    return len(text) == 32 and all(character in "0123456789abcdef" for character in text)


def _add(con: sqlite3.Connection, given: ImportedConversation, is_own: bool) -> int:
    title = storable(given.title).strip()
    cursor = con.execute(
        "INSERT INTO conversation (id, title, title_key, created_at_ms, updated_at_ms, system_prompt, model,"
        " provider, options, archived, pinned) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            given.source_id if is_own and _is_id(given.source_id) else new_id(), title, fold(title),
            given.created_at_ms, given.updated_at_ms, storable(given.system_prompt), storable(given.model),
            storable(given.provider), options_text(given.options), given.archived, given.pinned,
        ),
    )  # fmt: skip
    seq = int(cursor.lastrowid or 0)
    known: dict[str, int] = {}
    _add_messages(con, seq, given.messages, known, is_own)
    if known:
        last = next(reversed(known.values()))
        set_active_leaf(con, seq, known.get(given.active_source_id or "", last))
    return seq


def _update(con: sqlite3.Connection, seq: int, given: ImportedConversation, is_own: bool) -> ImportResult:
    known = {
        source_id: message
        for message, source_id in con.execute(
            "SELECT seq, source_id FROM message WHERE conversation_seq = ? AND source_id IS NOT NULL", (seq,)
        )
    }
    if is_own:
        own_ids = con.execute("SELECT id, seq FROM message WHERE conversation_seq = ?", (seq,)).fetchall()
        known = {**dict(own_ids), **known}
    active = con.execute("SELECT active_seq FROM conversation WHERE seq = ?", (seq,)).fetchone()[0]
    was_left_alone = active is None or active in known.values()
    edited = (
        0
        if is_own
        else sum(_edit(con, known[m.source_id], m) for m in given.messages if m.source_id in known)
    )
    retitled = 0 if is_own else _retitle(con, seq, given.title)
    added = _add_messages(con, seq, given.messages, known, is_own)
    if not (edited or retitled or added):
        return "unchanged"
    con.execute(
        "UPDATE conversation SET updated_at_ms = max(updated_at_ms, ?) WHERE seq = ?",
        (given.updated_at_ms, seq),
    )
    shown = known.get(given.active_source_id or "")
    if added and was_left_alone and shown is not None:
        deleted = con.execute("SELECT deletion_seq FROM message WHERE seq = ?", (shown,)).fetchone()[0]
        if deleted is None:
            set_active_leaf(con, seq, shown)
    return "updated"


def _edit(con: sqlite3.Connection, seq: int, message: ImportedMessage) -> int:
    content = storable(message.content)
    changed = con.execute(
        "UPDATE message_text SET content = ? WHERE seq = ? AND content <> ?", (content, seq, content)
    ).rowcount
    if changed:
        con.execute("UPDATE message SET size_chars = ? WHERE seq = ?", (len(content), seq))
        index_message(con, seq, content)
    reasoning = storable(message.reasoning)
    known = con.execute("SELECT content FROM message_reasoning WHERE seq = ?", (seq,)).fetchone()
    if not reasoning or (known is not None and known[0] == reasoning):
        return changed
    set_reasoning(con, seq, reasoning)
    return 1


def _retitle(con: sqlite3.Connection, seq: int, title: str) -> int:
    title = storable(title).strip()
    return con.execute(
        "UPDATE conversation SET title = ?, title_key = ? WHERE seq = ? AND renamed = 0 AND title <> ?",
        (title, fold(title), seq, title),
    ).rowcount


def _add_messages(
    con: sqlite3.Connection,
    conversation: int,
    messages: Sequence[ImportedMessage],
    known: dict[str, int],
    is_own: bool,
) -> int:
    """Insert the messages that are not in `known`, parents first, and return how many there were."""
    added = 0
    for message in _parents_first(messages):
        if message.source_id in known:
            continue
        is_open = message.status is Status.STREAMING
        parent = known.get(message.parent_source_id or "")
        seq = insert_message(
            con, conversation=conversation, parent=parent, role=message.role, content=message.content,
            status=Status.INCOMPLETE if is_open else message.status, created_at_ms=message.created_at_ms,
            model=message.model, error=BROKEN_OFF if is_open else message.error, source_id=message.source_id,
            provider=message.provider, reasoning=message.reasoning, facts=message.facts,
            message_id=message.source_id if is_own and _is_free_id(con, message.source_id) else "",
        )  # fmt: skip
        if parent is not None:  # a message below a deleted one is deleted too
            con.execute(
                "UPDATE message SET deletion_seq = (SELECT deletion_seq FROM message WHERE seq = ?)"
                " WHERE seq = ?",
                (parent, seq),
            )
        index_message(con, seq, storable(message.content))
        known[message.source_id] = seq
        added += 1
    return added


def _is_free_id(con: sqlite3.Connection, message_id: str) -> bool:
    return (
        _is_id(message_id) and not con.execute("SELECT 1 FROM message WHERE id = ?", (message_id,)).fetchone()
    )


def _parents_first(messages: Sequence[ImportedMessage]) -> list[ImportedMessage]:
    """Return the messages in order, but none before its parent; cycles of parents are broken."""
    by_id = {message.source_id: message for message in reversed(messages)}
    done: dict[str, ImportedMessage] = {}
    for message in messages:
        chain: list[ImportedMessage] = []
        waiting: set[str] = set()
        at: ImportedMessage | None = by_id[message.source_id]
        while at is not None and at.source_id not in done and at.source_id not in waiting:
            chain.append(at)
            waiting.add(at.source_id)
            at = by_id.get(at.parent_source_id or "")
        for each in reversed(chain):
            done[each.source_id] = each
    return list(done.values())
