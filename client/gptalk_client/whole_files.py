"""Files that appear whole or not at all: filled beside their place under another name, then moved there."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from gptalk_client.regular_files import NoFileError


class AlreadyThereError(OSError):
    """There is a file of this name, and it is not to be replaced."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EEXIST, "it is there already", str(path))


def takes_a_stream(path: Path) -> bool:
    """Return whether what is there is written to as it is, such as a terminal, /dev/null or a named pipe."""
    status = _status(path)
    return status is not None and (stat.S_ISCHR(status.st_mode) or stat.S_ISFIFO(status.st_mode))


@contextlib.contextmanager
def placed(path: Path, *, replace: bool, keep_mode: bool) -> Iterator[Path]:
    """Give an empty file that only its owner can read, for the block to fill, and move it to its place.

    A link stays and the file behind it is replaced. If the block raises, nothing has changed.

    Args:
        path: The place; its folder must be there.
        replace: Replace a file that is there, or that appears meanwhile.
        keep_mode: Whoever could read a file that is replaced can read the new one.

    Raises:
        AlreadyThereError: There is one, and `replace` is not given.
        NoFileError: What is there is a folder, a device or the like.
        OSError: Nothing can be written there.
    """
    before = _status(path)
    if before is not None and not stat.S_ISREG(before.st_mode):
        raise NoFileError(path, before.st_mode)
    if not replace and os.path.lexists(path):
        raise AlreadyThereError(path)
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o600)
    try:
        if sys.platform != "win32":
            os.fchmod(descriptor, 0o600)  # whatever the umask says
        os.close(descriptor)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        if before is not None and keep_mode:
            temporary.chmod(stat.S_IMODE(before.st_mode) & 0o777)
        if replace or not _link(temporary, target):
            os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _link(temporary: Path, target: Path) -> bool:
    """Give the file its name only if nobody has it, which a rename cannot; False where links are unknown."""
    try:
        os.link(temporary, target)
    except FileExistsError as err:
        raise AlreadyThereError(target) from err
    except (OSError, AttributeError, NotImplementedError):
        return False
    return True
