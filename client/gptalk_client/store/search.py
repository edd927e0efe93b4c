"""Search in titles and messages, as the user types."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gptalk_client.models import Message, Role, SearchHit
from gptalk_client.store.base import StorePart
from gptalk_client.store.rows import conversation_seq, message_seq, read_message, readable_time
from gptalk_client.store.tagging import tag_conditions, without_tags
from gptalk_client.tags import tag_name
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

    def search(
        self,
        query: str,
        *,
        limit: int = 50,
        conversation_id: str | None = None,
        tags: Sequence[str] = (),
    ) -> list[SearchHit]:
        """Return the matches for every word of the query: titles first, then messages, newest first.

        Case, accents, ё and е do not count; the last word may be unfinished; double quotes make a phrase;
        every other sign means itself, and is passed over only where nothing holds it. `#word` outside quotes
        means the conversations with this tag, if there are any. What is in the trash, deleted, or still being
        written is not found.

        Args:
            query: Anything.
            limit: How many hits at most.
            conversation_id: Look in this conversation only, and give its messages oldest first.
            tags: Names of tags that the conversations must have. Without words, these are what is found.

        Raises:
            UsageError: There is no such conversation, or a name can't be a tag.
        """
        with self._db.read() as con:
            if conversation_id is not None:
                seq = conversation_seq(con, conversation_id)
                wanted = parse(query)
                return [] if wanted.is_empty or limit < 1 else _messages(con, wanted, limit, _Place(seq))
            wanted, place = _wanted(con, query, tags)
            if limit < 1 or (wanted.is_empty and not place.tags):
                return []
            titles = _titles(con, wanted, limit if wanted.is_empty else min(limit, _MAX_TITLES), place)
            return titles if wanted.is_empty else titles + _messages(con, wanted, limit - len(titles), place)

    def search_reasoning(self, query: str, *, limit: int = 50, tags: Sequence[str] = ()) -> list[SearchHit]:
        """Return the matches for every word of the query in what models thought, newest first.

        It is not indexed: some thousands of the newest replies with reasoning are looked through.

        Args:
            query: Anything; otherwise as for `search`.
            limit: How many hits at most.
            tags: Names of tags that the conversations must have.

        Raises:
            UsageError: A name can't be a tag.
        """
        hits: list[SearchHit] = []
        with self._db.read() as con:
            wanted, place = _wanted(con, query, tags)
            if wanted.is_empty or limit < 1:
                return []
            sql = _THOUGHT.format(
                source="message m", condition=f"1{place.condition}", order="m.seq DESC", limit=_SCANNED
            )
            for row in con.execute(sql, place.values):
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


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to look: in one conversation, in those with some tags, or in all."""

    conversation: int | None = None
    tags: Sequence[str] = ()
    """Patterns of `tagging.tag_pattern`."""

    @property
    def condition(self) -> str:
        """SQL that goes after a condition."""
        own = "" if self.conversation is None else " AND m.conversation_seq = ?"
        return own + tag_conditions(self.tags)

    @property
    def values(self) -> tuple[object, ...]:
        """The values for it."""
        return (*(() if self.conversation is None else (self.conversation,)), *self.tags)


def _wanted(con: sqlite3.Connection, query: str, tags: Sequence[str]) -> tuple[Query, _Place]:
    words, patterns = without_tags(con, query)
    return parse(words), _Place(tags=[*(f" {tag_name(each)} " for each in tags), *patterns])


def _titles(con: sqlite3.Connection, query: Query, limit: int, place: _Place) -> list[SearchHit]:
    condition = "".join(" AND instr(title_key, ?) > 0" for _ in query.words)
    rows = con.execute(
        f"SELECT id, title, {readable_time('updated_at_ms')} FROM conversation"
        f" WHERE trashed_at_ms IS NULL{condition}{tag_conditions(place.tags, 'tags')}"
        " ORDER BY updated_at_ms DESC, seq DESC LIMIT ?",
        (*query.words, *place.tags, limit),
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


def _messages(con: sqlite3.Connection, query: Query, limit: int, place: _Place) -> list[SearchHit]:
    if not query.match:
        return [_hit(row, query.marks) for row in _scan(con, query.words, limit, place)]
    if not query.literals:
        return [_hit(row, query.marks) for row in _indexed(con, query, limit, place)]
    strict: list[SearchHit] = []
    loose: list[_Row] = []
    for row in _indexed(con, query, _CANDIDATES, place):
        folded = fold(row[5])
        if all(word in folded for word in query.literals):
            strict.append(_hit(row, query.marks))
            if len(strict) == limit:
                break
        elif len(loose) < limit:
            loose.append(row)
    return strict or [_hit(row, query.loose_marks) for row in loose]


def _indexed(con: sqlite3.Connection, query: Query, limit: int, place: _Place) -> Iterator[_Row]:
    condition, order = "s.message_search MATCH ?", "s.rowid DESC"
    values: tuple[object, ...] = (query.match,)
    if place.conversation is not None:
        condition, order = f"{condition} AND s.rowid BETWEEN ? AND ?", "s.rowid"
        values = (*values, *_bounds(con, place.conversation))
    sql = _FOUND.format(
        source="message_search s CROSS JOIN message m ON m.seq = s.rowid",
        condition=condition + place.condition,
        order=order,
        limit="?",
    )
    yield from con.execute(sql, (*values, *place.values, limit))


def _bounds(con: sqlite3.Connection, conversation: int) -> tuple[int, int]:
    row = con.execute(
        "SELECT min(seq), max(seq) FROM message WHERE conversation_seq = ?", (conversation,)
    ).fetchone()
    return (row[0] or 0, row[1] or 0)


def _scan(con: sqlite3.Connection, words: Sequence[str], limit: int, place: _Place) -> Iterator[_Row]:
    """Find symbols that are not words, in one conversation or else in the newest messages."""
    newest = f"(SELECT * FROM message ORDER BY seq DESC LIMIT {_SCANNED}) m"
    sql = _FOUND.format(
        source="message m" if place.conversation is not None else newest,
        condition=" AND ".join("instr(t.content, ?) > 0" for _ in words) + place.condition,
        order="m.seq" if place.conversation is not None else "m.seq DESC",
        limit="?",
    )
    yield from con.execute(sql, (*words, *place.values, limit))


def _hit(row: _Row, marks: re.Pattern[str]) -> SearchHit:
    conversation_id, message_id, title, role, created_at_ms, content = row
    text, matches = snippet(content, marks, is_markdown=role == Role.ASSISTANT)
    return SearchHit(conversation_id, message_id, title, role, text, matches, created_at_ms)
