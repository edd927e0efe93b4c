"""A small disk of a test's own, and a way to fill it to its last byte."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(folder: Path, *, inodes: int = 0) -> Iterator[Path]:
    """Mount a file system of 2 MB; skip the test where the machine does not let us have one.

    Args:
        folder: Where; it is made.
        inodes: How many files it has room for; 0 for any number.
    """
    folder.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs the right to mount")
    mount = ["mount", "-t", "tmpfs", "-o", f"size=2m,mode=0700,nr_inodes={inodes}", "none", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount")
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield folder
    finally:
        done = subprocess.run(["umount", str(folder)], capture_output=True, text=True, check=False)
        if done.returncode:  # a file on it is still open: no later test shall stumble over it
            subprocess.run(["umount", "-l", str(folder)], check=True)
            pytest.fail(done.stderr)


@contextlib.contextmanager
def full(disk: Path) -> Iterator[None]:
    """Fill a disk to its last byte for a while."""
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    try:
        yield
    finally:
        filler.unlink()


@contextlib.contextmanager
def out_of_inodes(disk: Path) -> Iterator[None]:
    """Use up all inodes of a disk for a while."""
    fillers = disk / "fillers"
    fillers.mkdir()
    with contextlib.suppress(OSError):
        for number in range(100_000):
            (fillers / str(number)).touch()
    assert not os.statvfs(disk).f_favail
    try:
        yield
    finally:
        shutil.rmtree(fillers)
