"""Search in titles and messages, as the user types."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from gptalk_client.models import Message, SearchHit
from gptalk_client.store.base import StorePart
from gptalk_client.store.rows import conversation_seq, message_seq, read_message, readable_time
from gptalk_client.text import storable
from gptalk_client.textsearch.folding import composed, fold
from gptalk_client.textsearch.query import Query, parse
from gptalk_client.textsearch.snippets import ranges, snippet

_MAX_TITLES = 20
_CANDIDATES = 250
"""How many messages are read to tell `c++` from `c`."""
_SCANNED = 5_000
"""How many of the newest messages are read where the index cannot help."""
_SCANNED_PROMPTS = 5_000

_Row: TypeAlias = tuple[str, str, str, str, int, str]

_FOUND = f"""
    SELECT c.id, m.id, c.title, m.role, {readable_time("m.created_at_ms")}, t.content
      FROM {{source}}
      JOIN message_text t ON t.seq = m.seq
      JOIN conversation c ON c.seq = m.conversation_seq
     WHERE m.deletion_seq IS NULL AND c.trashed_at_ms IS NULL AND m.status <> 'streaming' AND {{condition}}
     ORDER BY {{order}} LIMIT {{limit}}"""
_THOUGHT = _FOUND.replace("message_text", "message_reasoning")


class Search(StorePart):
    """The part of the store for search."""

    def search(self, query: str, *, limit: int = 50, conversation_id: str | None = None) -> list[SearchHit]:
        """Return the matches for every word of the query: titles first, then messages, newest first.

        Case, accents, ё and е do not count; the last word may be unfinished; double quotes make a phrase;
        every other sign means itself, and is passed over only where nothing holds it. What is in the trash,
        deleted, or still being written is not found.

        Args:
            query: Anything.
            limit: How many hits at most.
            conversation_id: Look in this conversation only, and give its messages oldest first.

        Raises:
            UsageError: There is no such conversation.
        """
        wanted = parse(query)
        if wanted.is_empty or limit < 1:
            return []
        with self._db.read() as con:
            if conversation_id is not None:
                return _messages(con, wanted, limit, conversation_seq(con, conversation_id))
            titles = _titles(con, wanted, min(limit, _MAX_TITLES))
            return titles + _messages(con, wanted, limit - len(titles), None)

    def search_reasoning(self, query: str, *, limit: int = 50) -> list[SearchHit]:
        """Return the matches for every word of the query in what models thought, newest first.

        It is not indexed: some thousands of the newest replies with reasoning are looked through.

        Args:
            query: Anything; otherwise as for `search`.
            limit: How many hits at most.
        """
        wanted = parse(query)
        if wanted.is_empty or limit < 1:
            return []
        hits: list[SearchHit] = []
        with self._db.read() as con:
            sql = _THOUGHT.format(source="message m", condition="1", order="m.seq DESC", limit=_SCANNED)
            for row in con.execute(sql):
                folded = fold(row[5])
                if all(word in folded for word in wanted.words):
                    hits.append(_hit(row, wanted.marks))
                    if len(hits) == limit:
                        break
        return hits

    def search_extent(self) -> tuple[int, int]:
        """Return how many messages a search covers, and of how many conversations."""
        with self._db.read() as con:
            conversations = con.execute(
                "SELECT count(*) FROM conversation WHERE trashed_at_ms IS NULL"
            ).fetchone()
            messages = con.execute(
                "SELECT count(*) FROM message m JOIN conversation c ON c.seq = m.conversation_seq"
                " WHERE m.deletion_seq IS NULL AND c.trashed_at_ms IS NULL AND m.status <> 'streaming'"
            ).fetchone()
        return int(messages[0]), int(conversations[0])

    def prompts(self, *, filter: str = "", limit: int = 100, before: str | None = None) -> list[Message]:
        """Return earlier prompts of every conversation, newest first, each text once.

        Args:
            filter: Words that the prompt must hold, in any case and with any accents. With a filter, some
                thousands of the newest prompts are looked through.
            limit: How many at most.
            before: The id of a prompt: only older ones.

        Raises:
            UsageError: There is no message `before`.
        """
        words = fold(storable(filter)).split()
        found: dict[str, int] = {}
        with self._db.read() as con:
            newest = message_seq(con, before)[0] if before is not None else None
            rows = con.execute(
                "SELECT m.seq, t.content FROM message m JOIN message_text t ON t.seq = m.seq"
                " JOIN conversation c ON c.seq = m.conversation_seq"
                " WHERE m.role = 'user' AND m.deletion_seq IS NULL AND c.trashed_at_ms IS NULL"
                " AND (:newest IS NULL OR m.seq < :newest) ORDER BY m.seq DESC LIMIT :limit",
                {"newest": newest, "limit": _SCANNED_PROMPTS},
            )
            for seq, content in rows:
                text = content.strip()
                if not text or text in found:
                    continue
                folded = fold(text) if words else ""
                if all(word in folded for word in words):
                    found[text] = seq
                    if len(found) >= limit:
                        break
            return [read_message(con, seq) for seq in found.values()]


def _titles(con: sqlite3.Connection, query: Query, limit: int) -> list[SearchHit]:
    condition = " AND ".join("instr(title_key, ?) > 0" for _ in query.words)
    rows = con.execute(
        f"SELECT id, title, {readable_time('updated_at_ms')} FROM conversation"
        f" WHERE trashed_at_ms IS NULL AND {condition}"
        " ORDER BY updated_at_ms DESC, seq DESC LIMIT ?",
        (*query.words, limit),
    ).fetchall()
    return [
        SearchHit(
            conversation_id,
            None,
            title,
            "title",
            composed(title),
            ranges(composed(title), query.marks),
            time_ms,
        )
        for conversation_id, title, time_ms in rows
    ]


def _messages(con: sqlite3.Connection, query: Query, limit: int, conversation: int | None) -> list[SearchHit]:
    if not query.match:
        return [_hit(row, query.marks) for row in _scan(con, query.words, limit, conversation)]
    if not query.literals:
        return [_hit(row, query.marks) for row in _indexed(con, query, limit, conversation)]
    strict: list[SearchHit] = []
    loose: list[_Row] = []
    for row in _indexed(con, query, _CANDIDATES, conversation):
        folded = fold(row[5])
        if all(word in folded for word in query.literals):
            strict.append(_hit(row, query.marks))
            if len(strict) == limit:
                break
        elif len(loose) < limit:
            loose.append(row)
    return strict or [_hit(row, query.loose_marks) for row in loose]


def _indexed(con: sqlite3.Connection, query: Query, limit: int, conversation: int | None) -> Iterator[_Row]:
    source = "message_search s CROSS JOIN message m ON m.seq = s.rowid"
    if conversation is None:
        sql = _FOUND.format(
            source=source, condition="s.message_search MATCH ?", order="s.rowid DESC", limit="?"
        )
        yield from con.execute(sql, (query.match, limit))
        return
    first, last = _bounds(con, conversation)
    sql = _FOUND.format(
        source=source,
        condition="s.message_search MATCH ? AND s.rowid BETWEEN ? AND ? AND m.conversation_seq = ?",
        order="s.rowid",
        limit="?",
    )
    yield from con.execute(sql, (query.match, first, last, conversation, limit))


def _bounds(con: sqlite3.Connection, conversation: int) -> tuple[int, int]:
    row = con.execute(
        "SELECT min(seq), max(seq) FROM message WHERE conversation_seq = ?", (conversation,)
    ).fetchone()
    return (row[0] or 0, row[1] or 0)


def _scan(
    con: sqlite3.Connection, words: Sequence[str], limit: int, conversation: int | None
) -> Iterator[_Row]:
    """Find symbols that are not words, in one conversation or else in the newest messages."""
    condition = " AND ".join("instr(t.content, ?) > 0" for _ in words)
    if conversation is None:
        source = f"(SELECT * FROM message ORDER BY seq DESC LIMIT {_SCANNED}) m"
        sql = _FOUND.format(source=source, condition=condition, order="m.seq DESC", limit="?")
        yield from con.execute(sql, (*words, limit))
    else:
        sql = _FOUND.format(
            source="message m", condition=f"{condition} AND m.conversation_seq = ?", order="m.seq", limit="?"
        )
        yield from con.execute(sql, (*words, conversation, limit))


def _hit(row: _Row, marks: re.Pattern[str]) -> SearchHit:
    conversation_id, message_id, title, role, created_at_ms, content = row
    text, matches = snippet(content, marks)
    return SearchHit(conversation_id, message_id, title, role, text, matches, created_at_ms)
