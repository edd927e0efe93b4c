"""The files that nothing may be written over: the conversations, what SQLite keeps beside them, the logins."""

from __future__ import annotations

import os
from pathlib import Path

from gptalk_client.errors import UsageError

SIDE_FILES = ("", "-wal", "-shm", "-journal")
_BESIDE = ("auth.json", "auth.json.lock")


def refuse_own_file(path: Path, database: Path) -> None:
    """Do nothing for a file that may be written.

    A database that is replaced while a program has it open loses what is said from then on, so that not even
    its own backup may be written in its place.

    Args:
        path: What is to be written; links are followed, and it need not be there.
        database: The conversations' file, as the person knows it or as it really is.

    Raises:
        UsageError: It is one of the program's own files.
    """
    real = Path(os.path.realpath(database))
    own = [Path(f"{each}{side}") for each in (database, real) for side in SIDE_FILES]
    own += [each.with_name(name) for each in (database, real) for name in _BESIDE]
    if any(_is_same(path, each) for each in own):
        raise UsageError(
            f"{path} is a file that the program keeps your conversations or logins in.",
            hint="Choose another name.",
        )


def _is_same(path: Path, own: Path) -> bool:
    try:
        if os.path.samefile(path, own):
            return True
    except OSError:  # at least one is not there
        pass
    return _place(path) == _place(own) or os.path.realpath(path) == os.path.realpath(own)


def _place(path: Path) -> tuple[str, str]:
    """Return folder and name, as file systems compare them that take upper and lower case for the same."""
    return os.path.realpath(path.parent), path.name.casefold()
