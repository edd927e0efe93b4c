"""Conversations from elsewhere: the same file twice changes nothing, a longer one adds what is new."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gptalk_client.errors import StoreError
from gptalk_client.models import Conversation, Message, Role, Status
from gptalk_client.store.imports import OWN_SOURCE, ImportedConversation, ImportedMessage, ImportResult
from gptalk_client.store.store import Store


def message(source_id: str, parent: str | None, content: str, role: Role = Role.USER) -> ImportedMessage:
    return ImportedMessage(source_id, parent, role, content, 1_000 + len(source_id))


def conversation(*messages: ImportedMessage, title: str = "Imported") -> ImportedConversation:
    return ImportedConversation("c1", title, 1_000, 2_000, messages, model="m")


CHAT = conversation(
    message("1", None, "hello"),
    message("2", "1", "hi", Role.ASSISTANT),
    message("3", "1", "hi again", Role.ASSISTANT),
)


def only(store: Store) -> Conversation:
    [found] = store.conversations()
    return found


def import_one(store: Store, source: str, conversation: ImportedConversation) -> ImportResult:
    [result] = store.import_conversations(source, [conversation])
    return result


def contents(messages: list[Message]) -> list[str]:
    return [each.content for each in messages]


def test_import_keeps_branches_times_and_model(store: Store) -> None:
    assert import_one(store, "chatgpt", CHAT) == "added"
    found = only(store)
    assert (found.title, found.model, found.created_at_ms, found.updated_at_ms) == (
        "Imported",
        "m",
        1_000,
        2_000,
    )
    rows = store.messages(found.id)
    assert contents(rows) == ["hello", "hi", "hi again"]
    assert rows[1].parent_id == rows[2].parent_id == rows[0].id
    assert {row.created_at_ms for row in rows} == {1_001}
    assert contents(store.branch_messages(found.id)) == ["hello", "hi again"]
    assert [hit.role for hit in store.search("again")] == ["assistant"]


def test_leaf_that_the_source_shows_is_shown(store: Store) -> None:
    import_one(store, "chatgpt", replace(CHAT, active_source_id="2"))
    assert contents(store.branch_messages(only(store).id)) == ["hello", "hi"]


def test_same_file_twice_changes_nothing(store: Store, path: Path) -> None:
    import_one(store, "chatgpt", CHAT)
    before = (store.conversations(), store.messages(only(store).id))
    assert import_one(store, "chatgpt", CHAT) == "unchanged"
    assert (store.conversations(), store.messages(only(store).id)) == before
    assert import_one(store, "claude", CHAT) == "added"
    assert len(store.conversations()) == 2


def test_longer_file_adds_what_is_new_and_keeps_what_was_written_here(store: Store) -> None:
    import_one(store, "chatgpt", CHAT)
    found = only(store)
    _, reply = store.open_turn(found.id, "mine")
    store.close_turn(reply.id, Status.COMPLETE, content="kept")
    store.rename_conversation(found.id, "My title")
    longer = replace(
        CHAT, title="Theirs", updated_at_ms=5_000, messages=[*CHAT.messages, message("4", "2", "more")]
    )
    assert import_one(store, "chatgpt", longer) == "updated"
    assert contents(store.messages(found.id)) == ["hello", "hi", "hi again", "mine", "kept", "more"]
    after = only(store)
    assert (after.title, after.active_message_id) == ("My title", reply.id)
    assert import_one(store, "chatgpt", longer) == "unchanged"


def test_longer_file_moves_on_where_nobody_has_touched_it(store: Store) -> None:
    import_one(store, "chatgpt", CHAT)
    longer = replace(
        CHAT, messages=[*CHAT.messages, message("4", "3", "more")], active_source_id="4", title="New"
    )
    assert import_one(store, "chatgpt", longer) == "updated"
    assert contents(store.branch_messages(only(store).id)) == ["hello", "hi again", "more"]
    assert only(store).title == "New"


def test_text_changed_at_the_source_is_changed_here(store: Store) -> None:
    import_one(store, "chatgpt", CHAT)
    changed = replace(CHAT, messages=[message("1", None, "goodbye"), *CHAT.messages[1:]])
    assert import_one(store, "chatgpt", changed) == "updated"
    assert contents(store.messages(only(store).id)) == ["goodbye", "hi", "hi again"]
    assert store.search("hello") == []
    assert len(store.search("goodbye")) == 1


def test_what_was_deleted_here_stays_deleted(store: Store) -> None:
    import_one(store, "chatgpt", CHAT)
    found = only(store)
    store.delete_message(store.messages(found.id)[2].id)
    longer = replace(CHAT, messages=[*CHAT.messages, message("4", "3", "more")], active_source_id="4")
    import_one(store, "chatgpt", longer)
    assert contents(store.messages(found.id)) == ["hello", "hi"]
    assert contents(store.branch_messages(found.id)) == ["hello", "hi"]


def test_dry_run_tells_and_changes_nothing(store: Store) -> None:
    assert store.import_conversations("chatgpt", [CHAT, CHAT], dry_run=True) == ["added", "unchanged"]
    assert store.conversations() == []


def test_batch_that_fails_leaves_nothing(store: Store) -> None:
    bad = replace(CHAT, source_id="c2", created_at_ms=None)  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        store.import_conversations("chatgpt", [CHAT, bad])
    assert store.conversations() == []


@pytest.mark.parametrize(
    ("parents", "roots"),
    [
        ({"1": "2", "2": "3", "3": None}, 1),  # children before parents
        ({"1": "nowhere", "2": "1", "3": None}, 2),
        ({"1": "3", "2": "1", "3": "2"}, 1),  # a ring
        ({"1": "1", "2": "2", "3": "1"}, 2),
    ],
)
def test_no_order_of_messages_loses_one(store: Store, parents: dict[str, str | None], roots: int) -> None:
    given = conversation(*(message(key, parent, f"text {key}") for key, parent in parents.items()))
    import_one(store, "odd", given)
    rows = store.messages(only(store).id)
    assert sorted(contents(rows)) == ["text 1", "text 2", "text 3"]
    assert sum(row.parent_id is None for row in rows) == roots


def test_long_chain_can_be_imported_backwards(store: Store) -> None:
    rows = [message(str(at), str(at - 1) if at else None, str(at)) for at in range(3_000)]
    import_one(store, "odd", conversation(*reversed(rows)))
    assert len(store.messages(only(store).id)) == 3_000
    assert contents(store.context(str(store.messages(only(store).id)[-1].id), limit=2)) == ["2998", "2999"]


def test_empty_conversation_is_imported(store: Store) -> None:
    assert import_one(store, "odd", conversation()) == "added"
    assert store.branch(only(store).id) == []


def own_copy(store: Store, conversation_id: str) -> ImportedConversation:
    found = store.conversation(conversation_id)
    rows = [
        ImportedMessage(m.id, m.parent_id, m.role, m.content, m.created_at_ms, m.status, m.model, m.error)
        for m in store.messages(conversation_id)
    ]
    return ImportedConversation(
        found.id, found.title, found.created_at_ms, found.updated_at_ms, rows, found.system_prompt, found.model,
        found.provider, active_source_id=found.active_message_id,
    )  # fmt: skip


def test_own_conversation_comes_back_the_same_in_another_store(store: Store, tmp_path: Path) -> None:
    made = store.create_conversation(title="Ours", system_prompt="s", model="m")
    prompt, first = store.open_turn(made.id, "hello")
    store.close_turn(first.id, Status.STOPPED, content="hi", error="")
    store.close_turn(store.open_reply(prompt.id).id, Status.COMPLETE, content="hi again")
    store.set_active(made.id, first.id)
    with Store.open(tmp_path / "other.db") as other:
        assert import_one(other, OWN_SOURCE, own_copy(store, made.id)) == "added"
        assert other.conversation(made.id) == store.conversation(made.id)
        assert other.messages(made.id) == store.messages(made.id)
        assert own_copy(other, made.id) == own_copy(store, made.id)
        assert import_one(other, OWN_SOURCE, own_copy(store, made.id)) == "unchanged"
        assert other.integrity() == []


def test_older_export_changes_nothing_where_it_came_from(store: Store) -> None:
    made = store.create_conversation()
    store.close_turn(store.open_turn(made.id, "hello")[1].id, Status.COMPLETE, content="hi")
    older = own_copy(store, made.id)
    store.close_turn(store.open_turn(made.id, "more")[1].id, Status.COMPLETE, content="yes")
    before = (store.conversation(made.id), store.messages(made.id))
    assert import_one(store, OWN_SOURCE, older) == "unchanged"
    assert (store.conversation(made.id), store.messages(made.id)) == before


def test_purged_conversation_can_be_imported_again(store: Store) -> None:
    import_one(store, "chatgpt", CHAT)
    store.purge_conversation(only(store).id)
    assert import_one(store, "chatgpt", CHAT) == "added"
    assert len(store.messages(only(store).id)) == 3


def test_reply_exported_in_progress_arrives_as_incomplete(store: Store) -> None:
    open_reply = replace(CHAT.messages[1], status=Status.STREAMING)
    import_one(store, OWN_SOURCE, conversation(CHAT.messages[0], open_reply))
    assert store.messages(only(store).id)[1].status is Status.INCOMPLETE
