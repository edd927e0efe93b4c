"""Our own exports merged with what is in the store: in either order, and however often, with the same result.

Messages are united. Where both sides have a message, the more finished one wins. Of each setting of a
conversation, and of each of its tags, the later change wins. Deletions stay on the machine where they were made.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from typing import Any

from gptalk_client.models import ReplyFacts, Status
from gptalk_client.store.imported import ImportedConversation, ImportedMessage
from gptalk_client.store.migrations import MERGED_FIELDS
from gptalk_client.store.rows import options_text, read_message, set_facts, set_reasoning
from gptalk_client.store.tagging import merge_tags, set_tags, tag_of_key, tags_of
from gptalk_client.store.writers import index_message
from gptalk_client.tags import valid_tags
from gptalk_client.text import storable
from gptalk_client.textsearch.folding import fold

_RANKS = {Status.STREAMING: 0, Status.FAILED: 1, Status.INCOMPLETE: 2, Status.STOPPED: 3, Status.COMPLETE: 4}


def derived_id(*names: str) -> str:
    """Return the id of something imported, the same on every machine that imports it."""
    text = "\0".join(names).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def changes(con: sqlite3.Connection, conversation: int) -> dict[str, int]:
    """Return when the fields of a conversation were last changed, in milliseconds; never changed is left out."""
    rows = con.execute(
        "SELECT field, changed_at_ms FROM field_change WHERE conversation_seq = ? ORDER BY field",
        (conversation,),
    )
    return {str(field): int(at_ms) for field, at_ms in rows}


def replace_changes(con: sqlite3.Connection, conversation: int, changed_at_ms: Mapping[str, int]) -> None:
    """Set when fields were changed: the triggers note what an import changes as changed just now."""
    con.execute("DELETE FROM field_change WHERE conversation_seq = ?", (conversation,))
    con.executemany(
        "INSERT INTO field_change (conversation_seq, field, changed_at_ms) VALUES (?, ?, ?)",
        [(conversation, field, at_ms) for field, at_ms in changed_at_ms.items() if _is_merged(field)],
    )


def _is_merged(field: str) -> bool:
    return field in MERGED_FIELDS or tag_of_key(field) is not None


def merge_conversation(con: sqlite3.Connection, conversation: int, given: ImportedConversation) -> bool:
    """Merge the settings and times of an export into a conversation; return whether anything changed.

    Args:
        con: A connection with an open transaction.
        conversation: A row number.
        given: What was exported. Without times of changes, as in version 1, settings are left alone.
    """
    changed = con.execute(
        "UPDATE conversation SET updated_at_ms = max(updated_at_ms, ?), created_at_ms = min(created_at_ms, ?)"
        " WHERE seq = ? AND (updated_at_ms < ? OR created_at_ms > ?)",
        (given.updated_at_ms, given.created_at_ms, conversation, given.updated_at_ms, given.created_at_ms),
    ).rowcount
    if given.changed_at_ms is None:
        return bool(changed)
    here = changes(con, conversation)
    columns = ", ".join(MERGED_FIELDS)
    row = con.execute(f"SELECT {columns} FROM conversation WHERE seq = ?", (conversation,)).fetchone()
    ids = dict(
        con.execute(
            "SELECT seq, id FROM message WHERE conversation_seq = ? AND deletion_seq IS NULL", (conversation,)
        ).fetchall()
    )
    messages = {message: seq for seq, message in ids.items()}
    merged = dict(here)
    for field, old in zip(MERGED_FIELDS, row, strict=True):
        new = _value(given, field, messages)
        given_ms, here_ms = given.changed_at_ms.get(field, 0), here.get(field, 0)
        if max(given_ms, here_ms):
            merged[field] = max(given_ms, here_ms)
        if new == old or (given_ms, _key(field, new, ids)) < (here_ms, _key(field, old, ids)):
            continue
        if field == "active_seq" and given.active_source_id and new is None:
            continue  # a message that was deleted here
        con.execute(f"UPDATE conversation SET {field} = ? WHERE seq = ?", (new, conversation))
        if field == "title":
            con.execute(
                "UPDATE conversation SET title_key = ?, renamed = ? WHERE seq = ?",
                (fold(str(new)), bool(new), conversation),
            )
        changed += 1
    tags_here = tags_of(con, conversation)
    tags, times = merge_tags(tags_here, here, valid_tags(given.tags), given.changed_at_ms)
    merged |= times
    if tags != tags_here:
        set_tags(con, conversation, tags)
        changed += 1
    if merged != here or changed:
        replace_changes(con, conversation, merged)
    return bool(changed) or merged != here


def _value(given: ImportedConversation, field: str, messages: dict[str, int]) -> Any:
    if field == "active_seq":
        return messages.get(given.active_source_id or "")
    if field == "options":
        return options_text(given.options)
    value = getattr(given, field)
    if field in ("archived", "pinned"):
        return int(value)
    return storable(value).strip() if field == "title" else storable(value)


def _key(field: str, value: Any, ids: dict[int, str]) -> Any:
    """Return what decides between two values that were changed at the same time: the same on every machine."""
    return ids.get(value, "") if field == "active_seq" else value


def merge_message(con: sqlite3.Connection, seq: int, given: ImportedMessage) -> bool:
    """Merge a message of an export into the one with the same id; return whether anything changed."""
    here = read_message(con, seq)
    if here.status is Status.STREAMING or given.status is Status.STREAMING:
        return False  # it is being written, here or there
    changed = given.created_at_ms < here.created_at_ms
    if changed:
        con.execute("UPDATE message SET created_at_ms = ? WHERE seq = ?", (given.created_at_ms, seq))
    content, reasoning = storable(given.content), storable(given.reasoning)
    rest = (storable(given.model), storable(given.provider), storable(given.error))
    new = _rank(given.status, content, reasoning, *rest, facts=given.facts)
    if new <= _rank(
        here.status, here.content, here.reasoning, here.model, here.provider, here.error, facts=here.facts
    ):
        return changed
    con.execute(
        "UPDATE message SET model = ?, provider = ?, error = ?, status = ?, size_chars = ? WHERE seq = ?",
        (*rest, given.status.value, len(content), seq),
    )
    con.execute("UPDATE message_text SET content = ? WHERE seq = ?", (content, seq))
    set_reasoning(con, seq, reasoning)
    set_facts(con, seq, given.facts)
    index_message(con, seq, content)
    return True


def _rank(status: Status, *texts: str, facts: ReplyFacts) -> tuple[object, ...]:
    """Return what decides between two versions of a message: how finished and how long it is, then anything."""
    return (_RANKS[status], *(len(each) for each in texts), *texts, repr(facts))
