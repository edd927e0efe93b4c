"""Opening a database: creating it privately, upgrading it, moving it aside if damaged, or only reading it."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from gptalk_client.errors import Remedy, StoreError, StoreFullError
from gptalk_client.files import open_regular
from gptalk_client.locks import FileLock, has_locks
from gptalk_client.paths import make_private_folder, typed_path
from gptalk_client.store.backups import back_up_before_migration, free_name
from gptalk_client.store.connections import connect, probe
from gptalk_client.store.database import Database, Line
from gptalk_client.store.disk_space import DISK_FULL, shortage
from gptalk_client.store.migrations import (
    SCHEMA_VERSION,
    check_not_newer,
    has_tables,
    migrate,
    schema_version,
)
from gptalk_client.store.reading import open_to_read
from gptalk_client.store.reserved_paths import SIDE_FILES
from gptalk_client.store.sqlite_errors import in_words, is_busy, is_damage, patiently
from gptalk_client.store.tampering import refuse_what_is_no_file, warnings_about

LOCKS_FOLDER = "locks"
_OPEN_TIMEOUT_S = 30.0
_HEADER_BYTES = 100


def open_database(path: Path, *, read_only: bool, notices: list[str]) -> Database:
    """Open the file, creating or upgrading it if need be.

    Args:
        path: The file.
        read_only: Write nothing, not even a missing file.
        notices: Receives a sentence for the user about anything unusual.

    Raises:
        NewerSchemaError: A later version of the program wrote the file.
        StoreError: The file cannot be opened.
    """
    path = typed_path(path).absolute()
    link = path if os.path.islink(path) else None
    if link is not None:
        path = Path(os.path.realpath(path))  # SQLite keeps its side files beside the real one
    refuse_what_is_no_file(path)
    with in_words(path):
        if read_only:
            return open_to_read(path)
        try:
            make_private_folder(path.parent)
            is_writable = os.access(path.parent, os.W_OK | os.X_OK) and _make_private_file(path)
        except OSError as err:
            if err.errno == errno.ENOSPC:
                cause = shortage(path.parent) or DISK_FULL
                raise StoreFullError(f"{cause}: {path} cannot be made.") from err
            is_writable = False
        if not is_writable:
            notices.append(f"The folder {path.parent} cannot be written, so nothing will be saved.")
            return open_to_read(path)
        if lacks_locks := not has_locks(path.parent):
            notices.append(no_locks(path.parent))
        places = [path] if link is None else [path, link]
        notices.extend(dict.fromkeys(words for each in places for words in warnings_about(each)))
        try:
            with in_words(path):
                return _open_to_write(path, link, notices)
        except StoreFullError:
            if not path.stat().st_size:
                raise  # nothing was ever saved in it
        except StoreError as err:
            if lacks_locks and isinstance(err.__cause__, sqlite3.Error) and is_busy(err.__cause__):
                raise StoreError(
                    f"The file system of {path.parent} has no file locks, which the database needs.",
                    hint="Keep the conversations on a local disk.",
                ) from err
            raise
        except OSError as err:
            if err.errno != errno.ENOSPC:
                raise StoreError(f"The file {path} cannot be opened: {err.strerror}.") from err
        cause = shortage(path.parent) or DISK_FULL
        notices.append(
            f"{cause}: nothing is saved until there is space again. You can still read everything."
        )
        database = open_to_read(path)
        database.shortage = cause
        return database


def no_locks(folder: Path) -> str:
    """Return what it means that a folder's files can't be locked."""
    return f"The file system of {folder} has no file locks: use only one window or command at a time."


def _open_to_write(path: Path, link: Path | None, notices: list[str]) -> Database:
    try:
        writer = _connect_to_write(path)
        try:
            if schema_version(writer) == SCHEMA_VERSION:
                probe(writer)
                return _database(path, writer)
        except BaseException:
            writer.close()
            raise
        writer.close()
    except sqlite3.DatabaseError as err:
        if not is_damage(err):
            raise
    # Missing, old or damaged: create, migrate or move aside, one process at a time.
    with _one_at_a_time(path):
        return _prepare(path, link, notices)


def _prepare(path: Path, link: Path | None, notices: list[str]) -> Database:
    try:
        return _database(path, _connect_up_to_date(path, notices))
    except sqlite3.DatabaseError as err:
        if not is_damage(err):
            raise
    if link is None:
        _close_to_others(path)
        aside = _move_aside(path)
        notices.append(f"The database was damaged. It was moved to {aside}, and a new one was created.")
    else:
        # The link's target may be anybody's file: only the link is ours to move.
        aside = _move_aside(link)
        notices.append(
            f"The database was a link to {path}, which is damaged or not a database. That file was left alone;"
            f" the link was moved to {aside}, and a new database was created."
        )
        path = link
    _make_private_file(path)
    return _database(path, _connect_up_to_date(path, notices))


def _connect_up_to_date(path: Path, notices: list[str]) -> sqlite3.Connection:
    con = _connect_to_write(path)
    try:
        check_not_newer(con)
        version = schema_version(con)
        if version == 0 and has_tables(con):
            raise StoreError(
                f"The file {path} is another program's database.",
                hint="Choose another data folder.",
                remedy=Remedy.DATA_FOLDER,
            )
        if version < SCHEMA_VERSION:
            if version:
                backup = back_up_before_migration(con, path, version)
                notices.append(f"The database was upgraded; the previous version was saved as {backup}.")
            patiently(lambda: migrate(con))
        probe(con)
    except BaseException:
        con.close()
        raise
    return con


def _database(path: Path, writer: sqlite3.Connection) -> Database:
    try:
        reader = _connect_reader(path)
    except BaseException:
        writer.close()
        raise
    return Database(path, Line(writer, lambda: connect(path)), Line(reader, lambda: _connect_reader(path)))


def _connect_reader(path: Path) -> sqlite3.Connection:
    con = connect(path)
    try:
        con.execute("PRAGMA query_only = ON")
    except BaseException:
        con.close()
        raise
    return con


def _connect_to_write(path: Path) -> sqlite3.Connection:
    # SQLite would delete the -wal file of a file that isn't a database, though it may hold all the data.
    with open_regular(path) as file:
        header = file.read(_HEADER_BYTES)
    if header and not (header.startswith(b"SQLite format 3\0") and header[21:24] == b"\x40\x20\x20"):
        err = sqlite3.DatabaseError("file is not a database")
        err.sqlite_errorcode = sqlite3.SQLITE_NOTADB
        raise err
    _close_to_others(path)
    return connect(path)


def _make_private_file(path: Path) -> bool:
    """Create the file such that nobody else can ever read it; return whether it can be written."""
    flags = os.O_RDWR | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.access(path, os.R_OK | os.W_OK)
    try:
        if sys.platform != "win32":
            os.fchmod(descriptor, 0o600)  # whatever the umask
    finally:
        os.close(descriptor)
    return True


def _close_to_others(path: Path) -> None:
    if sys.platform != "win32" and stat.S_IMODE(os.stat(path).st_mode) & 0o077:
        with contextlib.suppress(PermissionError):  # another user's file, shared with us on purpose
            os.chmod(path, 0o600)


@contextlib.contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    try:
        folder = locks_folder(path)
        lock = FileLock.acquire(folder / "open.lock", timeout_s=_OPEN_TIMEOUT_S)
    except TimeoutError as err:
        raise StoreError(
            "Another process is still preparing the database.",
            hint="Close it, then try again.",
        ) from err
    except OSError:
        # A file system without locks; SQLite's own transaction still keeps a migration whole.
        yield
        return
    try:
        yield
    finally:
        lock.release(remove=True)


def locks_folder(path: Path) -> Path:
    """Return the folder of lock files beside a database, creating it if need be."""
    folder = path.parent / LOCKS_FOLDER
    make_private_folder(folder)
    return folder


def _move_aside(path: Path) -> Path:
    aside = free_name(path, "damaged")
    try:
        for side in SIDE_FILES:
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{path}{side}", f"{aside}{side}")
    except OSError as err:
        raise StoreError(f"The file {path} is damaged and can't be moved aside.") from err
    return aside
