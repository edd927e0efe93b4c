"""Files on disk: read only if they are regular files, and written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from gptalk_client.paths import make_private_folder

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
    stat.S_IFLNK: "a link",
}


class NotAFileError(OSError):
    """The path names something other than a regular file. `strerror` says what it is."""

    def __init__(self, path: Path, mode: int) -> None:
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        super().__init__(errno.EINVAL, f"it is {kind}, not a file", str(path))


class AlreadyExistsError(OSError):
    """The file exists and must not be replaced."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EEXIST, "it already exists", str(path))


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading bytes, without ever blocking on a pipe. The null device counts as an empty file.

    Raises:
        NotAFileError: It is a folder, a pipe, a device or the like.
        OSError: It cannot be opened.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as err:
        if err.errno == errno.ENXIO:  # a socket cannot be opened at all
            raise NotAFileError(path, path.stat().st_mode) from err
        raise
    try:
        status = os.fstat(descriptor)
        if not (stat.S_ISREG(status.st_mode) or _is_null_device(status)):
            raise NotAFileError(path, status.st_mode)
        return open(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def is_stream(path: Path) -> bool:
    """Return whether to write straight into what is there: a terminal, /dev/null or a named pipe."""
    status = _status(path)
    return status is not None and (stat.S_ISCHR(status.st_mode) or stat.S_ISFIFO(status.st_mode))


@contextlib.contextmanager
def atomic_write(path: Path, *, replace: bool, keep_mode: bool) -> Iterator[Path]:
    """Yield an empty private file for the block to fill, then sync it and move it into place.

    A symbolic link is kept and its target replaced. If the block raises, nothing has changed.

    Args:
        path: The final place; its folder must exist.
        replace: Replace an existing file, even one that appears meanwhile.
        keep_mode: Give the new file the mode of the one it replaces.

    Raises:
        AlreadyExistsError: The file exists and `replace` is false.
        NotAFileError: There is a folder, a device or the like.
        OSError: The file cannot be written.
    """
    before = _status(path)
    if before is not None and not stat.S_ISREG(before.st_mode):
        raise NotAFileError(path, before.st_mode)
    if not replace and os.path.lexists(path):
        raise AlreadyExistsError(path)
    target = Path(os.path.realpath(path))
    with _private_file(target.parent) as temporary:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        if before is not None and keep_mode:
            temporary.chmod(stat.S_IMODE(before.st_mode) & 0o777)
        if replace or not _link(temporary, target):
            os.replace(temporary, target)


def replace_file(path: Path, data: bytes) -> None:
    """Write a small private file that may be lost in a power failure, making its folder if need be.

    Whatever has the name is replaced, a symbolic link included.

    Raises:
        OSError: It cannot be written.
    """
    make_private_folder(path.parent)
    with _private_file(path.parent) as temporary:
        temporary.write_bytes(data)
        os.replace(temporary, path)


def read_private_file(path: Path, *, max_bytes: int, on_warning: Callable[[str], None]) -> bytes | None:
    """Return what a small file says, if it is a regular file of this user that nobody else can read.

    Args:
        path: The file; it may be absent.
        max_bytes: A larger file is ignored.
        on_warning: Called with a sentence for people when the file is there but is ignored or can't be read.

    Returns:
        Its bytes; None if it is absent or ignored.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        if path.is_symlink():
            on_warning(f"{path} is a symbolic link and was ignored.")
            return None
        descriptor = os.open(path, flags)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        on_warning(f"{path} cannot be read.")
        return None
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > max_bytes:
            return None
        # Windows has neither; the folder's access list protects the file there.
        if hasattr(os, "geteuid") and (facts.st_uid != os.geteuid() or facts.st_mode & 0o077):
            on_warning(f"{path} belongs to another user or is readable by others, so it was ignored.")
            return None
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(max_bytes + 1)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _private_file(folder: Path) -> Iterator[Path]:
    """Yield a new file that only its owner can read, and delete it unless the block moves it away."""
    temporary = folder / f".{os.urandom(8).hex()}.tmp"
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        if sys.platform != "win32":
            os.fchmod(descriptor, 0o600)  # whatever the umask
        os.close(descriptor)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _is_null_device(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) and os.path.samestat(status, os.stat(os.devnull))


def _link(temporary: Path, target: Path) -> bool:
    """Link the file to its name unless that is taken, which a rename cannot do; False if links are unsupported."""
    try:
        os.link(temporary, target)
    except FileExistsError as err:
        raise AlreadyExistsError(target) from err
    except (OSError, AttributeError, NotImplementedError):
        return False
    return True
