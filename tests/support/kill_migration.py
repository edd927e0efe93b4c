"""Dies at the first, second, third … statement of a migration, and looks at the file each time.

Run by itself, because it forks: `kill_migration.py FILE`. Prints the number of statements and the versions seen.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

from gptalk_client.store.store import Store

_REAL_CONNECT = sqlite3.connect
_DIED, _FINISHED = 9, 0


def open_and_die_at(path: Path, last: int) -> None:
    seen = 0

    def trace(_statement: str) -> None:
        nonlocal seen
        seen += 1
        if seen == last:
            os._exit(_DIED)

    def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        con = _REAL_CONNECT(*args, **kwargs)
        con.set_trace_callback(trace)
        return con

    sqlite3.connect = connect  # type: ignore[assignment]
    Store.open(path)
    os._exit(_FINISHED)


def main() -> None:
    path = Path(sys.argv[1])
    original = path.read_bytes()
    versions: set[int] = set()
    for last in range(1, 500):
        child = os.fork()
        if child == 0:
            open_and_die_at(path, last)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        con = _REAL_CONNECT(path)
        versions.add(con.execute("PRAGMA user_version").fetchone()[0])
        texts = con.execute("SELECT content FROM message_text").fetchall()
        assert texts == [("Привет",), ("an old reply",)], (last, texts)
        con.close()
        with Store.open(path) as store:
            assert store.integrity() == [], (last, store.integrity())
            assert len(store.search("привет")) == 1, last
        if status == _FINISHED:
            break
        assert status == _DIED, (last, status)
        for each in path.parent.iterdir():
            if each.is_file():
                each.unlink()
        path.write_bytes(original)
    print(last - 1, ",".join(map(str, sorted(versions))))


if __name__ == "__main__":
    main()
