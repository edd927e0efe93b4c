"""Files that must not be overwritten: the database, SQLite's files beside it, and the logins."""

from __future__ import annotations

import os
from pathlib import Path

from gptalk_client.errors import UsageError

SIDE_FILES = ("", "-wal", "-shm", "-journal")
_BESIDE = (
    "auth.json", "auth.json.lock", "provider_keys.json", "provider_keys.json.lock", "unsaved.jsonl",
    "unsaved.jsonl.lock", "model_choices.json",
)  # fmt: skip


def refuse_own_file(path: Path, database: Path) -> None:
    """Refuse to overwrite the program's own files.

    A database that is replaced while a program has it open loses everything from then on, so not even
    its own backup may be written over it.

    Args:
        path: What is to be written; links are followed, and it need not be there.
        database: The database, under its configured name or its real one.

    Raises:
        UsageError: It is one of the program's own files.
    """
    real = Path(os.path.realpath(database))
    own = [Path(f"{each}{side}") for each in (database, real) for side in SIDE_FILES]
    own += [each.with_name(name) for each in (database, real) for name in _BESIDE]
    if any(_is_same(path, each) for each in own):
        raise UsageError(
            f"{path} is one of the program's own files, which hold your conversations and logins.",
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
    """Return folder and name for comparison, ignoring case as some file systems do."""
    return os.path.realpath(path.parent), path.name.casefold()
