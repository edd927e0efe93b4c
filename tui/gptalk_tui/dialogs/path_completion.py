"""Completion of file paths, for the composer's `@` and for fields that take a path."""

from __future__ import annotations

import os

from gptalk_client.text import visible
from gptalk_tui.widgets.row_list import Row

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


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a folder that is closed to us
        return False
