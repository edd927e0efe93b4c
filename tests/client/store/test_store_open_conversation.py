"""What it takes to show a conversation, in one call; and what the end of a turn leaves unread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gptalk_client.errors import UsageError
from gptalk_client.models import Conversation, Status
from gptalk_client.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "conversations.db") as store:
        yield store


def add_turn(store: Store, conversation_id: str, text: str, status: Status = Status.COMPLETE) -> list[str]:
    prompt, reply = store.open_turn(conversation_id, text)
    store.close_turn(reply.id, status, content="" if status is Status.FAILED else f"re: {text}")
    return [prompt.id, reply.id]


def test_opening_reads_conversation_branch_and_newest_texts(store: Store) -> None:
    made = store.create_conversation(title="x")
    ids = [each for text in ("one", "two") for each in add_turn(store, made.id, text)]
    opened = store.open_conversation(made.id, newest_texts=3)
    assert opened.conversation == store.conversation(made.id)
    assert opened.entries == store.branch(made.id)
    assert opened.texts == {ids[1]: "re: one", ids[2]: "two", ids[3]: "re: two"}
    assert opened.returned is None
    assert store.open_conversation(made.id, newest_texts=0).texts == {}
    assert len(store.open_conversation(made.id, newest_texts=99).texts) == 4


def test_opening_marks_as_read(store: Store) -> None:
    made = store.create_conversation()
    _, reply = store.open_turn(made.id, "hi")
    store.close_turn(reply.id, Status.COMPLETE, content="x", is_unread=True)
    assert store.conversation(made.id).unread
    assert not store.open_conversation(made.id, newest_texts=1).conversation.unread
    assert not store.conversation(made.id).unread


def test_unread_mark_survives_the_end_of_a_turn_that_was_seen(store: Store) -> None:
    made = store.create_conversation()
    _, reply = store.open_turn(made.id, "hi")
    store.set_unread(made.id, True)
    store.close_turn(reply.id, Status.COMPLETE)
    assert store.conversation(made.id).unread


def test_unread_conversation_can_be_opened_where_nothing_can_be_written(store: Store, tmp_path: Path) -> None:
    made = store.create_conversation(title="x")
    store.set_unread(made.id, True)
    with Store.open(tmp_path / "conversations.db", read_only=True) as other:
        assert other.open_conversation(made.id, newest_texts=1).conversation.title == "x"


def test_prompt_that_failed_last_is_returned_unless_there_is_a_draft(store: Store) -> None:
    made = store.create_conversation()
    add_turn(store, made.id, "one")
    prompt_id, _ = add_turn(store, made.id, "two", Status.FAILED)
    assert store.open_conversation(made.id, newest_texts=1).returned == store.message(prompt_id)
    store.set_draft(made.id, "typed since")
    assert store.open_conversation(made.id, newest_texts=1).returned is None


def test_opening_an_unknown_or_an_empty_conversation(store: Store) -> None:
    with pytest.raises(UsageError):
        store.open_conversation("0" * 32, newest_texts=1)
    opened = store.open_conversation(store.create_conversation().id, newest_texts=1)
    assert (opened.entries, opened.texts, opened.returned) == ([], {}, None)


def test_draft_stores_a_new_conversation_once(store: Store) -> None:
    new = Conversation("f" * 32, "", 0, 0, model="m")
    with pytest.raises(UsageError):
        store.set_draft(new.id, "typed")
    first = store.set_draft(new.id, "typed", new=new)
    assert (first.id, first.draft, first.model) == (new.id, "typed", "m")
    assert first.created_at_ms > 0
    store.set_draft(new.id, "typed more", new=new)
    assert [each.draft for each in store.conversations()] == ["typed more"]
