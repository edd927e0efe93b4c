"""The schema, as an append-only list of named steps.

`PRAGMA user_version` counts the steps applied to a file. All missing steps run in one transaction together
with the new number, so a file is always at one version or another, never in between.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gptalk_client.errors import NewerSchemaError
from gptalk_client.store.progress import ignore_progress
from gptalk_client.store.rows import now_ms
from gptalk_client.textsearch.folding import fold, index_text

_MESSAGES_BETWEEN_REPORTS = 500

_CONVERSATIONS = """
CREATE TABLE written_by (
    schema_version INTEGER PRIMARY KEY,
    step TEXT NOT NULL,
    program_version TEXT NOT NULL,
    applied_at_ms INTEGER NOT NULL
);

CREATE TABLE conversation (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL DEFAULT '',
    title_key TEXT NOT NULL DEFAULT '',
    renamed INTEGER NOT NULL DEFAULT 0,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    model TEXT NOT NULL DEFAULT '',
    provider TEXT NOT NULL DEFAULT '',
    options TEXT NOT NULL DEFAULT '',
    archived INTEGER NOT NULL DEFAULT 0,
    pinned INTEGER NOT NULL DEFAULT 0,
    unread INTEGER NOT NULL DEFAULT 0,
    trashed_at_ms INTEGER,
    active_seq INTEGER,
    touches INTEGER NOT NULL DEFAULT 0,
    system_prompt TEXT NOT NULL DEFAULT '',
    draft TEXT NOT NULL DEFAULT ''
);
CREATE INDEX conversation_list
    ON conversation (pinned DESC, updated_at_ms DESC, seq DESC, archived, trashed_at_ms);

CREATE TABLE message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    conversation_seq INTEGER NOT NULL REFERENCES conversation (seq) ON DELETE CASCADE,
    parent_seq INTEGER REFERENCES message (seq) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
    status TEXT NOT NULL CHECK (status IN ('complete', 'streaming', 'incomplete', 'stopped', 'failed')),
    created_at_ms INTEGER NOT NULL,
    size_chars INTEGER NOT NULL DEFAULT 0,
    touched INTEGER NOT NULL DEFAULT 0,
    deletion_seq INTEGER,
    model TEXT NOT NULL DEFAULT '',
    owner TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT ''
);
CREATE INDEX message_tree ON message (conversation_seq, parent_seq, seq, deletion_seq);
CREATE INDEX message_parent ON message (parent_seq);
CREATE INDEX message_streaming ON message (owner) WHERE status = 'streaming';
CREATE INDEX message_deleted ON message (deletion_seq) WHERE deletion_seq IS NOT NULL;

CREATE TABLE message_text (
    seq INTEGER PRIMARY KEY REFERENCES message (seq) ON DELETE CASCADE,
    content TEXT NOT NULL
);
CREATE TABLE reply_part (
    message_seq INTEGER NOT NULL REFERENCES message (seq) ON DELETE CASCADE,
    part INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (message_seq, part)
) WITHOUT ROWID;

CREATE TABLE deletion (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    token TEXT NOT NULL UNIQUE,
    conversation_seq INTEGER NOT NULL REFERENCES conversation (seq) ON DELETE CASCADE,
    message_seq INTEGER NOT NULL,
    active_seq INTEGER,
    deleted_at_ms INTEGER NOT NULL
);
CREATE INDEX deletion_conversation ON deletion (conversation_seq);
"""

_SEARCH_INDEX = """
CREATE VIRTUAL TABLE message_search USING fts5 (
    body, prefix = '1 2 3', columnsize = 0,
    tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co M*'"
);
"""
# FTS5 opens no table whose structure it cannot read, not even to drop it, so an empty structure goes in first.
_DROP_SEARCH_INDEX = """
DELETE FROM message_search_data;
INSERT INTO message_search_data (id, block) VALUES (1, x''), (10, x'00000000000000');
REPLACE INTO message_search_config (k, v) VALUES ('version', 4);
DROP TABLE message_search;
"""
_SEARCH_TRIGGER = """
CREATE TRIGGER message_unindexed AFTER DELETE ON message BEGIN
    DELETE FROM message_search WHERE rowid = old.seq;
END;
"""

_IMPORTS = """
ALTER TABLE message ADD COLUMN source_id TEXT;
CREATE UNIQUE INDEX message_source ON message (conversation_seq, source_id) WHERE source_id IS NOT NULL;

CREATE TABLE import_source (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    conversation_seq INTEGER NOT NULL REFERENCES conversation (seq) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    PRIMARY KEY (source, source_id)
) WITHOUT ROWID;
CREATE INDEX import_source_conversation ON import_source (conversation_seq);
"""

_REASONING = """
ALTER TABLE message ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN finish_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN reasoning_chars INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN prompt_tokens INTEGER;
ALTER TABLE message ADD COLUMN completion_tokens INTEGER;
ALTER TABLE message ADD COLUMN reasoning_tokens INTEGER;
ALTER TABLE message ADD COLUMN first_text_ms INTEGER;
ALTER TABLE message ADD COLUMN reasoning_ms INTEGER;
ALTER TABLE message ADD COLUMN duration_ms INTEGER;

CREATE TABLE message_reasoning (
    seq INTEGER PRIMARY KEY REFERENCES message (seq) ON DELETE CASCADE,
    content TEXT NOT NULL
);
CREATE TABLE reasoning_part (
    message_seq INTEGER NOT NULL REFERENCES message (seq) ON DELETE CASCADE,
    part INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (message_seq, part)
) WITHOUT ROWID;
"""

MERGED_FIELDS = ("title", "system_prompt", "model", "provider", "options", "archived", "pinned", "active_seq")
"""The columns of a conversation for which the time of the last change is kept, so that two machines can merge."""

_CHANGES = """
CREATE TABLE field_change (
    conversation_seq INTEGER NOT NULL REFERENCES conversation (seq) ON DELETE CASCADE,
    field TEXT NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (conversation_seq, field)
) WITHOUT ROWID;
"""
_CHANGE_TRIGGER = """
CREATE TRIGGER {field}_changed AFTER UPDATE OF {field} ON conversation WHEN new.{field} IS NOT old.{field} BEGIN
    INSERT OR REPLACE INTO field_change (conversation_seq, field, changed_at_ms)
    VALUES (new.seq, '{field}', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER));
END
"""


_QUEUE = """
CREATE TABLE queued_prompt (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    conversation_seq INTEGER NOT NULL REFERENCES conversation (seq) ON DELETE CASCADE,
    content TEXT NOT NULL
);
CREATE INDEX queued_prompt_conversation ON queued_prompt (conversation_seq);
ALTER TABLE message ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;
"""


def _add_changes(con: sqlite3.Connection) -> None:
    _run(_CHANGES)(con)
    for field in MERGED_FIELDS:
        con.execute(_CHANGE_TRIGGER.format(field=field))


_TAGS = """
ALTER TABLE conversation ADD COLUMN tags TEXT NOT NULL DEFAULT '';
CREATE INDEX conversation_tags ON conversation (tags, trashed_at_ms) WHERE tags <> '';
"""


def _statements(script: str) -> Iterator[str]:
    # sqlite3's executescript commits first, so the steps run statement by statement.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if statement.strip() and sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _run(script: str) -> Callable[[sqlite3.Connection], None]:
    def apply(con: sqlite3.Connection) -> None:
        for statement in _statements(script):
            con.execute(statement)

    return apply


def rebuild_search_index(
    con: sqlite3.Connection, on_progress: Callable[[float], None] = ignore_progress
) -> None:
    """Replace the search index, however damaged, by one made from the messages.

    Args:
        con: A connection with an open transaction.
        on_progress: Called with the share that is done, from 0 to 1.
    """
    _run(_DROP_SEARCH_INDEX)(con)
    _make_search_index(con, on_progress)


def _make_search_index(
    con: sqlite3.Connection, on_progress: Callable[[float], None] = ignore_progress
) -> None:
    total = con.execute("SELECT count(*) FROM message_text").fetchone()[0]
    _run(_SEARCH_INDEX)(con)
    rows = con.execute(
        "SELECT t.seq, t.content FROM message_text t JOIN message m ON m.seq = t.seq"
        " WHERE m.status <> 'streaming'"
    )
    for number, (seq, content) in enumerate(rows, 1):
        con.execute("INSERT INTO message_search (rowid, body) VALUES (?, ?)", (seq, index_text(content)))
        if not number % _MESSAGES_BETWEEN_REPORTS:
            on_progress(number / total)


def _add_search(con: sqlite3.Connection) -> None:
    _make_search_index(con)
    _run(_SEARCH_TRIGGER)(con)
    for seq, title in con.execute("SELECT seq, title FROM conversation").fetchall():
        con.execute("UPDATE conversation SET title_key = ? WHERE seq = ?", (fold(title), seq))


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    name: str
    apply: Callable[[sqlite3.Connection], None]


MIGRATIONS: Sequence[Migration] = (
    Migration("conversations and messages", _run(_CONVERSATIONS)),
    Migration("full-text search", _add_search),
    Migration("imports", _run(_IMPORTS)),
    Migration("reasoning, usage and finish reasons", _run(_REASONING)),
    Migration("times of changes", _add_changes),
    Migration("tags", _run(_TAGS)),
    Migration("queued prompts and edited replies", _run(_QUEUE)),
)
SCHEMA_VERSION = len(MIGRATIONS)


def schema_version(con: sqlite3.Connection) -> int:
    """Return how many steps have been applied to a file; 0 for an empty one."""
    return int(con.execute("PRAGMA user_version").fetchone()[0])


def has_tables(con: sqlite3.Connection) -> bool:
    """Return whether a file has any table."""
    return con.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None


def check_not_newer(con: sqlite3.Connection) -> None:
    """Refuse a file written by a later version of the program.

    Raises:
        NewerSchemaError: With the version that wrote it.
    """
    version = schema_version(con)
    if version <= SCHEMA_VERSION:
        return
    try:
        row = con.execute(
            "SELECT program_version FROM written_by ORDER BY schema_version DESC LIMIT 1"
        ).fetchone()
    except sqlite3.OperationalError:
        row = None
    program = f"gptalk-tui {row[0]}" if row else "a later gptalk-tui"
    raise NewerSchemaError(
        f"The conversations were written by {program} (format {version}); this version only knows format"
        f" {SCHEMA_VERSION} and changed nothing."
    )


def _program_version() -> str:
    from importlib import metadata  # slow to load, and a file is made once

    try:
        return metadata.version("gptalk-tui")
    except metadata.PackageNotFoundError:
        return "unknown"


def migrate(con: sqlite3.Connection, steps: Sequence[Migration] | None = None) -> None:
    """Apply the missing steps, all in one transaction with the version number.

    Args:
        con: A connection in autocommit mode.
        steps: The steps; `MIGRATIONS` by default.
    """
    steps = MIGRATIONS if steps is None else steps
    con.execute("BEGIN IMMEDIATE")
    try:
        for number in range(schema_version(con) + 1, len(steps) + 1):
            step = steps[number - 1]
            step.apply(con)
            con.execute(
                "INSERT INTO written_by (schema_version, step, program_version, applied_at_ms)"
                " VALUES (?, ?, ?, ?)",
                (number, step.name, _program_version(), now_ms()),
            )
            con.execute(f"PRAGMA user_version = {number}")
        con.execute("COMMIT")
    except BaseException:
        if con.in_transaction:
            con.execute("ROLLBACK")
        raise
