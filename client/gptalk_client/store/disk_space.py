"""Whether the disk has room, in words."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

DISK_FULL = "The disk is full"
NO_INODES = "The disk has no room for more files (no free inodes)"
_LITTLE_SPACE_BYTES = 256 * 1024


def shortage(folder: Path) -> str:
    """Return why nothing can be added to a folder's file system, such as `DISK_FULL`; empty if there is room.

    Args:
        folder: A folder; a missing one lacks nothing.
    """
    import shutil  # a rare need, and slow to load

    try:
        if shutil.disk_usage(folder).free < _LITTLE_SPACE_BYTES:
            return DISK_FULL
        if sys.platform != "win32":
            status = os.statvfs(folder)
            if status.f_files and not status.f_favail:  # some file systems don't count inodes
                return NO_INODES
    except OSError as err:
        return DISK_FULL if err.errno == errno.ENOSPC else ""
    return ""
