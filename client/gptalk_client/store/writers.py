"""Which process writes a reply: a lock per store, and recovery of rows whose writer has died."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from gptalk_client.locks import FileLock
from gptalk_client.models import Status
from gptalk_client.store.base import StorePart
from gptalk_client.store.opening import locks_folder
from gptalk_client.store.rows import new_id, read_message, set_reasoning
from gptalk_client.textsearch.folding import index_text

BROKEN_OFF = "The program ended before the reply was complete. The text so far is kept."
BROKEN_OFF_EMPTY = "The program ended before the reply began."
_CLAIM_TIMEOUT_S = 1.0


def finish_reply(
    con: sqlite3.Connection,
    seq: int,
    status: Status,
    error: str,
    content: str | None = None,
    reasoning: str | None = None,
) -> None:
    """Join a reply's parts, set its final status and index its text for search.

    Args:
        con: A connection with an open transaction.
        seq: The reply's row.
        status: Any status but `streaming`.
        error: Why, in words for people.
        content: All of the text where the caller knows it; by default what has been flushed.
        reasoning: All of the reasoning, likewise.
    """
    if content is None or reasoning is None:
        flushed = read_message(con, seq)
        content = flushed.content if content is None else content
        reasoning = flushed.reasoning if reasoning is None else reasoning
    set_reasoning(con, seq, reasoning)
    con.execute("UPDATE message_text SET content = ? WHERE seq = ?", (content, seq))
    con.execute("DELETE FROM reply_part WHERE message_seq = ?", (seq,))
    con.execute(
        "UPDATE message SET status = ?, error = ?, owner = '', size_chars = ? WHERE seq = ?",
        (status.value, error, len(content), seq),
    )
    index_message(con, seq, content)


def index_message(con: sqlite3.Connection, seq: int, content: str) -> None:
    """Index a message's text for search, replacing an earlier version."""
    con.execute("DELETE FROM message_search WHERE rowid = ?", (seq,))
    con.execute("INSERT INTO message_search (rowid, body) VALUES (?, ?)", (seq, index_text(content)))


def newest_seq(con: sqlite3.Connection) -> int:
    """Return the row number of the newest message; 0 without any."""
    return int(con.execute("SELECT coalesce(max(seq), 0) FROM message").fetchone()[0])


def index_messages_after(con: sqlite3.Connection, seq: int) -> None:
    """Index the messages with higher row numbers, which aren't in the index.

    Index many at once, after everything else is written: FTS5 writes out what it has gathered at each statement
    that may be rolled back by itself, such as one that fires a trigger.
    """
    rows = con.execute("SELECT seq, content FROM message_text WHERE seq > ? ORDER BY seq", (seq,))
    for each, content in rows:
        con.execute("INSERT INTO message_search (rowid, body) VALUES (?, ?)", (each, index_text(content)))


class Writers(StorePart):
    """This store's lock, and the recovery of replies whose writers have died."""

    _owner = ""
    _owner_lock: FileLock | None = None

    def _claim_owner(self) -> str:
        """Return this store's name as a writer; its lock is held from the first use."""
        if not self._owner:
            owner = new_id()
            # Without locks on this file system, others will see the rows as broken off.
            with contextlib.suppress(OSError):
                # Nobody knows the name yet, but `recover` may try the file for a moment.
                self._owner_lock = FileLock.acquire(self._lock_file(owner), timeout_s=_CLAIM_TIMEOUT_S)
            self._owner = owner
        return self._owner

    def _lock_file(self, owner: str) -> Path:
        return locks_folder(self._db.path) / f"{owner}.lock"

    def _release_owner(self) -> None:
        if self._owner_lock is not None:
            self._owner_lock.release(remove=True)
            self._owner_lock = None
        self._owner = ""

    def recover(self) -> int:
        """Mark the replies of dead writers as incomplete, and return how many there were.

        Replies that another living process is writing are left alone. Lock files of dead writers are deleted.
        """
        if self._db.read_only:
            return 0
        with self._db.read() as con:
            owners = [
                row[0] for row in con.execute("SELECT DISTINCT owner FROM message WHERE status = 'streaming'")
            ]
        recovered = sum(
            self._recover_from(owner) for owner in owners if not self._owner or owner != self._owner
        )
        self._clear_locks()
        return recovered

    def _clear_locks(self) -> None:
        """Delete the lock files that nobody holds any more.

        A file is deleted under its lock, and `FileLock` takes no lock on a deleted file: no writer loses its own.
        """
        with contextlib.suppress(OSError):
            for path in locks_folder(self._db.path).glob("*.lock"):
                with contextlib.suppress(OSError):
                    if (lock := FileLock.try_acquire(path, create=False)) is not None:
                        lock.release(remove=True)

    def _recover_from(self, owner: str) -> int:
        try:
            lock = FileLock.try_acquire(self._lock_file(owner), create=False) if owner else None
            if owner and lock is None:
                return 0  # alive
        except FileNotFoundError:
            lock = None
        except OSError:
            return 0  # unknown; its own process may still finish it
        try:
            return self._break_off(owner)
        finally:
            if lock is not None:
                lock.release(remove=True)

    def _break_off(self, owner: str) -> int:
        with self._db.write() as con:
            rows = con.execute(
                "SELECT seq FROM message WHERE status = 'streaming' AND owner = ?", (owner,)
            ).fetchall()
            for (seq,) in rows:
                reply = read_message(con, seq)
                why = BROKEN_OFF if reply.content else BROKEN_OFF_EMPTY
                finish_reply(con, seq, Status.INCOMPLETE, why, reply.content, reply.reasoning)
        return len(rows)
