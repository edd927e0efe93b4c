"""One turn on disk: opened in one transaction, flushed by appending, closed once, recovered after a crash."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gptalk_client.errors import StoreError, StoreFullError, UsageError
from gptalk_client.models import Role, Status
from gptalk_client.store.database import Line
from gptalk_client.store.store import Store


def test_open_turn_keeps_prompt_and_reply_at_once(store: Store, path: Path) -> None:
    conversation = store.create_conversation()
    prompt, reply = store.open_turn(conversation.id, "hello", model="m")
    assert (prompt.role, prompt.content, prompt.status) == (Role.USER, "hello", Status.COMPLETE)
    assert (reply.role, reply.content, reply.status) == (Role.ASSISTANT, "", Status.STREAMING)
    assert (prompt.parent_id, reply.parent_id, reply.model) == (None, prompt.id, "m")
    assert store.conversation(conversation.id).active_message_id == reply.id
    with Store.open(path, read_only=True) as other:
        assert other.messages(conversation.id) == [prompt, reply]


def test_next_turn_follows_the_active_leaf_unless_told_otherwise(store: Store) -> None:
    conversation = store.create_conversation()
    first, reply = store.open_turn(conversation.id, "one")
    assert store.open_turn(conversation.id, "two")[0].parent_id == reply.id
    assert store.open_turn(conversation.id, "edited", parent_id=None)[0].parent_id is None
    assert store.open_turn(conversation.id, "aside", parent_id=first.id)[0].parent_id == first.id


def test_parent_of_another_conversation_is_refused_and_nothing_is_stored(store: Store) -> None:
    a, b = store.create_conversation(), store.create_conversation()
    prompt, _ = store.open_turn(a.id, "one")
    with pytest.raises(UsageError):
        store.open_turn(b.id, "two", parent_id=prompt.id)
    assert store.messages(b.id) == []


def test_flushes_show_in_every_reading(store: Store) -> None:
    conversation = store.create_conversation()
    _, reply = store.open_turn(conversation.id, "hello")
    for piece in ("one ", "two ", "three"):
        store.append_reply(reply.id, piece)
    assert store.message(reply.id).content == "one two three"
    assert store.texts([reply.id]) == {reply.id: "one two three"}
    assert store.branch_messages(conversation.id)[-1].content == "one two three"
    assert store.messages(conversation.id)[-1].content == "one two three"
    assert store.context(reply.id, limit=1)[0].content == "one two three"
    assert store.branch(conversation.id)[-1].size_chars == 13
    store.replace_reply(reply.id, "anew")
    store.append_reply(reply.id, "!")
    assert store.message(reply.id).content == "anew!"
    assert store.branch(conversation.id)[-1].size_chars == 5


def test_flush_writes_no_more_when_the_reply_is_long(store: Store) -> None:
    conversation = store.create_conversation()
    _, reply = store.open_turn(conversation.id, "hello")

    def pages_written(text: str) -> int:
        with store._db.read() as con:
            before = con.execute("SELECT sum(length(text)) FROM reply_part").fetchone()[0] or 0
        store.append_reply(reply.id, text)
        with store._db.read() as con:
            rows = con.execute("SELECT length(text) FROM reply_part").fetchall()
        assert sum(row[0] for row in rows) == before + len(text)
        return len(rows)

    assert pages_written("x" * 100_000) == 1
    assert pages_written("y") == 2
    with store._db.read() as con:
        assert con.execute("SELECT content FROM message_text WHERE content <> 'hello'").fetchall() == [("",)]


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.STREAMING])
def test_close_gives_the_status_and_puts_the_text_together(store: Store, status: Status) -> None:
    conversation = store.create_conversation()
    _, reply = store.open_turn(conversation.id, "hello")
    store.append_reply(reply.id, "some ")
    store.append_reply(reply.id, "text")
    closed = store.close_turn(reply.id, status, error="because")
    assert closed == store.message(reply.id)
    assert (closed.status, closed.content, closed.error) == (status, "some text", "because")
    assert store.close_turn(reply.id, status, content="all of it").content == "all of it"
    assert store.branch(conversation.id)[-1].size_chars == 9
    assert store.conversation(conversation.id).message_count == 2


def test_closed_reply_takes_no_more_text(store: Store) -> None:
    conversation = store.create_conversation()
    _, reply = store.open_turn(conversation.id, "hello")
    store.close_turn(reply.id, Status.COMPLETE, content="done")
    for method in (store.append_reply, store.replace_reply):
        with pytest.raises(StoreError):
            method(reply.id, "late")
    assert store.message(reply.id).content == "done"
    with pytest.raises(ValueError, match="streaming"):
        store.close_turn(reply.id, Status.STREAMING)


def test_reply_of_a_purged_conversation_is_gone(store: Store) -> None:
    conversation = store.create_conversation()
    _, reply = store.open_turn(conversation.id, "hello")
    store.purge_conversation(conversation.id)
    for work in (
        lambda: store.append_reply(reply.id, "x"),
        lambda: store.close_turn(reply.id, Status.COMPLETE),
        lambda: store.message(reply.id),
    ):
        with pytest.raises(UsageError):
            work()


def test_regenerated_reply_is_a_sibling(store: Store) -> None:
    conversation = store.create_conversation()
    prompt, first = store.open_turn(conversation.id, "hello")
    store.close_turn(first.id, Status.COMPLETE, content="one")
    second = store.open_reply(prompt.id, model="m2")
    assert (second.parent_id, second.status, second.model) == (prompt.id, Status.STREAMING, "m2")
    assert store.siblings(first.id) == [first.id, second.id]
    assert store.conversation(conversation.id).active_message_id == second.id
    with pytest.raises(UsageError):
        store.open_reply(first.id)


def test_turn_takes_its_conversation_out_of_the_trash(store: Store) -> None:
    conversation = store.create_conversation()
    store.trash_conversation(conversation.id)
    store.open_turn(conversation.id, "hello again")
    assert not store.conversation(conversation.id).trashed


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a\0b", "a\ufffdb"),
        ("x\ud83dy", "x\ufffdy"),
        ("\udc00", "\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("\x1b[31m\u202e\r\n", "\x1b[31m\u202e\r\n"),
    ],
)
def test_what_sqlite_cannot_store_is_replaced_and_the_rest_is_kept_raw(
    store: Store, given: str, kept: str
) -> None:
    conversation = store.create_conversation(title=given, system_prompt=given)
    prompt, reply = store.open_turn(conversation.id, given)
    store.append_reply(reply.id, given)
    store.set_draft(conversation.id, given)
    other = store.open_reply(prompt.id)
    store.replace_reply(other.id, given)
    assert store.message(other.id).content == kept
    assert store.close_turn(other.id, Status.COMPLETE, content=given + given).content == kept + kept
    closed = store.close_turn(reply.id, Status.FAILED, error=given)
    assert (store.message(prompt.id).content, closed.content, closed.error) == (kept, kept, kept)
    assert store.conversation(conversation.id).draft == kept
    assert store.conversation(conversation.id).title == kept.strip()


def test_reply_still_open_at_the_close_is_kept_as_incomplete(path: Path) -> None:
    with Store.open(path) as store:
        conversation = store.create_conversation()
        _, reply = store.open_turn(conversation.id, "hello")
        store.append_reply(reply.id, "half a")
    with Store.open(path) as store:
        kept = store.message(reply.id)
        assert (kept.status, kept.content) == (Status.INCOMPLETE, "half a")
        assert kept.error
        assert store.search("half") != []


def test_reply_that_another_store_is_writing_is_left_alone(store: Store, path: Path) -> None:
    conversation = store.create_conversation()
    _, reply = store.open_turn(conversation.id, "hello")
    store.append_reply(reply.id, "half a")
    with Store.open(path) as other:
        assert other.recover() == 0
        assert other.message(reply.id).status is Status.STREAMING
    assert store.recover() == 0
    store.append_reply(reply.id, " sentence")
    assert store.close_turn(reply.id, Status.COMPLETE).content == "half a sentence"


class FailingConnection:
    """Fails at one statement of a connection, as a disk would."""

    def __init__(self, real: sqlite3.Connection, fail_at: int) -> None:
        self._real = real
        self._left = fail_at
        self.has_failed = False

    def execute(self, sql: str, *args: object) -> sqlite3.Cursor:
        self._left -= 1
        if self._left == 0:
            self.has_failed = True
            raise sqlite3.OperationalError("disk I/O error")
        return self._real.execute(sql, *args)

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


def test_statement_that_fails_takes_its_whole_change_back(store: Store) -> None:
    conversation = store.create_conversation()
    real = store._db._writer
    failures = 0
    for fail_at in range(1, 100):
        before = store.messages(conversation.id)
        failing = FailingConnection(real.ready(), fail_at)
        store._db._writer = Line(failing)  # type: ignore[arg-type]
        try:
            store.open_turn(conversation.id, "hello")
        except StoreError:
            failures += 1
            assert store.messages(conversation.id) == before
        finally:
            store._db._writer = real
        if not failing.has_failed:
            break
    assert failures > 8
    assert len(store.messages(conversation.id)) == 2


def test_full_disk_is_reported_and_saving_resumes_when_there_is_space(store: Store) -> None:
    conversation = store.create_conversation()
    prompt, reply = store.open_turn(conversation.id, "hello")
    pages = store._db._writer.ready().execute("PRAGMA page_count").fetchone()[0]
    store._db._writer.ready().execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreFullError, match="full"):
        store.append_reply(reply.id, "x" * 100_000)
    assert store.messages(conversation.id) == [prompt, reply]
    store._db._writer.ready().execute("PRAGMA max_page_count = 1000000")
    store.append_reply(reply.id, "x" * 100_000)
    assert len(store.message(reply.id).content) == 100_000


def test_damage_that_shows_later_is_reported(path: Path) -> None:
    with Store.open(path) as store:
        conversation = store.create_conversation(title="t")
        for _ in range(50):
            store.close_turn(
                store.open_turn(conversation.id, "x" * 2000)[1].id, Status.COMPLETE, content="y" * 3000
            )
    size = path.stat().st_size
    with open(path, "r+b") as file:
        file.seek(size // 3)
        file.write(b"\xff" * (size // 3))
    with Store.open(path) as store:
        problems = store.integrity() if not store.notices else ["moved aside"]
        assert problems
