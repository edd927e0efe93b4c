"""SQLite's errors: recognising damage and locks, retrying, and translating them for people."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from gptalk_client.errors import StoreError, StoreFullError, StoreReadOnlyError
from gptalk_client.store.disk_space import DISK_FULL, shortage

BUSY_TIMEOUT_MS = 1_000
BUSY_TRIES = 15
_T = TypeVar("_T")


def primary_code(err: sqlite3.Error) -> int:
    """Return SQLite's primary result code, or 0 if the error is the Python module's own."""
    return int(getattr(err, "sqlite_errorcode", 0) or 0) & 0xFF


def is_damage(err: sqlite3.Error) -> bool:
    """Return whether the error means that the file is damaged or not a database."""
    return primary_code(err) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def is_busy(err: sqlite3.Error) -> bool:
    """Return whether another connection kept the file locked beyond the busy timeout."""
    return primary_code(err) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def patiently(work: Callable[[], _T], hurry: threading.Event | None = None) -> _T:
    """Return `work()`, retried while another process keeps the file locked.

    Args:
        work: Executes one statement; it waits for `BUSY_TIMEOUT_MS` itself.
        hurry: Once set, nothing is retried.
    """
    for attempt in range(1, BUSY_TRIES + 1):
        try:
            return work()
        except sqlite3.OperationalError as err:
            if not is_busy(err) or attempt == BUSY_TRIES or (hurry is not None and hurry.is_set()):
                raise
            time.sleep(0.05)
    raise AssertionError("unreachable")


@contextlib.contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Translate SQLite's errors into the project's own."""
    try:
        yield
    except sqlite3.Error as err:
        raise _explained(err, path) from err


def _explained(err: sqlite3.Error, path: Path) -> StoreError:
    code = primary_code(err)
    may_be_full = code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
    cause = shortage(path.parent) if may_be_full else ""
    if cause or code == sqlite3.SQLITE_FULL:
        return StoreFullError(f"{cause or DISK_FULL}: the conversations cannot be saved.")
    if code == sqlite3.SQLITE_READONLY:
        return StoreReadOnlyError(f"The conversations in {path.parent} cannot be written.")
    if is_busy(err):
        return StoreError("The database is locked by another process.", hint="Close it, then try again.")
    if is_damage(err):
        return StoreError(f"The file {path} is damaged.")
    if isinstance(err, sqlite3.ProgrammingError) and "closed" in str(err):
        return StoreError("The conversations are closed.", hint="Start the program again.")
    return StoreError(f"The conversations in {path} could not be used: {err}.")
