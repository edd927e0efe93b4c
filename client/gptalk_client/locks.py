"""File locks that the kernel releases when their process dies, however it dies."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
import time
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as err:
            if err.errno in _NO_LOCKS:
                raise NoLocksError(err.errno, "The file system has no file locks") from err
            raise
        return True


_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


class NoLocksError(OSError):
    """The file system has no file locks."""


class FileLock:
    """An exclusive lock on a file, held until `release` or the end of the process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def try_acquire(cls, path: Path, *, create: bool = True) -> FileLock | None:
        """Return the lock, or None while another holds it.

        Args:
            path: The lock file; it is created with mode 0600.
            create: False raises FileNotFoundError if there is no such file.

        Raises:
            NoLocksError: The file system has no locks.
            OSError: The file can't be created.
        """
        flags = os.O_RDWR | (os.O_CREAT if create else 0)
        while True:
            descriptor = os.open(path, flags, 0o600)
            try:
                if not _try_lock(descriptor):
                    os.close(descriptor)
                    return None
                # The previous holder may have removed the file between our open and our lock.
                if _is_same_file(path, descriptor):
                    return cls(path, descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
            if not create:
                raise FileNotFoundError(path)

    @classmethod
    def acquire(cls, path: Path, *, timeout_s: float) -> FileLock:
        """Return the lock as soon as it is free.

        Raises:
            TimeoutError: Another process held it throughout.
            NoLocksError: The file system has no locks.
            OSError: The file can't be created.
        """
        deadline = time.monotonic() + timeout_s
        while (lock := cls.try_acquire(path)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"another process holds {path}")
            time.sleep(0.02)
        return lock

    def release(self, *, remove: bool = False) -> None:
        """Release the lock, and delete the file if `remove`."""
        if self._descriptor < 0:
            return
        if remove and sys.platform != "win32":
            with contextlib.suppress(OSError):
                self._path.unlink()
        os.close(self._descriptor)
        self._descriptor = -1
        if remove and sys.platform == "win32":
            with contextlib.suppress(OSError):
                self._path.unlink()


def has_locks(folder: Path) -> bool:
    """Return whether files in a folder can be locked; True where no file can be made to find out."""
    path = folder / f"probe-{os.getpid()}-{threading.get_ident()}.lock"
    try:
        if (lock := FileLock.try_acquire(path)) is not None:
            lock.release(remove=True)
    except NoLocksError:
        with contextlib.suppress(OSError):
            path.unlink()
        return False
    except OSError:
        return True
    return True


def _is_same_file(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
