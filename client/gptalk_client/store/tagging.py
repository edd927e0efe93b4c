"""Tags of conversations, kept as one text with a space around each name.

Each tag has the time of its last change, under `#NAME` among the times of the other settings, also after it was
removed: so two machines can merge.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence

from gptalk_client.models import Conversation
from gptalk_client.store.base import StorePart
from gptalk_client.store.rows import conversation_seq, now_ms, read_conversation
from gptalk_client.tags import tag_name, tag_or_none

_WRITTEN = re.compile(r'"[^"]*"|(?<!\S)[#＃][^\s"]+')
_NOTE_CHANGE = """
    INSERT INTO field_change (conversation_seq, field, changed_at_ms) VALUES (?, ?, ?)
    ON CONFLICT (conversation_seq, field)
    DO UPDATE SET changed_at_ms = max(excluded.changed_at_ms, changed_at_ms + 1)"""  # also if a clock is behind


class Tagging(StorePart):
    """The part of the store for tags."""

    def change_tags(
        self, conversation_id: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> Conversation:
        """Add tags to a conversation and remove others.

        Args:
            conversation_id: A full id.
            add: Names in any case, with or without `#`.
            remove: Likewise; those that it doesn't have are ignored.

        Raises:
            UsageError: There is no such conversation, or a name can't be a tag.
        """
        added, removed = {tag_name(each) for each in add}, {tag_name(each) for each in remove}
        with self._db.write() as con:
            seq = conversation_seq(con, conversation_id)
            here = set(tags_of(con, seq))
            wanted = (here | added) - removed
            set_tags(con, seq, wanted)
            now = now_ms()
            con.executemany(_NOTE_CHANGE, [(seq, change_key(each), now) for each in sorted(here ^ wanted)])
            return read_conversation(con, seq)

    def tags(self) -> list[str]:
        """Return the tags of all conversations outside the trash, sorted."""
        with self._db.read() as con:
            return sorted(_known(con))


def _known(con: sqlite3.Connection) -> set[str]:
    rows = con.execute(
        "SELECT DISTINCT tags FROM conversation WHERE tags <> '' AND trashed_at_ms IS NULL"
    ).fetchall()
    return {tag for (tags,) in rows for tag in tags.split()}


def tags_of(con: sqlite3.Connection, conversation: int) -> list[str]:
    """Return the tags of a row number that exists, sorted."""
    row = con.execute("SELECT tags FROM conversation WHERE seq = ?", (conversation,)).fetchone()
    return str(row[0]).split()


def set_tags(con: sqlite3.Connection, conversation: int, tags: Iterable[str]) -> None:
    """Replace the tags of a conversation by others, which are valid names."""
    con.execute("UPDATE conversation SET tags = ? WHERE seq = ?", (tags_text(tags), conversation))


def tags_text(tags: Iterable[str]) -> str:
    """Return valid names as the column has them."""
    names = sorted(set(tags))
    return f" {' '.join(names)} " if names else ""


def change_key(tag: str) -> str:
    """Return the name under which the time of a tag's last change is kept."""
    return f"#{tag}"


def tag_of_key(field: str) -> str | None:
    """Return the tag whose time of change is kept under a name; None if it is that of another setting."""
    tag = field[1:] if field.startswith("#") else ""
    return tag if tag and tag_or_none(tag) == tag else None


def merge_tags(
    here: Collection[str], here_ms: Mapping[str, int], given: Collection[str], given_ms: Mapping[str, int]
) -> tuple[list[str], dict[str, int]]:
    """Merge the tags of two sides: of each tag the later change wins; at the same time, having it does.

    Args:
        here: Valid names.
        here_ms: Times of changes, by setting.
        given: The other side's, valid names too.
        given_ms: The other side's times.

    Returns:
        The tags, and the times of their changes by `change_key`.
    """
    changed = {tag for field in (*here_ms, *given_ms) if (tag := tag_of_key(field)) is not None}
    tags: list[str] = []
    times: dict[str, int] = {}
    for tag in sorted({*here, *given, *changed}):
        key = change_key(tag)
        at_ms, is_there = max((here_ms.get(key, 0), tag in here), (given_ms.get(key, 0), tag in given))
        if is_there:
            tags.append(tag)
        if at_ms:
            times[key] = at_ms
    return tags, times


def tag_pattern(word: str, *, is_unfinished: bool = False) -> str | None:
    """Return what the column contains if a conversation has the tag `#NAME`; None if the word isn't that.

    Args:
        word: A word as it was typed.
        is_unfinished: Whether it may be the beginning of a name only.
    """
    name = tag_or_none(word[1:]) if word[:1] in ("#", "＃") else None
    return None if name is None else f" {name}" if is_unfinished else f" {name} "


def without_tags(con: sqlite3.Connection, query: str) -> tuple[str, list[str]]:
    """Return a search without the tags that it names, and a pattern for each of those.

    A `#word` outside double quotes names a tag if any conversation has it; else it is text like all other words.
    """
    found: list[str] = []
    column = ""

    def take(match: re.Match[str]) -> str:
        nonlocal column
        pattern = tag_pattern(match[0], is_unfinished=match.end() == len(query))
        if pattern is None:
            return match[0]
        column = column or tags_text(_known(con))
        if pattern not in column:
            return match[0]
        found.append(pattern)
        return " "

    return _WRITTEN.sub(take, query), found


def tag_conditions(patterns: Sequence[str], column: str = "c.tags") -> str:
    """Return SQL that goes after a condition; each pattern is a value for it."""
    return "".join(f" AND instr({column}, ?) > 0" for _ in patterns)
