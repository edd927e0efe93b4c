"""Completion of file paths, for the composer's `@` and for fields that take a path."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator

from gptalk_client.text import visible
from gptalk_tui.widgets.row_list import Row

_UNSEARCHED = frozenset({"__pycache__", "node_modules", "site-packages"})
MAX_ROWS = 100
MAX_ENTRIES = 10_000
"""How many entries of a folder are looked at."""


def file_rows(typed: str) -> list[Row]:
    """Return the files and folders that a path may go on with; empty where only the typed one is left.

    Reads a folder. Names with quotes or control characters cannot be written after an `@` and are left out.
    """
    folder, name = os.path.split(typed)
    ranked: list[tuple[bool, str, Row]] = []
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            for _, entry in zip(range(MAX_ENTRIES), entries, strict=False):
                found = entry.name
                if (found.startswith(".") and not name.startswith(".")) or not found.isprintable():
                    continue
                if '"' in found or name.casefold() not in found.casefold():
                    continue
                path = os.path.join(folder, found) + ("/" if _is_folder(entry) else "")
                is_inner = not found.casefold().startswith(name.casefold())
                ranked.append((is_inner, found.casefold(), Row(path, visible(path, newlines=False))))
    except (OSError, ValueError):
        return []
    ranked.sort(key=lambda each: each[:2])
    rows = [row for *_, row in ranked[:MAX_ROWS]]
    return [] if [row.key for row in rows] == [typed] else rows


def nested_rows(typed: str) -> list[Row]:
    """Return files in the working folder and below it by any part of their path, after those of `file_rows`.

    Folders whose name begins with a dot, and those of packages and caches, are not searched.
    """
    rows = file_rows(typed)
    if not typed or os.path.isabs(typed) or typed.startswith(("~", "..")):
        return rows
    needle = typed.casefold()
    # What is in a folder that is offered is reached through it.
    offered = tuple(row.key for row in rows)
    found = [
        path
        for path in _nested_files()
        if needle in path.casefold() and path != typed and not path.startswith(offered)
    ]
    found.sort(key=lambda path: (needle not in os.path.basename(path).casefold(), path.count(os.sep), path))
    return [*rows, *(Row(path, visible(path, newlines=False)) for path in found)][:MAX_ROWS]


def _nested_files() -> Iterator[str]:
    """Yield the paths of files below the working folder, the nearest ones first."""
    entries_left = MAX_ENTRIES
    folders = deque([""])
    while folders and entries_left > 0:
        folder = folders.popleft()
        try:
            with os.scandir(folder or ".") as entries:
                for entry in entries:
                    entries_left -= 1
                    path = os.path.join(folder, entry.name)
                    if entries_left < 0:
                        break
                    if entry.name.startswith(".") or not entry.name.isprintable() or '"' in entry.name:
                        continue
                    if not entry.is_dir(follow_symlinks=False):
                        yield path
                    elif entry.name not in _UNSEARCHED:
                        folders.append(path)
        except OSError:
            continue


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a folder that is closed to us
        return False
