"""The store: all conversations of one person, in one SQLite file."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from gptalk_client.errors import StoreError
from gptalk_client.paths import typed_path
from gptalk_client.store.backups import free_name, private_folder_with_room, write_backup
from gptalk_client.store.branches import Branches
from gptalk_client.store.conversations import Conversations
from gptalk_client.store.imports import Imports
from gptalk_client.store.migrations import rebuild_search_index
from gptalk_client.store.opening import open_database
from gptalk_client.store.progress import ignore_progress
from gptalk_client.store.queue import Queue
from gptalk_client.store.reserved_paths import refuse_own_file
from gptalk_client.store.search import Search
from gptalk_client.store.sqlite_errors import in_words
from gptalk_client.store.tagging import Tagging
from gptalk_client.store.turns import Turns


class Store(Conversations, Turns, Queue, Branches, Search, Tagging, Imports):
    """The conversations. Methods may be called from any thread; each change is one transaction.

    Every method raises StoreError if the disk or the file fails, StoreReadOnlyError if it would have
    to write and can't, and UsageError for an id that does not exist. `close` it, or use it in a `with`.
    """

    def __init__(self, path: str | os.PathLike[str], *, read_only: bool = False) -> None:
        """Open a database, creating it, upgrading it and recovering from a crash if need be.

        A file that is damaged or not a database is moved aside and a new one created. If the folder can't
        be written, the database is opened read-only. Either is reported in `notices`.

        Args:
            path: The file; its folder is made, for its owner only.
            read_only: Write nothing at all, not even a missing file.

        Raises:
            NewerSchemaError: A later version of the program wrote the file.
            StoreError: It cannot be opened.
        """
        self.notices: list[str] = []
        """Sentences for the user about anything unusual, such as a file that was moved aside."""
        self._db = open_database(Path(path), read_only=read_only, notices=self.notices)
        try:
            self.recover()
        except StoreError as err:  # reading is better than failing to start
            self.notices.append(err.for_humans())
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, read_only: bool = False) -> Self:
        """Return the store in a file; the arguments and errors are those of the class."""
        return cls(path, read_only=read_only)

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

    @property
    def waits_for_space(self) -> bool:
        """Whether nothing can be written because the disk was full when it was opened; open it again later."""
        return bool(self._db.shortage)

    @contextlib.contextmanager
    def interruptible(self, is_unwanted: Callable[[], bool]) -> Iterator[None]:
        """Let reads in the `with` block fail with StoreError once they are not wanted any more.

        Args:
            is_unwanted: Asked every now and then while a query runs, on the thread that runs it.
        """
        with self._db.interruptible(is_unwanted):
            yield

    def hurry(self) -> None:
        """Stop waiting for other processes' locks, because the program ends; for any thread."""
        self._db.hurry()

    def close(self) -> None:
        """Close the file. Replies still being written by this store become incomplete."""
        try:
            if self._owner and not self._db.is_closed:
                with contextlib.suppress(StoreError):  # the next start will do it
                    self._break_off(self._owner)
        finally:
            self._release_owner()
            self._db.close()

    def data_version(self) -> int:
        """Return a number that changes when another store or program has changed the file."""
        return self._db.data_version()

    def backup(
        self,
        path: str | os.PathLike[str],
        *,
        replace: bool = True,
        on_progress: Callable[[float], None] = ignore_progress,
    ) -> None:
        """Write a consistent copy, even while others write, readable by its owner only.

        Args:
            path: The copy.
            replace: Replace an existing file, in one step.
            on_progress: Called with the share that is done, from 0 to 1.

        Raises:
            UsageError: The copy would overwrite the database itself or a file that belongs to it.
            StoreError: It can't be written, or already exists.
        """
        target = typed_path(path).absolute()
        refuse_own_file(target, self.path)
        write_backup(lambda copy: self._db.backup(copy, on_progress), target, replace=replace)

    def integrity(self, *, on_progress: Callable[[float], None] = ignore_progress) -> list[str]:
        """Return what is wrong with the file, in words; empty if nothing is. Reads all of it.

        Args:
            on_progress: Called with the share that is done, from 0 to 1.

        Raises:
            StoreError: There is no room for a copy, which is what is checked.
        """
        problems: list[str] = []
        with self._copy(lambda share: on_progress(share * _COPIED)) as con:
            try:
                _look_through(con, problems)
            except sqlite3.DatabaseError as err:
                problems.append(f"the file is damaged ({err})")
            on_progress(_LOOKED_THROUGH)
            problems.append(_search_problem(con))
            on_progress(1.0)
        return [each for each in problems if each]

    def search_integrity(self) -> str:
        """Return what is wrong with the search index, in words; empty if nothing is."""
        with self._copy() as con:
            return _search_problem(con)

    @contextlib.contextmanager
    def _copy(self, on_progress: Callable[[float], None] = ignore_progress) -> Iterator[sqlite3.Connection]:
        """Yield a copy on disk, to check without a lock on the file.

        FTS5 needs the right to write for its check, and answers from what its connection has cached.
        """
        with private_folder_with_room(self.path) as folder:
            copy = folder / "copy.db"
            with in_words(copy):
                con = sqlite3.connect(copy, isolation_level=None)
            with contextlib.closing(con):
                with in_words(copy):
                    con.execute("PRAGMA journal_mode = OFF")
                    con.execute("PRAGMA synchronous = OFF")
                self._db.backup(con, on_progress)
                yield con

    def rebuild_search(self, *, on_progress: Callable[[float], None] = ignore_progress) -> Path:
        """Back up the database beside itself, then rebuild the search index from the messages.

        Args:
            on_progress: Called with the share that is done, from 0 to 1.

        Returns:
            The backup.

        Raises:
            StoreError: The backup or the index could not be written.
        """
        backup = free_name(self.path, "before-repair")

        def copy_to(con: sqlite3.Connection) -> None:
            self._db.backup(con, lambda share: on_progress(share * _BACKED_UP))

        write_backup(copy_to, backup, replace=False)
        with self._db.write() as con:
            rebuild_search_index(con, lambda share: on_progress(_BACKED_UP + share * (1 - _BACKED_UP)))
        return backup


def _look_through(con: sqlite3.Connection, problems: list[str]) -> None:
    """Add problems one by one: a damaged file may end the search at any row."""
    for (fault,) in con.execute("PRAGMA integrity_check"):
        # SQLite 3.44 and later check the search index too, which `_search_problem` does for all versions.
        if fault != "ok" and "message_search" not in fault:
            problems.append(fault)
    for row in con.execute("PRAGMA foreign_key_check"):
        problems.append(f"a row of {row[0]} points nowhere")
    for sentence, query in _RULES:
        if con.execute(query).fetchone() is not None:
            problems.append(sentence)


def _search_problem(con: sqlite3.Connection) -> str:
    try:
        con.execute("INSERT INTO message_search (message_search) VALUES ('integrity-check')")
        missing = con.execute(
            "SELECT 1 FROM message m WHERE m.status <> 'streaming'"
            " AND NOT EXISTS (SELECT 1 FROM message_search_content s WHERE s.id = m.seq)"
        ).fetchone()
    except sqlite3.DatabaseError as err:
        return f"{_INDEX_DAMAGED} ({err})"
    return _NOT_INDEXED if missing else ""


def is_search_fault(fault: str) -> bool:
    """Whether a fault that `Store.integrity` returned is one that `Store.rebuild_search` mends."""
    return fault.startswith((_INDEX_DAMAGED, _NOT_INDEXED))


_INDEX_DAMAGED, _NOT_INDEXED = "the search index is damaged", "a message is not in the search index"


_COPIED, _LOOKED_THROUGH = 0.3, 0.6
"""How much of a check is done after its parts."""

_BACKED_UP = 0.2
"""How much of a repair is done when the backup is written."""

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
        "SELECT 1 FROM (SELECT message_seq FROM reply_part UNION ALL SELECT message_seq FROM reasoning_part) r"
        " JOIN message m ON m.seq = r.message_seq WHERE m.status <> 'streaming'",
    ),
)
