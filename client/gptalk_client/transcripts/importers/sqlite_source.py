"""Other programs' SQLite files: opened to be read, and never written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from gptalk_client.transcripts.importers.source import SourceFile

MAGIC = b"SQLite format 3\x00"


@contextmanager
def opened_database(source: SourceFile) -> Iterator[sqlite3.Connection]:
    """Open a database with rows by column name.

    Raises:
        TranscriptError: It is damaged, locked for long, or lacks what an importer asks for.
    """
    source.check()
    try:
        with closing(
            sqlite3.connect(f"{source.path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
        ) as con:
            con.row_factory = sqlite3.Row
            con.text_factory = _text
            yield con
    except sqlite3.Error as err:
        raise source.broken(f"the database cannot be read: {err}") from err


def columns(con: sqlite3.Connection) -> dict[str, set[str]]:
    """Return the names of the columns by table."""
    tables = [row[0] for row in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        table: {row[0] for row in con.execute("SELECT name FROM pragma_table_info(?)", (table,))}
        for table in tables
    }


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
