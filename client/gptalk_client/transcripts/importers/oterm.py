"""oterm's SQLite file: `chat` and `message`, without times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gptalk_client.store.imported import ImportedConversation
from gptalk_client.transcripts.importers.message_list import conversation_of
from gptalk_client.transcripts.importers.source import Skipped, SourceFile, digest, text_of
from gptalk_client.transcripts.importers.sqlite_source import opened_database


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the conversations of a database."""
    with opened_database(source) as con:
        for chat in con.execute("SELECT id, name, model, system FROM chat ORDER BY id"):
            rows = con.execute(
                "SELECT author, text, images FROM message WHERE chat_id = ? ORDER BY id", (chat["id"],)
            ).fetchall()
            skipped.add(
                "an image, a sound or a file", sum(row["images"] not in (None, "", "[]") for row in rows)
            )
            told = [(text_of(row["author"]), text_of(row["text"])) for row in rows]
            first = next((text for _, text in told), "")
            found = conversation_of(
                told,
                source.modified_ms,
                skipped,
                # Ids count from 1 in every database: the first words tell two of them apart.
                source_id=f"{chat['id']}:{digest(first)[:16]}",
                title=text_of(chat["name"]),
                model=text_of(chat["model"]),
            )
            if found:
                yield replace(found, system_prompt=text_of(chat["system"]) or found.system_prompt)
