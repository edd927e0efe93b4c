"""Two connections to one SQLite file, short transactions, and SQLite's errors in words."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from gptalk_client.errors import StoreError, StoreFullError, StoreReadOnlyError
from gptalk_client.paths import make_private_folder

BUSY_TIMEOUT_MS = 5_000
BUSY_TRIES = 3
_LITTLE_SPACE_BYTES = 256 * 1024
_T = TypeVar("_T")


def primary_code(err: sqlite3.Error) -> int:
    """Return SQLite's primary result code, or 0 where the error is the Python module's own."""
    return int(getattr(err, "sqlite_errorcode", 0) or 0) & 0xFF


def is_damage(err: sqlite3.Error) -> bool:
    """Say whether the error means that the file is no database, or a damaged one."""
    return primary_code(err) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def is_busy(err: sqlite3.Error) -> bool:
    """Say whether another connection held the file for longer than the busy timeout."""
    return primary_code(err) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def patiently(work: Callable[[], _T]) -> _T:
    """Return what `work` returns, trying again a few times while another process holds the file."""
    for attempt in range(1, BUSY_TRIES + 1):
        try:
            return work()
        except sqlite3.OperationalError as err:
            if not is_busy(err) or attempt == BUSY_TRIES:
                raise
            time.sleep(0.05 * attempt)
    raise AssertionError("unreachable")


@contextlib.contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into the project's own."""
    try:
        yield
    except sqlite3.Error as err:
        raise _explained(err, path) from err


def _explained(err: sqlite3.Error, path: Path) -> StoreError:
    code = primary_code(err)
    may_be_full = code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
    if code == sqlite3.SQLITE_FULL or (may_be_full and _is_disk_full(path)):
        return StoreFullError("The disk is full: the conversations cannot be saved.")
    if code == sqlite3.SQLITE_READONLY:
        return StoreReadOnlyError(f"The conversations in {path.parent} cannot be written.")
    if is_busy(err):
        return StoreError(
            "Another program holds the conversations and does not let go.", hint="Close it, then try again."
        )
    if is_damage(err):
        return StoreError(f"The file {path} is damaged.")
    if isinstance(err, sqlite3.ProgrammingError) and "closed" in str(err):
        return StoreError("The conversations are closed.", hint="Start the program again.")
    return StoreError(f"The conversations in {path} could not be used: {err}.")


def _is_disk_full(path: Path) -> bool:
    import shutil  # a rare need, and slow to load

    try:
        return shutil.disk_usage(path.parent).free < _LITTLE_SPACE_BYTES
    except OSError as err:
        return err.errno == errno.ENOSPC


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from any other that has or had its name; None if there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


class Line:
    """A connection, opened anew after a transaction on it that could not be undone.

    Such a transaction would keep its lock on the file: nobody could write, in this program or another.

    Args:
        con: The connection, in autocommit mode.
        reconnect: Opens it again; None where that would lose what it holds, such as a database in memory.
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
        """Undo the transaction that is open, if one is."""
        if self._is_lost or not self._con.in_transaction:
            return
        try:
            self._con.execute("ROLLBACK")
        except sqlite3.Error:
            if self._reconnect is not None:
                self._is_lost = True
                self._con.close()  # undoes it too, and lets go of the lock

    @contextlib.contextmanager
    def anew(self) -> Iterator[sqlite3.Connection]:
        """Give another connection to the same file for a while; this one where there cannot be two."""
        con = self.ready()  # a closed one stays closed
        if self._reconnect is None:
            yield con
            return
        with contextlib.closing(self._reconnect()) as con:
            yield con

    def close(self) -> None:
        """Close it for good."""
        self._is_lost = False
        self._con.close()


class Database:
    """The open file: one connection that writes, one that only reads.

    Reading does not wait for a write in progress, so that a thread that paints is never held up by a disk.

    Args:
        path: The file as the person knows it.
        writer: The connection that writes.
        reader: The connection that reads; the same one where there cannot be two.
        read_only: No write is possible.
        on_close: Called once after the connections are closed.
    """

    def __init__(
        self,
        path: Path,
        writer: Line,
        reader: Line,
        *,
        read_only: bool = False,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        self.path = path
        self.read_only = read_only
        self._writer = writer
        self._reader = reader
        self._write_lock = threading.RLock()
        self._read_lock = self._write_lock if reader is writer else threading.RLock()
        self._on_close = on_close
        self.is_closed = False
        self._identity = _identity(path)
        self._rescued: Path | None = None

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Give a connection on which all statements see one and the same state."""
        with self._read_lock, in_words(self.path):
            con = self._reader.ready()
            patiently(lambda: con.execute("BEGIN"))
            try:
                yield con
            finally:
                self._reader.undo()

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for one transaction, committed at the end and undone by an exception.

        Raises:
            StoreReadOnlyError: Nothing can be written here.
            StoreFullError: No space is left.
            StoreError: Anything else that the file or the disk refuses, or the file is not in its place any more.
        """
        if self.read_only:
            raise StoreReadOnlyError(f"The conversations in {self.path.parent} cannot be written.")
        with self._write_lock, in_words(self.path):
            self._check_place()
            con = self._writer.ready()
            patiently(lambda: con.execute("BEGIN IMMEDIATE"))
            try:
                yield con
                patiently(lambda: con.execute("COMMIT"))
            except BaseException:
                self._writer.undo()
                raise

    def _check_place(self) -> None:
        """Refuse to write into a file that was deleted or replaced: at the next start nobody would find it.

        What it holds, which only this program can still reach, is copied beside its place first.
        """
        if _identity(self.path) == self._identity:
            return
        what = f"The file {self.path} was deleted or replaced while it was open."
        try:
            self._rescue()
        except StoreError as err:
            raise StoreError(f"{what} {err.message}", hint=err.hint) from err
        raise StoreError(
            f"{what} What was in it is kept in {self._rescued}.",
            hint="Close the program, move that file to the place of the other, and start again.",
        )

    def _rescue(self) -> None:
        """Copy what is in the file that has lost its place, and take it out of the log that has not.

        The next program would take that log for one of the file that is there now.
        """
        if self._rescued is not None:
            return
        from gptalk_client.store.backups import free_name, write_backup  # they know this module

        rescued = free_name(self.path, "rescued")
        with contextlib.suppress(OSError):  # told when the copy itself is written
            make_private_folder(rescued.parent)
        write_backup(self.backup, rescued, replace=False)
        self._rescued = rescued
        self._writer.ready().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextlib.contextmanager
    def examine(self) -> Iterator[sqlite3.Connection]:
        """Give a connection of its own, to check the whole file with.

        Since SQLite 3.44, `PRAGMA integrity_check` has FTS5 check its index as well, and FTS5 does so from the
        structure that the connection has cached: where another connection has written since, it reports a
        checksum mismatch in a sound index.

        Raises:
            StoreError: The file was deleted or replaced, or cannot be opened again.
        """
        with self._write_lock, in_words(self.path):
            if not self.read_only:
                self._check_place()
            with self._writer.anew() as con:
                yield con

    def data_version(self) -> int:
        """Return a number that changes when another connection than the writing one has changed the file."""
        with self._write_lock, in_words(self.path):
            return int(self._writer.ready().execute("PRAGMA data_version").fetchone()[0])

    def backup(self, target: sqlite3.Connection) -> None:
        """Copy the whole database by SQLite's backup, also while others write."""
        with self._read_lock, in_words(self.path):
            self._reader.ready().backup(target)

    def close(self) -> None:
        """Close the connections; further calls do nothing."""
        with self._write_lock, self._read_lock, in_words(self.path):
            self.is_closed = True
            if not self.read_only and _identity(self.path) not in (self._identity, None):
                with contextlib.suppress(StoreError, sqlite3.Error):
                    self._rescue()
            self._reader.close()
            self._writer.close()
        if self._on_close is not None:
            self._on_close()
            self._on_close = None
