"""SQLite calls of this process that fail when a test wants them to, as they do on a bad disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

import pytest

KINDS = {
    "io": (sqlite3.SQLITE_IOERR, "disk I/O error"),
    "full": (sqlite3.SQLITE_FULL, "database or disk is full"),
    "read-only": (sqlite3.SQLITE_READONLY, "attempt to write a readonly database"),
    "busy": (sqlite3.SQLITE_BUSY, "database is locked"),
    "corrupt": (sqlite3.SQLITE_CORRUPT, "database disk image is malformed"),
}
"""Result code and text by name."""


class FailingSqlite:
    """Every connection that is opened while it is in force asks it before each call.

    Attributes:
        fails: Given the number of the call, from 1, and its SQL: whether it fails.
        failed: The SQL of the calls that did.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fails: Callable[[int, str], bool] = lambda number, sql: False
        self.failed: list[str] = []
        self._kind = KINDS["io"]
        self._calls = 0
        outer, real = self, sqlite3.connect

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
                outer._ask(sql)
                return super().execute(sql, parameters)

            def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
                outer._ask(sql)
                return super().executemany(sql, parameters)

        monkeypatch.setattr(
            sqlite3, "connect", lambda *args, **options: real(*args, **{**options, "factory": Connection})
        )

    def begin(self, fails: Callable[[int, str], bool], kind: str = "io") -> None:
        """Count from 1 again and fail what is named from now on."""
        self._calls, self.failed, self.fails = 0, [], fails
        self._kind = KINDS[kind]

    def end(self) -> None:
        """Fail nothing any more."""
        self.fails = lambda number, sql: False

    def _ask(self, sql: str) -> None:
        self._calls += 1
        if self.fails(self._calls, sql):
            self.failed.append(sql)
            code, text = self._kind
            error = (
                sqlite3.DatabaseError(text)
                if self._kind is KINDS["corrupt"]
                else sqlite3.OperationalError(text)
            )
            error.sqlite_errorcode = code
            raise error
