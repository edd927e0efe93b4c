"""Conversations: creating, listing, finding, renaming and archiving them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from gptalk_client.errors import UsageError
from gptalk_client.models import Conversation
from gptalk_client.store.base import StorePart
from gptalk_client.store.rows import (
    CONVERSATION_SELECT,
    conversation_from,
    conversation_seq,
    ensure_conversation,
    insert_conversation,
    new_id,
    now_ms,
    options_text,
    read_conversation,
)
from gptalk_client.store.tagging import tag_conditions, tag_pattern
from gptalk_client.tags import tag_name
from gptalk_client.text import storable
from gptalk_client.textsearch.folding import fold

_CANDIDATES = 5
_HEX = frozenset("0123456789abcdef")


class Conversations(StorePart):
    """The part of the store for whole conversations."""

    def create_conversation(
        self,
        *,
        title: str = "",
        system_prompt: str = "",
        model: str = "",
        provider: str = "",
        options: Mapping[str, Any] | None = None,
    ) -> Conversation:
        """Create an empty conversation.

        Args:
            title: Counts as given by the person; empty takes a few words of the first prompt later.
            system_prompt: Sent before the messages of each turn.
            model: Empty: the default of the settings.
            provider: Empty: the default of the settings.
            options: Overrides of this conversation; must be JSON.
        """
        new = Conversation(
            new_id(), title, 0, 0, system_prompt=system_prompt, model=model, provider=provider,
            options=options or {},
        )  # fmt: skip
        with self._db.write() as con:
            return read_conversation(con, insert_conversation(con, new))

    def conversation(self, conversation_id: str) -> Conversation:
        """Return the conversation with a full id, trashed or not.

        Raises:
            UsageError: There is none.
        """
        with self._db.read() as con:
            return read_conversation(con, conversation_seq(con, conversation_id))

    def find_conversation(self, text: str, *, in_trash: bool = False) -> Conversation:
        """Return the conversation that the user means.

        Args:
            text: A full id, the beginning of one, a title, or a part of a title that no other has.
            in_trash: One in the trash is meant: titles elsewhere count only where nothing there fits. By default
                it is the other way round.

        Raises:
            UsageError: None fits, or several do; they are named.
        """
        text = storable(text.strip())
        if not text:
            raise UsageError("Give a conversation's id or title.")
        with self._db.read() as con:
            by_id = _with_prefix(con, text.lower()) if _HEX.issuperset(text.lower()) else []
            if len(by_id) == 1:
                return by_id[0]
            several = by_id
            for trashed in (in_trash, not in_trash):
                for condition in ("c.title_key = ?", "instr(c.title_key, ?) > 0"):
                    found = _with_title(con, condition, fold(text), trashed=trashed)
                    if len(found) == 1:
                        return found[0]
                    several = several or found
        if several:
            names = ", ".join(f"{each.id[:8]} {each.title!r}" for each in several[:_CANDIDATES])
            more = " and others" if len(several) > _CANDIDATES else ""
            raise UsageError(
                f"Several conversations match {text!r}: {names}{more}.", hint="Give more of the id."
            )
        command = "gptalk-tui list --trash" if in_trash else "gptalk-tui list"
        raise UsageError(f"There is no conversation {text!r}.", hint=f"`{command}` shows the conversations.")

    def latest_conversation(self) -> Conversation | None:
        """Return the most recently changed conversation that is neither archived nor trashed."""
        with self._db.read() as con:
            row = con.execute(
                f"{CONVERSATION_SELECT} WHERE c.seq = (SELECT seq FROM conversation WHERE archived = 0"
                " AND trashed_at_ms IS NULL ORDER BY updated_at_ms DESC, seq DESC LIMIT 1)"
            ).fetchone()
        return conversation_from(row) if row else None

    def conversations(
        self,
        *,
        limit: int | None = None,
        offset: int = 0,
        archived: bool = False,
        trash: bool = False,
        filter: str = "",
        tags: Sequence[str] = (),
    ) -> list[Conversation]:
        """Return a page of the list: pinned first, then the most recently changed.

        Args:
            limit: How many at most; None is all.
            offset: How many to pass over.
            archived: The archived ones, and only these.
            trash: Those in the trash, and only these.
            filter: Words that the title must hold, in any case and with any accents. `#word` also finds
                conversations with this tag; at the end, with a tag that begins with it.
            tags: Names of tags that it must have.

        Raises:
            UsageError: A name can't be a tag.
        """
        condition, values = _listed(archived, trash, filter, tags)
        with self._db.read() as con:
            rows = con.execute(
                f"{CONVERSATION_SELECT} WHERE {condition}"
                " ORDER BY c.pinned DESC, c.updated_at_ms DESC, c.seq DESC LIMIT ? OFFSET ?",
                (*values, -1 if limit is None else limit, offset),
            ).fetchall()
        return [conversation_from(row) for row in rows]

    def conversations_starting_with(
        self, text: str, *, limit: int, archived: bool = False, trash: bool = False
    ) -> list[Conversation]:
        """Return the conversations whose id or title begins with a text in any case, what changed last first.

        Args:
            text: An empty one begins all of them.
            limit: How many at most.
            archived: The archived ones, and only these.
            trash: Those in the trash, and only these.
        """
        condition, values = _listed(archived, trash, "")
        key, start = fold(storable(text)), text.lower()
        with self._db.read() as con:
            rows = con.execute(
                f"{CONVERSATION_SELECT} WHERE {condition}"
                " AND (substr(c.title_key, 1, ?) = ? OR substr(c.id, 1, ?) = ?)"
                " ORDER BY c.updated_at_ms DESC, c.seq DESC LIMIT ?",
                (*values, len(key), key, len(start), start, limit),
            ).fetchall()
        return [conversation_from(row) for row in rows]

    def count_conversations(
        self,
        *,
        archived: bool = False,
        trash: bool = False,
        filter: str = "",
        tags: Sequence[str] = (),
    ) -> int:
        """Return how many conversations `conversations` would return without a limit."""
        condition, values = _listed(archived, trash, filter, tags)
        with self._db.read() as con:
            row = con.execute(f"SELECT count(*) FROM conversation c WHERE {condition}", values).fetchone()
        return int(row[0])

    def rename_conversation(self, conversation_id: str, title: str) -> Conversation:
        """Set a title that is never replaced automatically; an empty one allows an automatic title again."""
        title = storable(title).strip()
        return self._change(
            conversation_id, "title = ?, title_key = ?, renamed = ?", title, fold(title), bool(title)
        )

    def improve_title(self, conversation_id: str, title: str, *, instead_of: str) -> bool:
        """Replace a title that was made automatically, and only that; return whether it was still there.

        Args:
            conversation_id: A full id.
            title: The new title, which may be replaced again.
            instead_of: The title that it is better than.
        """
        title = storable(title).strip()
        with self._db.write() as con:
            changed = con.execute(
                "UPDATE conversation SET title = ?, title_key = ? WHERE id = ? AND title = ? AND renamed = 0",
                (title, fold(title), conversation_id, instead_of),
            )
            return changed.rowcount > 0

    def set_pinned(self, conversation_id: str, pinned: bool) -> Conversation:
        """Pin a conversation to the top of the list, or unpin it."""
        return self._change(conversation_id, "pinned = ?", pinned)

    def set_archived(self, conversation_id: str, archived: bool) -> Conversation:
        """Archive a conversation, or unarchive it."""
        return self._change(conversation_id, "archived = ?", archived)

    def set_unread(self, conversation_id: str, unread: bool) -> Conversation:
        """Mark a conversation as having an unread reply, or as read."""
        return self._change(conversation_id, "unread = ?", unread)

    def set_draft(self, conversation_id: str, draft: str, *, new: Conversation | None = None) -> Conversation:
        """Keep what is typed and not yet sent.

        Args:
            conversation_id: A full id.
            draft: The text.
            new: Stores this conversation first, under the id given, unless there is one already.
        """
        return self._change(conversation_id, "draft = ?", storable(draft), new=new)

    def set_options(
        self,
        conversation_id: str,
        *,
        model: str | None = None,
        provider: str | None = None,
        system_prompt: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Conversation:
        """Change one conversation's settings; None leaves a setting unchanged."""
        given = {"model": model, "provider": provider, "system_prompt": system_prompt}
        changes = {name: storable(value) for name, value in given.items() if value is not None}
        if options is not None:
            changes["options"] = options_text(options)
        if not changes:
            return self.conversation(conversation_id)
        return self._change(conversation_id, ", ".join(f"{name} = ?" for name in changes), *changes.values())

    def trash_conversation(self, conversation_id: str) -> Conversation:
        """Move a conversation to the trash, where searches don't find it."""
        return self._change(conversation_id, "trashed_at_ms = coalesce(trashed_at_ms, ?)", now_ms())

    def restore_conversation(self, conversation_id: str) -> Conversation:
        """Restore a conversation from the trash."""
        return self._change(conversation_id, "trashed_at_ms = NULL")

    def purge_conversation(self, conversation_id: str) -> None:
        """Delete a conversation permanently, with everything in it."""
        with self._db.write() as con:
            con.execute("DELETE FROM conversation WHERE seq = ?", (conversation_seq(con, conversation_id),))

    def discard_blank(self, conversation_id: str) -> bool:
        """Delete a conversation if it is blank: no message, queued prompt, title, draft or setting.

        Returns:
            Whether it was one.
        """
        with self._db.write() as con:
            deleted = con.execute(
                "DELETE FROM conversation WHERE id = ? AND title = '' AND trim(draft) = '' AND pinned = 0"
                " AND system_prompt = '' AND model = '' AND provider = '' AND options IN ('', '{}')"
                " AND tags = '' AND NOT EXISTS (SELECT 1 FROM message WHERE conversation_seq = conversation.seq)"
                " AND NOT EXISTS (SELECT 1 FROM queued_prompt WHERE conversation_seq = conversation.seq)",
                (conversation_id,),
            )
        return deleted.rowcount > 0

    def purge_trash(self) -> int:
        """Permanently delete the conversations in the trash and all deleted messages.

        Returns:
            How many conversations there were in the trash.
        """
        with self._db.write() as con:
            count = con.execute("DELETE FROM conversation WHERE trashed_at_ms IS NOT NULL").rowcount
            con.execute("DELETE FROM message WHERE deletion_seq IS NOT NULL")
            con.execute("DELETE FROM deletion")
        return int(count)

    def _change(
        self, conversation_id: str, assignments: str, *values: object, new: Conversation | None = None
    ) -> Conversation:
        with self._db.write() as con:
            seq = ensure_conversation(con, conversation_id, new)
            con.execute(f"UPDATE conversation SET {assignments} WHERE seq = ?", (*values, seq))
            return read_conversation(con, seq)


def _listed(archived: bool, trash: bool, words: str, tags: Sequence[str] = ()) -> tuple[str, list[object]]:
    conditions = ["c.trashed_at_ms IS NOT NULL"] if trash else ["c.trashed_at_ms IS NULL", "c.archived = ?"]
    values: list[object] = [] if trash else [archived]
    typed = storable(words)
    given = typed.split()
    for number, word in enumerate(given, 1):
        is_unfinished = number == len(given) and not typed[-1].isspace()
        in_title = "instr(c.title_key, ?) > 0"
        pattern = tag_pattern(word, is_unfinished=is_unfinished)
        if pattern is not None:
            conditions.append(f"(instr(c.tags, ?) > 0 OR {in_title})")
            values += [pattern, fold(word)]
            continue
        for piece in fold(word).split():
            conditions.append(in_title)
            values.append(piece)
    patterns = [f" {tag_name(each)} " for each in tags]
    return " AND ".join(conditions) + tag_conditions(patterns), [*values, *patterns]


def _with_prefix(con: sqlite3.Connection, prefix: str) -> list[Conversation]:
    rows = con.execute(
        f"{CONVERSATION_SELECT} WHERE c.id >= ? AND c.id < ? ORDER BY c.id LIMIT ?",
        (prefix, f"{prefix}g", _CANDIDATES + 1),
    )
    return [conversation_from(row) for row in rows]


def _with_title(con: sqlite3.Connection, condition: str, title: str, *, trashed: bool) -> list[Conversation]:
    rows = con.execute(
        f"{CONVERSATION_SELECT} WHERE {condition} AND (c.trashed_at_ms IS NOT NULL) = ?"
        " ORDER BY c.updated_at_ms DESC, c.seq DESC LIMIT ?",
        (title, trashed, _CANDIDATES + 1),
    )
    return [conversation_from(row) for row in rows]
