"""Tampering with the data folder: refused, or reported to the user."""

from __future__ import annotations

import os
import shlex
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from gptalk_client.errors import StoreError
from gptalk_client.files import NotAFileError
from gptalk_client.store.reserved_paths import SIDE_FILES


def refuse_what_is_no_file(path: Path) -> None:
    """Refuse a database that is not a regular file, or whose side files are not.

    SQLite would wait for a pipe for ever, and write through a link in the place of its own -wal file.

    Args:
        path: The database, links followed.

    Raises:
        StoreError: One of them is a link, a pipe, a folder or the like.
    """
    for side in SIDE_FILES:
        file = Path(f"{path}{side}")
        try:
            mode = file.lstat().st_mode
        except OSError:  # missing or inaccessible: opening it will report that
            continue
        if not stat.S_ISREG(mode):
            raise StoreError(
                f"The file {file} cannot be opened: {NotAFileError(file, mode).strerror}.",
                hint="Inspect it and move it away, then try again.",
            )


def warnings_about(path: Path) -> Iterator[str]:
    """Yield a sentence for each way in which other users of the computer could change the conversations.

    Args:
        path: The database, which need not be there.
    """
    if sys.platform == "win32":
        return  # neither owner nor mode says there who can read a file
    folder = path.parent
    if _belongs_to_another(folder):
        yield f"The folder {folder} belongs to another user, who can change your conversations."
    elif _mode(folder) & 0o022:
        yield (
            f"Other users can create files in {folder} and so change your conversations;"
            f" `chmod 700 {shlex.quote(str(folder))}` prevents that."
        )
    for file in (Path(f"{path}{side}") for side in SIDE_FILES):
        if _belongs_to_another(file):
            yield f"The file {file} belongs to another user, who can read and change it."


def _belongs_to_another(path: Path) -> bool:
    try:
        return hasattr(os, "geteuid") and path.lstat().st_uid not in (os.geteuid(), 0)
    except OSError:
        return False


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0
