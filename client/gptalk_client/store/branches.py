"""A conversation's tree of messages: the active branch, siblings, forks and deletions."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gptalk_client.errors import StoreError, UsageError
from gptalk_client.models import (
    BranchEntry,
    Conversation,
    Message,
    OpenedConversation,
    ReplyFacts,
    Role,
    Status,
)
from gptalk_client.store.base import StorePart
from gptalk_client.store.queue import queue_of
from gptalk_client.store.rows import (
    CONTENT,
    MESSAGE_SELECT,
    conversation_seq,
    insert_message,
    message_from,
    message_seq,
    new_id,
    now_ms,
    read_conversation,
    read_message,
    readable_time,
    set_active_leaf,
    usage_from,
)
from gptalk_client.store.writers import BROKEN_OFF, index_message
from gptalk_client.text import storable
from gptalk_client.textsearch.folding import fold

_TEXTS_AT_ONCE = 500
_MOST_ROWS = 2**31
_ROLES = {role.value: role for role in Role}
_STATUSES = {status.value: status for status in Status}

_PATH = """
    WITH RECURSIVE path (seq, parent_seq) AS (
        SELECT seq, parent_seq FROM message WHERE seq = ?
        UNION ALL
        SELECT m.seq, m.parent_seq FROM path JOIN message m ON m.seq = path.parent_seq
        LIMIT ?)"""
_SUBTREE = """
    WITH RECURSIVE subtree (seq) AS (
        SELECT ?
        UNION ALL
        SELECT m.seq FROM subtree JOIN message m ON m.parent_seq = subtree.seq
         WHERE m.deletion_seq IS NULL)"""


class Branches(StorePart):
    """The part of the store for the tree of messages."""

    def branch(self, conversation_id: str, leaf_id: str | None = None) -> list[BranchEntry]:
        """Return the messages from the root to a leaf, without their texts.

        Args:
            conversation_id: A full id.
            leaf_id: The last message of the branch; by default the active leaf.

        Raises:
            UsageError: No such conversation, or no such message in it.
        """
        with self._db.read() as con:
            conversation, leaf = _leaf(con, conversation_id, leaf_id)
            rows, facts = _read_tree(con, conversation), _read_facts(con, conversation)
        return _entries(rows, leaf, facts)

    def open_conversation(self, conversation_id: str, *, newest_texts: int) -> OpenedConversation:
        """Return what it takes to show a conversation, and mark it as read.

        Args:
            conversation_id: A full id.
            newest_texts: How many of the newest messages come with their texts.

        Raises:
            UsageError: There is no such conversation.
        """
        with self._db.read() as con:
            seq, leaf = _leaf(con, conversation_id, None)
            conversation, rows = read_conversation(con, seq), _read_tree(con, seq)
            facts, queued = _read_facts(con, seq), queue_of(con, seq)
        entries = _entries(rows, leaf, facts)
        texts = self.texts([entry.id for entry in entries[max(0, len(entries) - newest_texts) :]])
        last = entries[-1] if entries else None
        returned = None
        if last is not None and last.status is Status.FAILED and last.parent_id and not conversation.draft:
            with self._db.read() as con:
                returned = read_message(con, message_seq(con, last.parent_id)[0])
        if conversation.unread:
            with contextlib.suppress(StoreError), self._db.write() as con:  # it can be read all the same
                con.execute("UPDATE conversation SET unread = 0 WHERE seq = ?", (seq,))
                conversation = replace(conversation, unread=False)
        return OpenedConversation(conversation, entries, texts, returned, queued)

    def texts(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the texts of messages by their ids; unknown ids are left out."""
        texts: dict[str, str] = {}
        with self._db.read() as con:
            for start in range(0, len(ids), _TEXTS_AT_ONCE):
                some = ids[start : start + _TEXTS_AT_ONCE]
                marks = ",".join("?" * len(some))
                texts.update(
                    con.execute(
                        f"SELECT m.id, {CONTENT} FROM message m JOIN message_text t ON t.seq = m.seq"
                        f" WHERE m.id IN ({marks})",
                        tuple(some),
                    )
                )
        return texts

    def branch_messages(self, conversation_id: str, leaf_id: str | None = None) -> list[Message]:
        """Return the messages from the root to a leaf, by default the active one, with their texts."""
        with self._db.read() as con:
            _, leaf = _leaf(con, conversation_id, leaf_id)
            return _path_messages(con, leaf, None)

    def messages(self, conversation_id: str) -> list[Message]:
        """Return all messages of a conversation, of every branch, parents before children."""
        with self._db.read() as con:
            rows = con.execute(
                f"{MESSAGE_SELECT} WHERE m.conversation_seq = ? AND m.deletion_seq IS NULL ORDER BY m.seq",
                (conversation_seq(con, conversation_id),),
            ).fetchall()
        return [message_from(row) for row in rows]

    def context(self, leaf_id: str, *, limit: int) -> list[Message]:
        """Return the last messages of the path that ends at a message, oldest first.

        A system message at the path's root, such as a summary, comes first in any case. The cost depends on
        `limit` alone, not on the length of the conversation, unless that has such a root.
        """
        with self._db.read() as con:
            leaf, conversation = message_seq(con, leaf_id)
            found = _path_messages(con, leaf, min(max(limit, 0), _MOST_ROWS))
            if found and found[0].parent_id is None:
                return found
            return [*_system_root(con, conversation, leaf), *found]

    def text_sizes(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the sizes of messages' texts in bytes of UTF-8, by their ids; unknown ids are left out."""
        sizes: dict[str, int] = {}
        with self._db.read() as con:
            for start in range(0, len(ids), _TEXTS_AT_ONCE):
                some = ids[start : start + _TEXTS_AT_ONCE]
                marks = ",".join("?" * len(some))
                sizes.update(
                    con.execute(
                        f"SELECT m.id, length(CAST({CONTENT} AS BLOB)) FROM message m"
                        f" JOIN message_text t ON t.seq = m.seq WHERE m.id IN ({marks})",
                        tuple(some),
                    )
                )
        return sizes

    def begin_branch(self, conversation_id: str, content: str) -> Message:
        """Begin a branch with a system message at its root, such as a summary of another one, and show it.

        Nothing else changes: the other branches are its siblings at the root.

        Raises:
            UsageError: There is no such conversation.
            StoreError: It could not be written.
        """
        content, now = storable(content), now_ms()
        with self._db.write() as con:
            conversation = conversation_seq(con, conversation_id)
            root = insert_message(
                con, conversation=conversation, parent=None, role=Role.SYSTEM, content=content,
                status=Status.COMPLETE, created_at_ms=now,
            )  # fmt: skip
            index_message(con, root, content)
            set_active_leaf(con, conversation, root)
            con.execute("UPDATE conversation SET updated_at_ms = ? WHERE seq = ?", (now, conversation))
            return read_message(con, root)

    def edit_reply(self, message_id: str, content: str) -> Message:
        """Add a version of a reply that the person wrote, as the newest sibling, and show it.

        Raises:
            UsageError: There is no such reply, or it is still being written.
            StoreError: It could not be written.
        """
        content, now = storable(content), now_ms()
        with self._db.write() as con:
            seq, conversation = message_seq(con, message_id)
            reply = read_message(con, seq)
            if reply.role is not Role.ASSISTANT:
                raise UsageError("Only a reply can be edited like this.")
            if reply.status is Status.STREAMING:
                raise UsageError("The reply is still being written; stop it first.")
            parent = con.execute("SELECT parent_seq FROM message WHERE seq = ?", (seq,)).fetchone()[0]
            edited = insert_message(
                con, conversation=conversation, parent=parent, role=Role.ASSISTANT, content=content,
                status=Status.COMPLETE, created_at_ms=now, model=reply.model, provider=reply.provider,
                facts=ReplyFacts(edited=True),
            )  # fmt: skip
            index_message(con, edited, content)
            set_active_leaf(con, conversation, edited)
            con.execute("UPDATE conversation SET updated_at_ms = ? WHERE seq = ?", (now, conversation))
            return read_message(con, edited)

    def set_active(self, conversation_id: str, message_id: str | None) -> Conversation:
        """Show the branch that ends at a message; None shows an empty branch, for a fresh start.

        Raises:
            UsageError: No such conversation, or no such message in it.
        """
        with self._db.write() as con:
            conversation, seq = _leaf(con, conversation_id, message_id)
            set_active_leaf(con, conversation, seq if message_id is not None else None)
            return read_conversation(con, conversation)

    def siblings(self, message_id: str) -> list[str]:
        """Return the ids of a message and its siblings, oldest first."""
        with self._db.read() as con:
            seq, conversation = message_seq(con, message_id)
            rows = con.execute(
                "SELECT id FROM message WHERE conversation_seq = ? AND deletion_seq IS NULL AND parent_seq IS"
                " (SELECT parent_seq FROM message WHERE seq = ?) ORDER BY seq",
                (conversation, seq),
            ).fetchall()
        return [row[0] for row in rows]

    def newest_leaf(self, message_id: str) -> str:
        """Return the leaf below a message that was viewed last, else the newest."""
        with self._db.read() as con:
            row = con.execute(
                f"{_SUBTREE} SELECT m.id FROM subtree JOIN message m ON m.seq = subtree.seq WHERE NOT EXISTS"
                " (SELECT 1 FROM message k WHERE k.parent_seq = m.seq AND k.deletion_seq IS NULL)"
                " ORDER BY m.touched DESC, m.seq DESC LIMIT 1",
                (message_seq(con, message_id)[0],),
            ).fetchone()
        return str(row[0])

    def fork(self, message_id: str, *, title: str | None = None) -> Conversation:
        """Copy the path up to a message into a new conversation.

        Args:
            message_id: The last message to copy.
            title: By default the old title, marked as a fork.
        """
        with self._db.write() as con:
            seq, origin = message_seq(con, message_id)
            path = _path_messages(con, seq, None)
            copy = _copy_conversation(con, origin, title)
            parent: int | None = None
            for message in path:
                is_open = message.status is Status.STREAMING
                parent = insert_message(
                    con, conversation=copy, parent=parent, role=message.role, content=message.content,
                    status=Status.INCOMPLETE if is_open else message.status,
                    created_at_ms=message.created_at_ms, model=message.model,
                    error=BROKEN_OFF if is_open else message.error, provider=message.provider,
                    reasoning=message.reasoning, facts=message.facts,
                )  # fmt: skip
                index_message(con, parent, storable(message.content))
            set_active_leaf(con, copy, parent)
            return read_conversation(con, copy)

    def delete_message(self, message_id: str) -> str:
        """Delete a message and everything below it, such that it can be restored.

        If the active leaf was among them, the newest sibling's leaf becomes active, else the parent.

        Returns:
            A token for `restore_message`.

        Raises:
            UsageError: There is no such message, or a reply among them is being written.
        """
        with self._db.write() as con:
            seq, conversation = message_seq(con, message_id)
            doomed = [row[0] for row in con.execute(f"{_SUBTREE} SELECT seq FROM subtree", (seq,))]
            if _any_streaming(con, conversation, doomed):
                raise UsageError("The reply is still being written; stop it first.")
            active = con.execute(
                "SELECT active_seq FROM conversation WHERE seq = ?", (conversation,)
            ).fetchone()[0]
            token = new_id()
            cursor = con.execute(
                "INSERT INTO deletion (token, conversation_seq, message_seq, active_seq, deleted_at_ms)"
                " VALUES (?, ?, ?, ?, ?)",
                (token, conversation, seq, active, now_ms()),
            )
            con.executemany(
                "UPDATE message SET deletion_seq = ? WHERE seq = ?",
                ((cursor.lastrowid, each) for each in doomed),
            )
            if active in doomed:
                set_active_leaf(con, conversation, _leaf_instead(con, conversation, seq))
        return token

    def restore_message(self, token: str) -> Message:
        """Undo a deletion, and show the branch that was shown before it.

        Returns:
            The message that had been deleted.

        Raises:
            UsageError: The deletion no longer exists, or the message's parent was deleted too.
        """
        with self._db.write() as con:
            row = con.execute(
                "SELECT seq, conversation_seq, message_seq, active_seq FROM deletion WHERE token = ?",
                (token,),
            ).fetchone()
            if row is None:
                raise UsageError("The deleted message is no longer there.")
            deletion, conversation, seq, active = row
            orphaned = con.execute(
                "SELECT 1 FROM message m JOIN message p ON p.seq = m.parent_seq"
                " WHERE m.seq = ? AND p.deletion_seq IS NOT NULL",
                (seq,),
            ).fetchone()
            if orphaned:
                raise UsageError("The message it answers was deleted too; restore that one first.")
            con.execute("UPDATE message SET deletion_seq = NULL WHERE deletion_seq = ?", (deletion,))
            con.execute("DELETE FROM deletion WHERE seq = ?", (deletion,))
            if active is not None and _is_live(con, active):
                set_active_leaf(con, conversation, active)
            return read_message(con, seq)


def _leaf(con: sqlite3.Connection, conversation_id: str, leaf_id: str | None) -> tuple[int, int | None]:
    conversation = conversation_seq(con, conversation_id)
    if leaf_id is None:
        row = con.execute("SELECT active_seq FROM conversation WHERE seq = ?", (conversation,)).fetchone()
        return conversation, row[0]
    seq, leafs_conversation = message_seq(con, leaf_id)
    if leafs_conversation != conversation:
        raise UsageError("The message belongs to another conversation.")
    return conversation, seq


def _read_tree(con: sqlite3.Connection, conversation: int) -> list[tuple[Any, ...]]:
    """Return the rows of all messages of a conversation, without their texts."""
    # All rows at once: for ten thousand messages half the cost of climbing from row to row in SQL.
    return con.execute(
        f"SELECT seq, parent_seq, id, role, status, {readable_time('created_at_ms')}, size_chars, model, error"
        " FROM message WHERE conversation_seq = ? AND deletion_seq IS NULL",
        (conversation,),
    ).fetchall()


def _read_facts(con: sqlite3.Connection, conversation: int) -> dict[int, tuple[Any, ...]]:
    """Return the last members of `BranchEntry` by row, for the messages that have any of them."""
    rows = con.execute(
        "SELECT seq, finish_reason, reasoning_chars, reasoning_ms, duration_ms, prompt_tokens,"
        " completion_tokens, reasoning_tokens, provider, edited FROM message WHERE conversation_seq = ?"
        " AND deletion_seq IS NULL AND (provider <> '' OR finish_reason <> '' OR reasoning_chars > 0 OR edited)",
        (conversation,),
    )
    return {row[0]: (*row[1:5], usage_from(*row[5:8]), row[8], bool(row[9])) for row in rows}


def _path_messages(con: sqlite3.Connection, leaf: int | None, limit: int | None) -> list[Message]:
    rows = con.execute(
        f"{_PATH} {MESSAGE_SELECT.replace('FROM message m', 'FROM path JOIN message m ON m.seq = path.seq')}",
        (leaf, -1 if limit is None else limit),
    ).fetchall()
    return [message_from(row) for row in reversed(rows)]


def _system_root(con: sqlite3.Connection, conversation: int, leaf: int) -> list[Message]:
    """Return the root of the path to a message if it is a system message."""
    roots = con.execute(
        "SELECT seq FROM message WHERE conversation_seq = ? AND parent_seq IS NULL AND role = 'system'"
        " AND deletion_seq IS NULL",
        (conversation,),
    ).fetchall()
    if not roots:
        return []
    root = con.execute(f"{_PATH} SELECT seq FROM path WHERE parent_seq IS NULL", (leaf, -1)).fetchone()
    return [read_message(con, root[0])] if root in roots else []


def _shared_places(rows: Sequence[tuple[Any, ...]]) -> dict[int | None, list[int]]:
    """Return the children of every message with more than one, oldest first; the roots are under None."""
    counts = Counter([row[1] for row in rows])
    places: dict[int | None, list[int]] = {parent: [] for parent, count in counts.items() if count > 1}
    if places:
        for row in rows:
            if row[1] in places:
                places[row[1]].append(row[0])
        for place in places.values():
            place.sort()
    return places


def _entries(
    rows: Sequence[tuple[Any, ...]], leaf: int | None, facts: Mapping[int, tuple[Any, ...]]
) -> list[BranchEntry]:
    """Return the entries from the root to a leaf, given all rows of a conversation."""
    by_seq = {row[0]: row for row in rows}
    path: list[tuple[Any, ...]] = []
    at = by_seq.get(leaf)
    while at is not None:
        path.append(at)
        at = by_seq.get(at[1])
    places = _shared_places(rows)
    entries: list[BranchEntry] = []
    parent_id: str | None = None
    for seq, parent, message_id, role, status, created_at_ms, size_chars, model, error in reversed(path):
        place = places.get(parent)
        sibling, siblings = (place.index(seq) + 1, len(place)) if place else (1, 1)
        entries.append(
            BranchEntry(
                message_id, parent_id, _ROLES[role], _STATUSES[status], created_at_ms, size_chars, model,
                error, sibling, siblings, *facts.get(seq, ()),
            )
        )  # fmt: skip
        parent_id = message_id
    return entries


def _copy_conversation(con: sqlite3.Connection, origin: int, title: str | None) -> int:
    row = con.execute(
        "SELECT title, model, provider, options, system_prompt, tags FROM conversation WHERE seq = ?",
        (origin,),
    ).fetchone()
    old_title, *settings = row
    if title is None:
        title = old_title if old_title.endswith("(fork)") else f"{old_title} (fork)".strip()
    title = storable(title).strip()
    now = now_ms()
    cursor = con.execute(
        "INSERT INTO conversation (id, title, title_key, renamed, created_at_ms, updated_at_ms, model,"
        " provider, options, system_prompt, tags) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)",
        (new_id(), title, fold(title), now, now, *settings),
    )
    return int(cursor.lastrowid or 0)


def _any_streaming(con: sqlite3.Connection, conversation: int, seqs: Sequence[int]) -> bool:
    rows = con.execute(
        "SELECT seq FROM message WHERE status = 'streaming' AND conversation_seq = ?", (conversation,)
    )
    return not {row[0] for row in rows}.isdisjoint(seqs)


def _is_live(con: sqlite3.Connection, seq: int) -> bool:
    row = con.execute("SELECT deletion_seq IS NULL FROM message WHERE seq = ?", (seq,)).fetchone()
    return bool(row and row[0])


def _leaf_instead(con: sqlite3.Connection, conversation: int, deleted: int) -> int | None:
    """Return the leaf to show once a message is deleted."""
    parent = con.execute("SELECT parent_seq FROM message WHERE seq = ?", (deleted,)).fetchone()[0]
    sibling = con.execute(
        "SELECT seq FROM message WHERE conversation_seq = ? AND parent_seq IS ? AND deletion_seq IS NULL"
        " ORDER BY touched DESC, seq DESC LIMIT 1",
        (conversation, parent),
    ).fetchone()
    if sibling is None:
        return None if parent is None else int(parent)
    leaf = con.execute(
        f"{_SUBTREE} SELECT m.seq FROM subtree JOIN message m ON m.seq = subtree.seq"
        " ORDER BY m.touched DESC, m.seq DESC LIMIT 1",
        (sibling[0],),
    ).fetchone()
    return int(leaf[0])
