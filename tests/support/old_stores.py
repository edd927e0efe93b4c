"""Files as earlier formats wrote them, spelled out so that no later change of the code changes them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

_FORMAT_1 = """
CREATE TABLE written_by (schema_version INTEGER PRIMARY KEY, step TEXT NOT NULL,
    program_version TEXT NOT NULL, applied_at_ms INTEGER NOT NULL);
CREATE TABLE conversation (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL DEFAULT '', title_key TEXT NOT NULL DEFAULT '', renamed INTEGER NOT NULL DEFAULT 0,
    created_at_ms INTEGER NOT NULL, updated_at_ms INTEGER NOT NULL, model TEXT NOT NULL DEFAULT '',
    provider TEXT NOT NULL DEFAULT '', options TEXT NOT NULL DEFAULT '', archived INTEGER NOT NULL DEFAULT 0,
    pinned INTEGER NOT NULL DEFAULT 0, unread INTEGER NOT NULL DEFAULT 0, trashed_at_ms INTEGER,
    active_seq INTEGER, touches INTEGER NOT NULL DEFAULT 0, system_prompt TEXT NOT NULL DEFAULT '',
    draft TEXT NOT NULL DEFAULT '');
CREATE INDEX conversation_list
    ON conversation (pinned DESC, updated_at_ms DESC, seq DESC, archived, trashed_at_ms);
CREATE TABLE message (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    conversation_seq INTEGER NOT NULL REFERENCES conversation (seq) ON DELETE CASCADE,
    parent_seq INTEGER REFERENCES message (seq) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
    status TEXT NOT NULL CHECK (status IN ('complete', 'streaming', 'incomplete', 'stopped', 'failed')),
    created_at_ms INTEGER NOT NULL, size_chars INTEGER NOT NULL DEFAULT 0, touched INTEGER NOT NULL DEFAULT 0,
    deletion_seq INTEGER, model TEXT NOT NULL DEFAULT '', owner TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '');
CREATE INDEX message_tree ON message (conversation_seq, parent_seq, seq, deletion_seq);
CREATE INDEX message_parent ON message (parent_seq);
CREATE INDEX message_streaming ON message (owner) WHERE status = 'streaming';
CREATE INDEX message_deleted ON message (deletion_seq) WHERE deletion_seq IS NOT NULL;
CREATE TABLE message_text (seq INTEGER PRIMARY KEY REFERENCES message (seq) ON DELETE CASCADE,
    content TEXT NOT NULL);
CREATE TABLE reply_part (message_seq INTEGER NOT NULL REFERENCES message (seq) ON DELETE CASCADE,
    part INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (message_seq, part)) WITHOUT ROWID;
CREATE TABLE deletion (seq INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL UNIQUE,
    conversation_seq INTEGER NOT NULL REFERENCES conversation (seq) ON DELETE CASCADE,
    message_seq INTEGER NOT NULL, active_seq INTEGER, deleted_at_ms INTEGER NOT NULL);
CREATE INDEX deletion_conversation ON deletion (conversation_seq);
INSERT INTO written_by VALUES (1, 'conversations and messages', '0.0.1', 1);
INSERT INTO conversation (seq, id, title, created_at_ms, updated_at_ms, active_seq)
    VALUES (1, 'c0000000000000000000000000000001', 'Ёлки', 1000, 2000, 2);
INSERT INTO message (seq, id, conversation_seq, parent_seq, role, status, created_at_ms, size_chars) VALUES
    (1, 'a0000000000000000000000000000001', 1, NULL, 'user', 'complete', 1000, 6),
    (2, 'a0000000000000000000000000000002', 1, 1, 'assistant', 'complete', 2000, 12);
INSERT INTO message_text VALUES (1, 'Привет'), (2, 'an old reply');
PRAGMA user_version = 1;
"""
_FORMAT_2 = """
CREATE VIRTUAL TABLE message_search USING fts5 (body, prefix = '1 2 3', columnsize = 0,
    tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co M*'");
CREATE TRIGGER message_unindexed AFTER DELETE ON message BEGIN
    DELETE FROM message_search WHERE rowid = old.seq;
END;
INSERT INTO message_search (rowid, body) VALUES (1, 'привет'), (2, 'an old reply');
UPDATE conversation SET title_key = 'елки';
INSERT INTO written_by VALUES (2, 'full-text search', '0.0.2', 2);
PRAGMA user_version = 2;
"""
_FORMAT_3 = """
ALTER TABLE message ADD COLUMN source_id TEXT;
CREATE UNIQUE INDEX message_source ON message (conversation_seq, source_id) WHERE source_id IS NOT NULL;
CREATE TABLE import_source (source TEXT NOT NULL, source_id TEXT NOT NULL,
    conversation_seq INTEGER NOT NULL REFERENCES conversation (seq) ON DELETE CASCADE,
    digest BLOB NOT NULL, PRIMARY KEY (source, source_id)) WITHOUT ROWID;
CREATE INDEX import_source_conversation ON import_source (conversation_seq);
INSERT INTO written_by VALUES (3, 'imports', '0.0.3', 3);
PRAGMA user_version = 3;
"""
_FORMAT_4 = """
ALTER TABLE message ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN finish_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN reasoning_chars INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN prompt_tokens INTEGER;
ALTER TABLE message ADD COLUMN completion_tokens INTEGER;
ALTER TABLE message ADD COLUMN reasoning_tokens INTEGER;
ALTER TABLE message ADD COLUMN first_text_ms INTEGER;
ALTER TABLE message ADD COLUMN reasoning_ms INTEGER;
ALTER TABLE message ADD COLUMN duration_ms INTEGER;
CREATE TABLE message_reasoning (seq INTEGER PRIMARY KEY REFERENCES message (seq) ON DELETE CASCADE,
    content TEXT NOT NULL);
CREATE TABLE reasoning_part (message_seq INTEGER NOT NULL REFERENCES message (seq) ON DELETE CASCADE,
    part INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (message_seq, part)) WITHOUT ROWID;
INSERT INTO written_by VALUES (4, 'reasoning, usage and finish reasons', '0.0.4', 4);
PRAGMA user_version = 4;
"""
_CHANGED = """
CREATE TRIGGER {field}_changed AFTER UPDATE OF {field} ON conversation WHEN new.{field} IS NOT old.{field} BEGIN
    INSERT OR REPLACE INTO field_change (conversation_seq, field, changed_at_ms)
    VALUES (new.seq, '{field}', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER));
END;
"""
_FORMAT_5 = (
    """
CREATE TABLE field_change (conversation_seq INTEGER NOT NULL REFERENCES conversation (seq) ON DELETE CASCADE,
    field TEXT NOT NULL, changed_at_ms INTEGER NOT NULL, PRIMARY KEY (conversation_seq, field)) WITHOUT ROWID;
"""
    + "".join(
        _CHANGED.format(field=field)
        for field in (
            "title",
            "system_prompt",
            "model",
            "provider",
            "options",
            "archived",
            "pinned",
            "active_seq",
        )
    )
    + """
INSERT INTO written_by VALUES (5, 'times of changes', '0.0.5', 5);
PRAGMA user_version = 5;
"""
)
_FORMAT_6 = """
ALTER TABLE conversation ADD COLUMN tags TEXT NOT NULL DEFAULT '';
CREATE INDEX conversation_tags ON conversation (tags, trashed_at_ms) WHERE tags <> '';
INSERT INTO written_by VALUES (6, 'tags', '0.0.6', 6);
PRAGMA user_version = 6;
"""

OLD_FORMATS = {
    1: _FORMAT_1,
    2: _FORMAT_1 + _FORMAT_2,
    3: _FORMAT_1 + _FORMAT_2 + _FORMAT_3,
    4: _FORMAT_1 + _FORMAT_2 + _FORMAT_3 + _FORMAT_4,
    5: _FORMAT_1 + _FORMAT_2 + _FORMAT_3 + _FORMAT_4 + _FORMAT_5,
    6: _FORMAT_1 + _FORMAT_2 + _FORMAT_3 + _FORMAT_4 + _FORMAT_5 + _FORMAT_6,
}


def write_old_store(path: Path, version: int) -> None:
    """Write a file of an earlier format, with one conversation of two messages."""
    path.parent.mkdir(parents=True, exist_ok=True)
    con = sqlite3.connect(path)
    con.execute("PRAGMA journal_mode = WAL")
    con.executescript(OLD_FORMATS[version])
    con.close()
