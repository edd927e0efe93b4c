"""Copies of the database: whole, private, and never half written."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gptalk_client.errors import Remedy, StoreError, StoreFullError
from gptalk_client.files import AlreadyExistsError, atomic_write
from gptalk_client.store.disk_space import DISK_FULL, shortage
from gptalk_client.store.reserved_paths import SIDE_FILES
from gptalk_client.store.sqlite_errors import in_words


def free_name(path: Path, label: str) -> Path:
    """Return an unused name beside a database, with no leftover side files either."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    base = path.with_name(f"{path.name}.{label}-{stamp}")
    name, number = base, 1
    while any(os.path.lexists(f"{name}{side}") for side in SIDE_FILES):
        number += 1
        name = base.with_name(f"{base.name}-{number}")
    return name


@contextlib.contextmanager
def private_folder_with_room(path: Path) -> Iterator[Path]:
    """Yield a temporary folder, for its owner only, that has room for a copy of a database.

    It is beside the database if possible: the system's folder for such files may be in memory.

    Raises:
        StoreError: There is no room anywhere.
    """
    import shutil  # slow to load, and rarely needed
    import tempfile

    needed = sum(os.stat(f"{path}{side}").st_size for side in SIDE_FILES if os.path.exists(f"{path}{side}"))
    for parent in (path.parent, Path(tempfile.gettempdir())):
        if os.access(parent, os.W_OK) and shutil.disk_usage(parent).free > needed:
            break
    else:
        raise StoreError(
            f"There is no room to check a copy of {path.name}, which takes {needed / 1e6:.0f} MB.",
            hint="Free some space, or name a folder with room in TMPDIR.",
        )
    with tempfile.TemporaryDirectory(prefix="gptalk-tui-", dir=parent) as folder:
        yield Path(folder)


def back_up_before_migration(con: sqlite3.Connection, path: Path, version: int) -> Path:
    """Copy a database of an older format beside it, and return the copy."""
    backup = free_name(path, f"format-{version}")
    write_backup(con.backup, backup, replace=False)
    return backup


def write_backup(copy_to: Callable[[sqlite3.Connection], None], path: Path, *, replace: bool) -> None:
    """Write a private copy of a database: a temporary file, then a rename.

    Args:
        copy_to: Copies the database into the connection it is given.
        path: The copy.
        replace: Replace a file that is there.

    Raises:
        StoreError: There is a file already, or the copy cannot be written.
    """
    try:
        with atomic_write(path, replace=replace, keep_mode=False) as temporary:
            try:
                _fill(copy_to, temporary, path)
            finally:
                for side in SIDE_FILES[1:]:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(f"{temporary}{side}")
    except AlreadyExistsError as err:
        raise StoreError(
            f"{path} already exists.", hint="Choose another name.", remedy=Remedy.OVERWRITE
        ) from err
    except OSError as err:
        if err.errno == errno.ENOSPC:
            raise StoreFullError(
                f"{shortage(path.parent) or DISK_FULL}: the backup {path} cannot be written."
            ) from err
        raise StoreError(f"The backup {path} cannot be written: {err.strerror or err}.", hint="") from err


def _fill(copy_to: Callable[[sqlite3.Connection], None], temporary: Path, path: Path) -> None:
    with in_words(path):
        target = sqlite3.connect(temporary, isolation_level=None)
        try:
            copy_to(target)
            # A copy is a single file: without this it would need a -wal file.
            target.execute("PRAGMA journal_mode = DELETE")
        finally:
            target.close()
