"""File locks: who holds one, who may delete its file, and file systems that have none."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest

from gptalk_client.locks import FileLock, NoLocksError, has_locks


def test_lock_has_one_holder_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    lock = FileLock.try_acquire(path)
    assert lock is not None
    assert FileLock.try_acquire(path) is None
    lock.release(remove=True)
    assert not path.exists()
    again = FileLock.try_acquire(path)
    assert again is not None
    again.release()


def test_probe_leaves_nothing_behind(tmp_path: Path) -> None:
    assert has_locks(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert has_locks(tmp_path / "missing")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks files itself, whatever the file system")
def test_file_system_without_locks_is_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    assert not has_locks(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NoLocksError):
        FileLock.try_acquire(tmp_path / "a.lock")
