"""Reading a database that can't or must not be written: in place, or from a copy in memory."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from gptalk_client.errors import Remedy, StoreError
from gptalk_client.store.connections import connect, probe
from gptalk_client.store.database import Database, Line
from gptalk_client.store.disk_space import shortage
from gptalk_client.store.migrations import (
    SCHEMA_VERSION,
    check_not_newer,
    has_tables,
    migrate,
    schema_version,
)
from gptalk_client.store.sqlite_errors import BUSY_TIMEOUT_MS


def open_to_read(path: Path) -> Database:
    """Open a file without writing; a missing one is an empty database.

    What SQLite would have to write to before reading it is read into memory.

    Raises:
        StoreError: It cannot be read.
        NewerSchemaError: A later version of the program wrote it.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return _read_only(path, _connect_empty())
    except OSError as err:
        raise StoreError(
            f"The file {path} cannot be reached: {err.strerror}.",
            hint="Check the permissions of its folder, or choose another folder.",
            remedy=Remedy.DATA_FOLDER,
        ) from err
    if not os.access(path, os.R_OK):
        raise StoreError(f"The file {path} cannot be read.", hint="Check its permissions.")
    try:
        con = _connect_to_read(path)
    except sqlite3.OperationalError:
        return _open_copy(path)
    try:
        check_not_newer(con)
        version = schema_version(con)
        if version == SCHEMA_VERSION:
            probe(con)
            return _read_only(path, con)
    except BaseException:
        con.close()
        raise
    con.close()
    return _open_copy(path) if version else _read_only(path, _connect_empty())


def _connect_empty() -> sqlite3.Connection:
    con = _connect_memory()
    migrate(con)
    return con


def _connect_to_read(path: Path) -> sqlite3.Connection:
    """Connect read-only; raise OperationalError if SQLite would have to write."""
    has_wal = _has_wal(path)
    if has_wal or os.access(path.parent, os.W_OK):
        try:
            return _connect_as(path, "mode=ro")
        except sqlite3.OperationalError:
            if has_wal or not shortage(path.parent):
                raise
    return _connect_as(path, "immutable=1")


def _has_wal(path: Path) -> bool:
    wal = Path(f"{path}-wal")
    return wal.exists() and wal.stat().st_size > 0


def _connect_as(path: Path, parameter: str) -> sqlite3.Connection:
    con = sqlite3.connect(
        f"{path.as_uri()}?{parameter}", uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None,
        check_same_thread=False,
    )  # fmt: skip
    try:
        schema_version(con)
        has_tables(con)
    except BaseException:
        con.close()
        raise
    return con


def _open_copy(path: Path) -> Database:
    """Read a file into memory that SQLite would have to write to before reading it.

    That is one of an older format, or one with a -wal file in a folder that cannot be written or on a full disk.
    """
    memory = _connect_memory()
    try:
        if shortage(path.parent):
            _copy_alone(path, memory)
        else:
            _copy_elsewhere(path, memory)
        check_not_newer(memory)
        migrate(memory)
        probe(memory)
        return _read_only(path, memory)
    except BaseException as err:
        memory.close()
        if isinstance(err, OSError):
            raise StoreError(f"The file {path} cannot be read: {err.strerror}.") from err
        raise


def _copy_alone(path: Path, memory: sqlite3.Connection) -> None:
    """Copy a file that has no -shm file, and so no other user, without a temporary file: those need space too."""
    if not _has_wal(path):
        with contextlib.closing(_connect_as(path, "immutable=1")) as con:
            con.backup(memory)
        return
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as con:
        con.execute("PRAGMA locking_mode = EXCLUSIVE")
        con.backup(memory)


def _copy_elsewhere(path: Path, memory: sqlite3.Connection) -> None:
    import shutil  # rarely needed, and slow to load
    import tempfile

    with tempfile.TemporaryDirectory(prefix="gptalk-tui-") as folder:
        copy = Path(folder, path.name)
        for side in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{side}", f"{copy}{side}")
        with contextlib.closing(connect(copy)) as con:
            con.backup(memory)


def _connect_memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def _read_only(path: Path, con: sqlite3.Connection) -> Database:
    con.execute("PRAGMA query_only = ON")
    line = Line(con)
    return Database(path, line, line, read_only=True)
