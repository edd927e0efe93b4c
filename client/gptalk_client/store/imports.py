"""Imported conversations; importing the same file twice changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from gptalk_client.models import Status
from gptalk_client.store.base import StorePart
from gptalk_client.store.imported import OWN_SOURCE, ImportedConversation, ImportedMessage, parents_first
from gptalk_client.store.merging import (
    changes,
    derived_id,
    merge_conversation,
    merge_message,
    replace_changes,
)
from gptalk_client.store.rows import (
    conversation_seq,
    insert_message,
    new_id,
    options_text,
    set_active_leaf,
    set_reasoning,
)
from gptalk_client.store.tagging import tags_text
from gptalk_client.store.writers import BROKEN_OFF, index_message, index_messages_after, newest_seq
from gptalk_client.tags import valid_tags
from gptalk_client.text import storable
from gptalk_client.textsearch.folding import fold

ImportResult: TypeAlias = Literal["added", "updated", "unchanged"]


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
        `OWN_SOURCE`, ids are kept, and both sides are merged as `store.merging` describes.

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
                before = newest_seq(con)
                results.extend(_import(con, source, conversation) for conversation in conversations)
                index_messages_after(con, before)
                if dry_run:
                    raise _DryRun
        except _DryRun:
            pass
        return results

    def changes(self, conversation_id: str) -> dict[str, int]:
        """Return when the settings of a conversation were last changed, in milliseconds by field.

        Raises:
            UsageError: There is no such conversation.
        """
        with self._db.read() as con:
            return changes(con, conversation_seq(con, conversation_id))


def _import(con: sqlite3.Connection, source: str, given: ImportedConversation) -> ImportResult:
    digest = _digest(given)
    row = con.execute(
        "SELECT conversation_seq, digest FROM import_source WHERE source = ? AND source_id = ?",
        (source, given.source_id),
    ).fetchone()
    if row is not None and row[1] == digest:
        return "unchanged"
    # On every machine the same conversation has the same id, whether imported there or merged from elsewhere.
    known_id = given.source_id if source == OWN_SOURCE else derived_id(source, given.source_id)
    seq = row[0] if row is not None else _conversation_with_id(con, known_id)
    if seq is None:
        seq = _add(con, source, known_id, given)
        result: ImportResult = "added"
    else:
        result = _update(con, seq, source, given)
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
            given.active_source_id, given.archived, given.pinned, options_text(given.options),
            sorted((given.changed_at_ms or {}).items()),
            [(m.source_id, m.parent_source_id, m.role.value, m.status.value) for m in given.messages],
        )).encode("utf-8", "surrogatepass")
    )  # fmt: skip
    for message in given.messages:
        hashed.update(message.content.encode("utf-8", "surrogatepass"))
        hashed.update(b"\0")
        if message.reasoning:  # earlier versions did not have it
            hashed.update(message.reasoning.encode("utf-8", "surrogatepass"))
            hashed.update(b"\1")
    if given.tags:
        hashed.update(repr(sorted(given.tags)).encode("utf-8", "surrogatepass"))
    return hashed.digest()


def _conversation_with_id(con: sqlite3.Connection, conversation_id: str) -> int | None:
    row = con.execute("SELECT seq FROM conversation WHERE id = ?", (conversation_id,)).fetchone()
    return None if row is None else int(row[0])


def _is_id(text: str) -> bool:
    return len(text) == 32 and all(character in "0123456789abcdef" for character in text)


def _add(con: sqlite3.Connection, source: str, known_id: str, given: ImportedConversation) -> int:
    title = storable(given.title).strip()
    cursor = con.execute(
        "INSERT INTO conversation (id, title, title_key, created_at_ms, updated_at_ms, system_prompt, model,"
        " provider, options, archived, pinned, tags) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            known_id if _is_id(known_id) else new_id(), title, fold(title),
            given.created_at_ms, given.updated_at_ms, storable(given.system_prompt), storable(given.model),
            storable(given.provider), options_text(given.options), given.archived, given.pinned,
            tags_text(valid_tags(given.tags)),
        ),
    )  # fmt: skip
    seq = int(cursor.lastrowid or 0)
    known: dict[str, int] = {}
    _add_messages(con, seq, source, given, known, {})
    if known:
        last = next(reversed(known.values()))
        set_active_leaf(con, seq, known.get(given.active_source_id or "", last))
    if given.changed_at_ms is not None:
        replace_changes(con, seq, given.changed_at_ms)
    return seq


def _update(con: sqlite3.Connection, seq: int, source: str, given: ImportedConversation) -> ImportResult:
    rows = con.execute(
        "SELECT seq, id, source_id, deletion_seq FROM message WHERE conversation_seq = ?", (seq,)
    ).fetchall()
    by_id = {message_id: message for message, message_id, _, _ in rows}
    known = {source_id: message for message, _, source_id, _ in rows if source_id is not None}
    deletions = {message: deletion for message, _, _, deletion in rows if deletion is not None}
    for each in given.messages:
        if (message := by_id.get(_message_id(source, given, each))) is not None:
            known.setdefault(each.source_id, message)
    there = [(known[each.source_id], each) for each in given.messages if each.source_id in known]
    if source == OWN_SOURCE:
        merged = sum(merge_message(con, message, each) for message, each in there)
        added = _add_messages(con, seq, source, given, known, deletions)
        merged += merge_conversation(con, seq, given)
        return "updated" if merged or added else "unchanged"
    active = con.execute("SELECT active_seq FROM conversation WHERE seq = ?", (seq,)).fetchone()[0]
    was_left_alone = active is None or active in known.values()
    edited = sum(_edit(con, message, each) for message, each in there)
    retitled = _retitle(con, seq, given.title)
    added = _add_messages(con, seq, source, given, known, deletions)
    if not (edited or retitled or added):
        return "unchanged"
    con.execute(
        "UPDATE conversation SET updated_at_ms = max(updated_at_ms, ?) WHERE seq = ?",
        (given.updated_at_ms, seq),
    )
    shown = known.get(given.active_source_id or "")
    if added and was_left_alone and shown is not None and shown not in deletions:
        set_active_leaf(con, seq, shown)
    return "updated"


def _message_id(source: str, conversation: ImportedConversation, message: ImportedMessage) -> str:
    if source == OWN_SOURCE:
        return message.source_id
    return derived_id(source, conversation.source_id, message.source_id)


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
    source: str,
    given: ImportedConversation,
    known: dict[str, int],
    deletions: dict[int, int],
) -> int:
    """Insert the messages that are not known, parents first.

    Args:
        con: A connection with an open transaction.
        conversation: A row number.
        source: Which program.
        given: What was imported.
        known: The row numbers of messages by their ids in the source; the new ones are added.
        deletions: Which deletion took a message away, by row number; likewise.

    Returns:
        How many there were.
    """
    added = 0
    for message in _parents_first(given.messages):
        if message.source_id in known:
            continue
        is_open = message.status is Status.STREAMING
        parent = known.get(message.parent_source_id or "")
        message_id = _message_id(source, given, message)
        seq = insert_message(
            con, conversation=conversation, parent=parent, role=message.role, content=message.content,
            status=Status.INCOMPLETE if is_open else message.status, created_at_ms=message.created_at_ms,
            model=message.model, error=BROKEN_OFF if is_open else message.error, source_id=message.source_id,
            message_id=message_id if _is_free_id(con, message_id) else "", provider=message.provider,
            reasoning=message.reasoning, facts=message.facts,
        )  # fmt: skip
        if parent in deletions:  # a message below a deleted one is deleted too
            deletions[seq] = deletions[parent]
            con.execute("UPDATE message SET deletion_seq = ? WHERE seq = ?", (deletions[seq], seq))
        known[message.source_id] = seq
        added += 1
    return added


def _is_free_id(con: sqlite3.Connection, message_id: str) -> bool:
    return (
        _is_id(message_id) and not con.execute("SELECT 1 FROM message WHERE id = ?", (message_id,)).fetchone()
    )


def _parents_first(messages: Sequence[ImportedMessage]) -> list[ImportedMessage]:
    by_id = {message.source_id: message for message in reversed(messages)}
    parents = {message.source_id: by_id[message.source_id].parent_source_id or "" for message in messages}
    return [by_id[each] for each in parents_first(parents)]
