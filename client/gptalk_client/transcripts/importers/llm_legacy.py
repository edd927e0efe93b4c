"""llm's `logs.db` of the older shape: a row of `responses` is a prompt and its reply."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from gptalk_client.models import Role
from gptalk_client.store.imported import ImportedConversation, ImportedMessage
from gptalk_client.text import first_line
from gptalk_client.transcripts.importers.source import Skipped, SourceFile, ms_of_iso, text_of
from gptalk_client.transcripts.importers.sqlite_source import opened_database

_RESPONSES = (
    "SELECT id, model, prompt, system, response, datetime_utc FROM responses WHERE {}"
    " ORDER BY datetime_utc, id"
)


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the conversations of a database; a reply without a conversation is one by itself."""
    with opened_database(source) as con:
        for row in con.execute("SELECT id, name, model FROM conversations ORDER BY id"):
            replies = con.execute(_RESPONSES.format("conversation_id = ?"), (row["id"],)).fetchall()
            if found := _conversation(
                str(row["id"]), text_of(row["name"]), replies, source.modified_ms, skipped
            ):
                yield found
        for row in con.execute(_RESPONSES.format("conversation_id IS NULL")):
            if found := _conversation(str(row["id"]), "", [row], source.modified_ms, skipped):
                yield found


def _conversation(
    key: str, name: str, rows: list[sqlite3.Row], file_ms: int, skipped: Skipped
) -> ImportedConversation | None:
    messages: list[ImportedMessage] = []
    for row in rows:
        at = ms_of_iso(row["datetime_utc"], file_ms)
        for role, column, model in (
            (Role.USER, "prompt", ""),
            (Role.ASSISTANT, "response", text_of(row["model"])),
        ):
            if not text_of(row[column]).strip():
                skipped.add("an empty message")
                continue
            parent = messages[-1].source_id if messages else None
            place = at + (role is Role.ASSISTANT)
            messages.append(
                ImportedMessage(
                    f"{row['id']}:{column}", parent, role, text_of(row[column]), place, model=model
                )
            )
    if not messages:
        skipped.add("a conversation without messages")
        return None
    return ImportedConversation(
        source_id=key,
        title=name or first_line(messages[0].content),
        created_at_ms=messages[0].created_at_ms,
        updated_at_ms=messages[-1].created_at_ms,
        messages=messages,
        system_prompt=next((text_of(row["system"]) for row in rows if row["system"]), ""),
        model=text_of(rows[-1]["model"]),
    )
