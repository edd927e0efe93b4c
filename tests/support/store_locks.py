"""Another process that holds the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Keep the conversations in a data folder locked for everybody else."""
    con = sqlite3.connect(data / "conversations.db", isolation_level=None)
    try:
        con.execute("BEGIN IMMEDIATE")
        yield
    finally:
        con.close()
