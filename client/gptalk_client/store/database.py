"""Two connections to one SQLite file, and short transactions on them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from gptalk_client.errors import StoreError, StoreFullError, StoreReadOnlyError
from gptalk_client.paths import make_private_folder
from gptalk_client.store.backups import free_name, write_backup
from gptalk_client.store.progress import ignore_progress
from gptalk_client.store.sqlite_errors import in_words, patiently

_PAGES_BETWEEN_REPORTS = 2_500
_STEPS_BETWEEN_CHECKS = 1_000
"""How many instructions of SQLite's virtual machine run before a query asks whether it is still wanted."""


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another with the same name; None if there is no file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


class Line:
    """A connection that is reopened if a transaction on it could not be rolled back.

    Such a transaction would keep the file locked: nothing could write to it, in this process or another.

    Args:
        con: The connection, in autocommit mode.
        reconnect: Reopens it; None if that would lose data, as with a database in memory.
    """

    def __init__(
        self, con: sqlite3.Connection, reconnect: Callable[[], sqlite3.Connection] | None = None
    ) -> None:
        self._con = con
        self._reconnect = reconnect
        self._is_lost = False

    def ready(self) -> sqlite3.Connection:
        """Return the connection, with no transaction open."""
        self.undo()
        if self._is_lost and self._reconnect is not None:
            self._con = self._reconnect()
            self._is_lost = False
        return self._con

    def undo(self) -> None:
        """Roll back the open transaction, if any."""
        if self._is_lost or not self._con.in_transaction:
            return
        try:
            self._con.execute("ROLLBACK")
        except sqlite3.Error:
            if self._reconnect is not None:
                self._is_lost = True
                self._con.close()  # rolls back too, and releases the lock

    def close(self) -> None:
        """Close it permanently."""
        self._is_lost = False
        self._con.close()


class Database:
    """The open file: one connection for writing, one for reading only.

    Reads don't wait for a write in progress, so the thread that paints is never held up by the disk.

    Args:
        path: The file.
        writer: The connection that writes.
        reader: The connection that reads; the same as `writer` if there can't be two.
        read_only: No write is possible.
    """

    def __init__(self, path: Path, writer: Line, reader: Line, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._writer = writer
        self._reader = reader
        self._write_lock = threading.RLock()
        self._read_lock = self._write_lock if reader is writer else threading.RLock()
        self.is_closed = False
        self.shortage = ""
        """Why it is read-only, if that is because the disk was full when it was opened."""
        self._hurry = threading.Event()
        self._identity = _identity(path)
        self._rescued: Path | None = None

    def hurry(self) -> None:
        """Stop waiting for other processes' locks: what they hold up fails within a second or two."""
        self._hurry.set()

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection on which all statements see the same snapshot."""
        with self._read_lock, in_words(self.path):
            con = self._reader.ready()
            patiently(lambda: con.execute("BEGIN"), self._hurry)
            try:
                yield con
            finally:
                self._reader.undo()

    @contextlib.contextmanager
    def interruptible(self, is_unwanted: Callable[[], bool]) -> Iterator[None]:
        """Let reads fail as soon as they are not wanted any more.

        A flag that SQLite asks for does not depend on the moment: `interrupt()` only ends what is running.
        """
        with self._read_lock, in_words(self.path):
            con = self._reader.ready()
            con.set_progress_handler(is_unwanted, _STEPS_BETWEEN_CHECKS)
            try:
                yield
            finally:
                with contextlib.suppress(sqlite3.ProgrammingError):  # closed by an undo that failed
                    con.set_progress_handler(None, 0)

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for one transaction, committed at the end and rolled back on an exception.

        Raises:
            StoreReadOnlyError: The database is read-only.
            StoreFullError: No space is left.
            StoreError: The disk or the file failed, or the file was deleted or replaced.
        """
        if self.shortage:
            raise StoreFullError(f"{self.shortage}: the conversations cannot be saved.")
        if self.read_only:
            raise StoreReadOnlyError(f"The conversations in {self.path.parent} cannot be written.")
        with self._write_lock, in_words(self.path):
            self._check_place()
            con = self._writer.ready()
            patiently(lambda: con.execute("BEGIN IMMEDIATE"), self._hurry)
            try:
                yield con
                patiently(lambda: con.execute("COMMIT"), self._hurry)
            except BaseException:
                self._writer.undo()
                raise

    def _check_place(self) -> None:
        """Refuse to write to a file that was deleted or replaced: nothing would find it at the next start.

        Its contents, which only this process can still reach, are first copied to a file beside its path.
        """
        if _identity(self.path) == self._identity:
            return
        what = f"The file {self.path} was deleted or replaced while it was open."
        try:
            self._rescue()
        except StoreError as err:
            raise StoreError(f"{what} {err.message}", hint=err.hint) from err
        raise StoreError(
            f"{what} Its contents were saved to {self._rescued}.",
            hint="Close the program, move that file back into place, then start again.",
        )

    def _rescue(self) -> None:
        """Copy the contents of the replaced file, and remove them from the log, which still has its name.

        The next process would otherwise apply that log to the new file.
        """
        if self._rescued is not None:
            return
        rescued = free_name(self.path, "rescued")
        with contextlib.suppress(OSError):  # reported when the copy itself is written
            make_private_folder(rescued.parent)
        write_backup(self.backup, rescued, replace=False)
        self._rescued = rescued
        self._writer.ready().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def data_version(self) -> int:
        """Return a number that changes when any connection but the writing one changes the file."""
        with self._write_lock, in_words(self.path):
            return int(self._writer.ready().execute("PRAGMA data_version").fetchone()[0])

    def backup(
        self, target: sqlite3.Connection, on_progress: Callable[[float], None] = ignore_progress
    ) -> None:
        """Copy the whole database with SQLite's backup API, even while others write.

        Args:
            target: The copy.
            on_progress: Called with the share that is done, from 0 to 1.
        """

        def report(_: int, remaining: int, total: int) -> None:
            on_progress(1 - remaining / max(1, total))

        with self._read_lock, in_words(self.path):
            con = self._reader.ready()
            # In one transaction: else the copy begins again at each change by another process.
            con.execute("BEGIN")
            try:
                con.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
                con.backup(target, pages=_PAGES_BETWEEN_REPORTS, progress=report)
            finally:
                con.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connections. Calling it again does nothing."""
        with self._write_lock, self._read_lock, in_words(self.path):
            self.is_closed = True
            if not self.read_only and _identity(self.path) not in (self._identity, None):
                with contextlib.suppress(StoreError, sqlite3.Error):
                    self._rescue()
            self._reader.close()
            self._writer.close()
