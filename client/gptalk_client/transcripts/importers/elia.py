"""elia's SQLite file: `chat` and `message`. The first message is the system prompt."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

from gptalk_client.store.imported import ImportedConversation
from gptalk_client.transcripts.importers.message_list import conversation_of
from gptalk_client.transcripts.importers.source import Skipped, SourceFile, ms_of_iso, text_of
from gptalk_client.transcripts.importers.sqlite_source import opened_database


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the conversations of a database."""
    with opened_database(source) as con:
        for chat in con.execute("SELECT id, model, title, started_at, archived FROM chat ORDER BY id"):
            rows = con.execute(
                "SELECT role, content, timestamp, model FROM message WHERE chat_id = ? ORDER BY id",
                (chat["id"],),
            ).fetchall()
            if found := _conversation(chat, rows, source.modified_ms, skipped):
                yield found


def _conversation(
    chat: sqlite3.Row, rows: list[sqlite3.Row], file_ms: int, skipped: Skipped
) -> ImportedConversation | None:
    started = ms_of_iso(chat["started_at"], file_ms)
    told = [row for row in rows if text_of(row["content"]).strip()]
    found = conversation_of(
        [(text_of(row["role"]), text_of(row["content"])) for row in rows],
        started,
        skipped,
        # Ids count from 1 in every database: the time tells two of them apart.
        source_id=f"{chat['id']}@{chat['started_at']}",
        title=text_of(chat["title"]),
        model=text_of(chat["model"]),
    )
    if found is None:
        return None
    times = [(ms_of_iso(row["timestamp"], started), text_of(row["model"])) for row in told][
        -len(found.messages) :
    ]
    messages = [
        replace(each, created_at_ms=at, model=model)
        for each, (at, model) in zip(found.messages, times, strict=False)
    ]
    return replace(
        found, messages=messages, updated_at_ms=messages[-1].created_at_ms, archived=bool(chat["archived"])
    )
