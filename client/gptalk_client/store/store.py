"""The store: all conversations of one person, in one SQLite file."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from gptalk_client.errors import StoreError
from gptalk_client.paths import typed_path
from gptalk_client.store.backups import write_backup
from gptalk_client.store.branches import Branches
from gptalk_client.store.conversations import Conversations
from gptalk_client.store.database import Database, is_damage, patiently
from gptalk_client.store.imports import Imports
from gptalk_client.store.migrations import index_all
from gptalk_client.store.opening import open_database
from gptalk_client.store.reserved_paths import refuse_own_file
from gptalk_client.store.search import Search
from gptalk_client.store.turns import Turns


class Store(Conversations, Turns, Branches, Search, Imports):
    """The open conversations. Methods may be called from any thread; each change is one transaction on disk.

    Every method raises StoreError where the disk or the file fails it, StoreReadOnlyError where it would have
    to write and cannot, and UsageError for an id that does not exist. `close` it, or use it in a `with`.
    """

    def __init__(self, database: Database, notices: list[str]) -> None:
        self._db = database
        self.notices = notices
        """Sentences for the person about what is not as usual, such as a file that was moved aside."""

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, read_only: bool = False) -> Store:
        """Open a file of conversations; make it, bring it up to date and recover from a crash, if need be.

        A file that is no database, or is damaged, is moved aside and a new one begun. Where the folder cannot
        be written, what there is can be read. Both are told in `notices`.

        Args:
            path: The file; its folder is made, for its owner only.
            read_only: Write nothing at all, not even a missing file.

        Raises:
            NewerSchemaError: A later version of the program wrote the file.
            StoreError: It cannot be opened.
        """
        notices: list[str] = []
        store = cls(open_database(Path(path), read_only=read_only, notices=notices), notices)
        try:
            store.recover()
        except StoreError as err:  # what can be read is worth more than a start that fails
            notices.append(err.for_humans())
        except BaseException:
            store.close()
            raise
        return store

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The file."""
        return self._db.path

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written."""
        return self._db.read_only

    def close(self) -> None:
        """Close the file. A reply that is still open here is kept as incomplete."""
        try:
            if self._owner and not self._db.is_closed:
                with contextlib.suppress(StoreError):  # the next start does it
                    self._break_off(self._owner)
        finally:
            self._release_owner()
            self._db.close()

    def data_version(self) -> int:
        """Return a number that changes when another store or program has changed the file."""
        return self._db.data_version()

    def backup(self, path: str | os.PathLike[str], *, replace: bool = True) -> None:
        """Write a copy that is whole even while others write, readable by its owner only.

        Args:
            path: The copy.
            replace: Replace an existing file, in one step.

        Raises:
            UsageError: The copy would take the place of the database itself, or of a file that belongs to it.
            StoreError: It cannot be written, or is there already.
        """
        target = typed_path(path).absolute()
        refuse_own_file(target, self.path)
        write_backup(self._db.backup, target, replace=replace)

    def integrity(self) -> list[str]:
        """Return what is wrong with the file, in words; an empty list if nothing is. Reads all of it."""
        problems: list[str] = []
        try:
            with self._db.examine() as con:
                _look_through(con, problems)
                if not self.read_only and not any(_SEARCH_DAMAGED in each for each in problems):
                    _look_through_search(con, problems)
        except StoreError as err:
            cause = err.__cause__
            if not isinstance(cause, sqlite3.Error) or not is_damage(cause):
                raise  # such as a busy file
            problems.append(f"the file is damaged ({cause})")
        return problems

    def rebuild_search(self) -> None:
        """Make the search index anew from the messages, for one that `integrity` finds damaged."""
        with self._db.write() as con:
            con.execute("DELETE FROM message_search")
            index_all(con)


def _look_through(con: sqlite3.Connection, problems: list[str]) -> None:
    """Add what is found, one by one: a damaged file may end the search at any row."""
    con.execute("BEGIN")
    for (fault,) in con.execute("PRAGMA integrity_check"):
        if "message_search" in fault:  # since SQLite 3.44
            problems.append(f"{_SEARCH_DAMAGED} ({fault})")
        elif fault != "ok":
            problems.append(fault)
    for row in con.execute("PRAGMA foreign_key_check"):
        problems.append(f"a row of {row[0]} points nowhere")
    for sentence, query in _RULES:
        if con.execute(query).fetchone() is not None:
            problems.append(sentence)
    con.execute("COMMIT")


def _look_through_search(con: sqlite3.Connection, problems: list[str]) -> None:
    try:
        patiently(
            lambda: con.execute("INSERT INTO message_search (message_search) VALUES ('integrity-check')")
        )
    except sqlite3.DatabaseError as err:
        if not is_damage(err):
            raise
        problems.append(f"{_SEARCH_DAMAGED} ({err})")
        return
    missing = con.execute(
        "SELECT 1 FROM message m WHERE m.status <> 'streaming'"
        " AND NOT EXISTS (SELECT 1 FROM message_search_content s WHERE s.id = m.seq)"
    ).fetchone()
    if missing:
        problems.append("a message is not in the search index")


_SEARCH_DAMAGED = "the search index is damaged"
_RULES = (
    (
        "a message has no text",
        "SELECT 1 FROM message m LEFT JOIN message_text t ON t.seq = m.seq WHERE t.seq IS NULL",
    ),
    (
        "a message answers one of another conversation",
        "SELECT 1 FROM message m JOIN message p ON p.seq = m.parent_seq"
        " WHERE p.conversation_seq <> m.conversation_seq",
    ),
    (
        "a conversation shows a message that is not there",
        "SELECT 1 FROM conversation c LEFT JOIN message m ON m.seq = c.active_seq"
        " AND m.conversation_seq = c.seq AND m.deletion_seq IS NULL"
        " WHERE c.active_seq IS NOT NULL AND m.seq IS NULL",
    ),
    (
        "a message hangs under a deleted one",
        "SELECT 1 FROM message m JOIN message p ON p.seq = m.parent_seq"
        " WHERE m.deletion_seq IS NULL AND p.deletion_seq IS NOT NULL",
    ),
    (
        "a closed reply has loose parts",
        "SELECT 1 FROM reply_part r JOIN message m ON m.seq = r.message_seq WHERE m.status <> 'streaming'",
    ),
)
