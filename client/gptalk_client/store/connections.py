"""Connections to a file, as the store sets them up."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from gptalk_client.store.sqlite_errors import BUSY_TIMEOUT_MS, patiently


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection in autocommit mode that may read and write, with the settings that all of them have."""
    con = sqlite3.connect(
        path,
        timeout=BUSY_TIMEOUT_MS / 1000,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        patiently(lambda: con.execute("PRAGMA journal_mode = WAL"))
        con.execute("PRAGMA synchronous = FULL")
        con.execute("PRAGMA foreign_keys = ON")
        con.execute("PRAGMA journal_size_limit = 16777216")
    except BaseException:
        con.close()
        raise
    return con


def probe(con: sqlite3.Connection) -> None:
    """Read a little of each table, so that damage shows now rather than in mid-conversation."""
    con.execute("SELECT seq, id, title, draft FROM conversation ORDER BY seq DESC LIMIT 1").fetchall()
    con.execute("SELECT seq, id FROM message ORDER BY seq DESC LIMIT 1").fetchall()
    con.execute("SELECT seq, content FROM message_text ORDER BY seq DESC LIMIT 1").fetchall()
