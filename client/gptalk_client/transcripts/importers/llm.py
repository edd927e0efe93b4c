"""llm's `logs.db` of the current shape: messages are named by hashes and know their parent's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from gptalk_client.json_decoding import JsonError, decode
from gptalk_client.models import Role
from gptalk_client.store.imported import ImportedConversation, ImportedMessage
from gptalk_client.text import first_line
from gptalk_client.transcripts.importers.message_list import ROLES
from gptalk_client.transcripts.importers.source import Skipped, SourceFile, ms_of_iso, text_of
from gptalk_client.transcripts.importers.sqlite_source import columns, opened_database


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the threads of a database."""
    with opened_database(source) as con:
        reader = _Reader(con, source, skipped)
        for row in con.execute("SELECT id, name, tip_message_hash, datetime_utc FROM threads ORDER BY id"):
            if found := reader.conversation(row):
                yield found


class _Reader:
    def __init__(self, con: sqlite3.Connection, source: SourceFile, skipped: Skipped) -> None:
        self._con = con
        self._skipped = skipped
        self._file_ms = source.modified_ms
        self._columns = columns(con)

    def conversation(self, thread: sqlite3.Row) -> ImportedConversation | None:
        created = ms_of_iso(thread["datetime_utc"], self._file_ms)
        turns = self._turns(thread["id"])
        messages: list[ImportedMessage] = []
        system_prompt = ""
        at, model = created, ""
        for key, role_name in self._chain(text_of(thread["tip_message_hash"])):
            role, (text, reasoning) = ROLES.get(role_name), self._text(key)
            if role is None or not text.strip():
                self._skipped.add("what a tool returned" if role_name == "tool" else "an empty message")
                continue
            if role is Role.SYSTEM and not messages and not system_prompt:
                system_prompt = text
                continue
            at, model = turns.get(key, (at + 1, model))
            parent = messages[-1].source_id if messages else None
            shown = model if role is Role.ASSISTANT else ""
            messages.append(ImportedMessage(key, parent, role, text, at, model=shown, reasoning=reasoning))
        if not messages:
            self._skipped.add("a conversation without messages")
            return None
        return ImportedConversation(
            source_id=str(thread["id"]),
            title=text_of(thread["name"]) or first_line(messages[0].content),
            created_at_ms=created,
            updated_at_ms=messages[-1].created_at_ms,
            messages=messages,
            system_prompt=system_prompt,
            model=model,
        )

    def _chain(self, tip: str) -> list[tuple[str, str]]:
        """Return hash and role of the messages from the root to the tip."""
        chain: dict[str, str] = {}
        key: Any = tip
        while key and key not in chain:
            row = self._con.execute(
                "SELECT role, parent_hash FROM messages WHERE hash = ?", (key,)
            ).fetchone()
            if row is None:
                break
            chain[key] = text_of(row["role"])
            key = row["parent_hash"]
        return list(chain.items())[::-1]

    def _turns(self, thread_id: object) -> dict[str, tuple[int, str]]:
        """Return time and model of each turn by the hash of its last message."""
        when = "datetime_utc" if "datetime_utc" in self._columns.get("turns", ()) else "NULL"
        rows = self._con.execute(
            f"SELECT tip_message_hash, model, {when} FROM turns WHERE thread_id = ?", (thread_id,)
        )
        return {row[0]: (ms_of_iso(row[2], self._file_ms), text_of(row[1])) for row in rows}

    def _text(self, key: str) -> tuple[str, str]:
        """Return a message's text and its reasoning."""
        texts: list[str] = []
        reasoning: list[str] = []
        for row in self._con.execute(
            "SELECT type, text, payload FROM parts WHERE message_hash = ? ORDER BY position", (key,)
        ):
            if row["type"] == "reasoning":
                reasoning.append(text_of(row["text"]))
            elif row["type"] not in ("text", None):
                self._skipped.add(f"a part of type {first_line(text_of(row['type']), 40)}")
            elif row["text"] is not None:
                texts.append(text_of(row["text"]))
            else:
                texts.append(self._referred(text_of(row["payload"])))
        return "\n\n".join(filter(None, texts)), "\n\n".join(filter(None, reasoning))

    def _referred(self, payload: str) -> str:
        """Return the text that a payload is put together from: literals and stored fragments."""
        try:
            data = decode(payload)
        except JsonError:
            data = None
        references = data.get("text_ref") if isinstance(data, dict) else None
        texts: list[str] = []
        for each in references if isinstance(references, list) else []:
            if isinstance(each, dict) and "fragment" in each:
                texts.append(self._fragment(each["fragment"]))
            elif isinstance(each, dict):
                texts.append(text_of(each.get("literal")))
        return "".join(texts)

    def _fragment(self, key: Any) -> str:
        row = None
        if "content" in self._columns.get("fragments", ()) and isinstance(key, int | str):
            row = self._con.execute("SELECT content FROM fragments WHERE id = ?", (key,)).fetchone()
        if row is None:
            self._skipped.add("a fragment that is not stored")
            return ""
        return text_of(row["content"])
