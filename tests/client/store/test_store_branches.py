"""The tree of messages: branches, siblings, forks and deletions that can be taken back."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gptalk_client.errors import UsageError
from gptalk_client.models import Message, Role, Status
from gptalk_client.store.store import Store


def say(store: Store, conversation_id: str, text: str, **where: str | None) -> tuple[Message, Message]:
    prompt, reply = store.open_turn(conversation_id, text, **where)  # type: ignore[arg-type]
    return prompt, store.close_turn(reply.id, Status.COMPLETE, content=f"re: {text}")


def shown(store: Store, conversation_id: str) -> list[str]:
    entries = store.branch(conversation_id)
    texts = store.texts([entry.id for entry in entries])
    return [texts[entry.id] for entry in entries]


def test_branch_goes_from_the_root_to_the_active_leaf(store: Store) -> None:
    conversation = store.create_conversation()
    assert store.branch(conversation.id) == []
    _, first = say(store, conversation.id, "one")
    say(store, conversation.id, "two")
    assert shown(store, conversation.id) == ["one", "re: one", "two", "re: two"]
    entries = store.branch(conversation.id, first.id)
    assert [entry.role for entry in entries] == [Role.USER, Role.ASSISTANT]
    assert entries[1].parent_id == entries[0].id
    assert entries[1].size_chars == len("re: one")
    assert [m.content for m in store.branch_messages(conversation.id, first.id)] == ["one", "re: one"]


def test_siblings_are_counted_where_the_branch_divides(store: Store) -> None:
    conversation = store.create_conversation()
    prompt, first = say(store, conversation.id, "one")
    say(store, conversation.id, "two")
    edited, _ = say(store, conversation.id, "one, edited", parent_id=None)
    again = store.open_reply(prompt.id)
    assert [(e.sibling, e.siblings) for e in store.branch(conversation.id)] == [(1, 2), (2, 2)]
    assert store.siblings(edited.id) == [prompt.id, edited.id]
    assert store.siblings(first.id) == [first.id, again.id]
    store.set_active(conversation.id, edited.id)
    assert [(e.sibling, e.siblings) for e in store.branch(conversation.id)] == [(2, 2)]


def test_walking_to_a_sibling_lands_where_it_was_left(store: Store) -> None:
    conversation = store.create_conversation()
    root, reply = say(store, conversation.id, "one")
    _, older = say(store, conversation.id, "older", parent_id=reply.id)
    _, newer = say(store, conversation.id, "newer", parent_id=reply.id)
    other, _ = say(store, conversation.id, "other", parent_id=None)
    assert store.newest_leaf(root.id) == newer.id
    store.set_active(conversation.id, older.id)
    store.set_active(conversation.id, other.id)
    assert store.newest_leaf(root.id) == older.id
    assert store.newest_leaf(older.id) == older.id


def test_conversation_reopens_on_the_branch_it_was_left_on(path: Path) -> None:
    with Store.open(path) as store:
        conversation = store.create_conversation()
        _, reply = say(store, conversation.id, "one")
        say(store, conversation.id, "two")
        store.set_active(conversation.id, reply.id)
    with Store.open(path) as store:
        assert shown(store, conversation.id) == ["one", "re: one"]
        store.set_active(conversation.id, None)
        assert store.branch(conversation.id) == []


def test_context_is_the_end_of_the_path(store: Store) -> None:
    conversation = store.create_conversation()
    for text in ("one", "two", "three"):
        _, reply = say(store, conversation.id, text)
    assert [m.content for m in store.context(reply.id, limit=3)] == ["re: two", "three", "re: three"]
    assert len(store.context(reply.id, limit=100)) == len(store.context(reply.id, limit=10**30)) == 6
    assert store.context(reply.id, limit=0) == []


def test_branch_from_a_summary_is_a_sibling_of_the_whole_conversation(store: Store) -> None:
    conversation = store.create_conversation()
    for text in ("one", "two"):
        say(store, conversation.id, text)
    root = store.begin_branch(conversation.id, "They said one and two.")
    assert (root.role, root.parent_id) == (Role.SYSTEM, None)
    assert shown(store, conversation.id) == ["They said one and two."]
    siblings = store.siblings(root.id)
    assert len(siblings) == 2
    for text in ("three", "four"):
        _, reply = say(store, conversation.id, text)
    found = [m.content for m in store.context(reply.id, limit=2)]
    assert found == ["They said one and two.", "four", "re: four"]
    assert len(store.context(reply.id, limit=100)) == 5
    store.set_active(conversation.id, store.newest_leaf(siblings[0]))
    assert shown(store, conversation.id) == ["one", "re: one", "two", "re: two"]
    older = store.branch(conversation.id)[-1].id
    assert [m.content for m in store.context(older, limit=1)] == ["re: two"]


def test_text_sizes_are_in_bytes(store: Store) -> None:
    conversation = store.create_conversation()
    prompt, reply = say(store, conversation.id, "жук")
    assert store.text_sizes([prompt.id, reply.id, "nothing"]) == {prompt.id: 6, reply.id: 10}


def test_message_of_another_conversation_cannot_be_the_leaf(store: Store) -> None:
    a, b = store.create_conversation(), store.create_conversation()
    prompt, _ = say(store, a.id, "one")
    for work in (
        lambda: store.branch(b.id, prompt.id),
        lambda: store.set_active(b.id, prompt.id),
        lambda: store.context("nothing", limit=1),
        lambda: store.siblings("nothing"),
    ):
        with pytest.raises(UsageError):
            work()


def test_fork_copies_the_path_and_leaves_the_original(store: Store) -> None:
    conversation = store.create_conversation(
        title="Pasta", system_prompt="be brief", options={"temperature": 1}
    )
    _, reply = say(store, conversation.id, "one")
    say(store, conversation.id, "two")
    fork = store.fork(reply.id)
    assert shown(store, fork.id) == ["one", "re: one"]
    assert (fork.title, fork.system_prompt, fork.options) == ("Pasta (fork)", "be brief", {"temperature": 1})
    assert fork.active_message_id != reply.id
    say(store, fork.id, "elsewhere")
    assert shown(store, conversation.id) == ["one", "re: one", "two", "re: two"]
    assert store.fork(str(fork.active_message_id)).title == "Pasta (fork)"
    assert store.fork(reply.id, title="Named").title == "Named"
    assert {hit.conversation_id for hit in store.search("re one")} >= {conversation.id, fork.id}


def test_fork_of_a_reply_in_progress_is_incomplete(store: Store) -> None:
    conversation = store.create_conversation()
    _, reply = store.open_turn(conversation.id, "one")
    store.append_reply(reply.id, "half")
    copy = store.branch_messages(store.fork(reply.id).id)[-1]
    assert (copy.content, copy.status) == ("half", Status.INCOMPLETE)
    assert store.message(reply.id).status is Status.STREAMING


def test_deleting_a_message_deletes_its_subtree_and_can_be_undone(store: Store) -> None:
    conversation = store.create_conversation()
    _, first = say(store, conversation.id, "one")
    second, _ = say(store, conversation.id, "two")
    token = store.delete_message(second.id)
    assert shown(store, conversation.id) == ["one", "re: one"]
    assert store.conversation(conversation.id).message_count == 2
    assert store.conversation(conversation.id).active_message_id == first.id
    assert store.search("two") == []
    assert store.prompts()[0].content == "one"
    with pytest.raises(UsageError):
        store.message(second.id)
    assert store.restore_message(token) == second
    assert shown(store, conversation.id) == ["one", "re: one", "two", "re: two"]
    assert len(store.search("two", conversation_id=conversation.id)) == 2
    with pytest.raises(UsageError):
        store.restore_message(token)


def test_deleting_shows_the_sibling_if_there_is_one(store: Store) -> None:
    conversation = store.create_conversation()
    prompt, first = say(store, conversation.id, "one")
    second = store.close_turn(store.open_reply(prompt.id).id, Status.COMPLETE, content="better")
    store.delete_message(second.id)
    assert store.conversation(conversation.id).active_message_id == first.id
    store.delete_message(prompt.id)
    assert store.branch(conversation.id) == []
    assert store.conversation(conversation.id).active_message_id is None


def test_deleting_elsewhere_leaves_the_branch_that_is_shown(store: Store) -> None:
    conversation = store.create_conversation()
    prompt, _ = say(store, conversation.id, "one")
    say(store, conversation.id, "other", parent_id=None)
    token = store.delete_message(prompt.id)
    assert shown(store, conversation.id) == ["other", "re: other"]
    store.restore_message(token)
    assert shown(store, conversation.id) == ["other", "re: other"]


def test_reply_in_progress_is_not_deleted(store: Store) -> None:
    conversation = store.create_conversation()
    prompt, _ = store.open_turn(conversation.id, "one")
    with pytest.raises(UsageError, match="stop"):
        store.delete_message(prompt.id)


def test_part_of_what_is_deleted_cannot_come_back_alone(store: Store) -> None:
    conversation = store.create_conversation()
    prompt, reply = say(store, conversation.id, "one")
    inner = store.delete_message(reply.id)
    outer = store.delete_message(prompt.id)
    with pytest.raises(UsageError, match="first"):
        store.restore_message(inner)
    store.restore_message(outer)
    store.restore_message(inner)
    assert store.conversation(conversation.id).message_count == 2


def test_restoring_does_not_show_a_branch_that_was_deleted_since(store: Store) -> None:
    conversation = store.create_conversation()
    prompt, first = say(store, conversation.id, "Which?")
    second = store.open_reply(prompt.id)
    store.close_turn(second.id, Status.COMPLETE, content="the second")
    token = store.delete_message(first.id)
    store.delete_message(second.id)

    assert store.restore_message(token).id == first.id
    assert store.conversation(conversation.id).active_message_id != second.id
    assert [each.id for each in store.branch(conversation.id)] == [prompt.id]


def test_purge_of_the_trash_forgets_deleted_messages(store: Store) -> None:
    conversation = store.create_conversation()
    prompt, _ = say(store, conversation.id, "secret")
    token = store.delete_message(prompt.id)
    assert store.purge_trash() == 0
    with store._db.read() as con:
        assert con.execute("SELECT count(*) FROM message_text").fetchone() == (0,)
    with pytest.raises(UsageError):
        store.restore_message(token)


STEPS = st.lists(
    st.tuples(st.sampled_from(["say", "reply", "walk", "delete", "undo", "fork"]), st.integers(0, 50)),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_tree_stays_a_tree_whatever_is_done(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "c.db") as store:
        store._db._writer.ready().execute("PRAGMA synchronous = OFF")
        conversation = store.create_conversation()
        tokens: list[str] = []
        for verb, number in steps:
            messages = store.messages(conversation.id)
            chosen = messages[number % len(messages)] if messages else None
            if verb == "say" or chosen is None:
                say(
                    store,
                    conversation.id,
                    str(number),
                    parent_id=chosen.id if chosen and number % 5 else None,
                )
            elif verb == "reply" and chosen.role is Role.USER:
                store.close_turn(store.open_reply(chosen.id).id, Status.STOPPED)
            elif verb == "walk":
                store.set_active(conversation.id, store.newest_leaf(chosen.id))
            elif verb == "delete":
                tokens.append(store.delete_message(chosen.id))
            elif verb == "undo" and tokens:
                store.restore_message(tokens.pop())
            elif verb == "fork":
                assert len(store.branch(store.fork(chosen.id).id)) == len(
                    store.branch(conversation.id, chosen.id)
                )
            check_tree(store, conversation.id)
        assert store.integrity() == []


def check_tree(store: Store, conversation_id: str) -> None:
    messages = {message.id: message for message in store.messages(conversation_id)}
    seen: set[str] = set()
    for message in messages.values():
        assert message.parent_id is None or message.parent_id in seen
        seen.add(message.id)
    conversation = store.conversation(conversation_id)
    assert conversation.message_count == len(messages)
    expected: list[str] = []
    at = conversation.active_message_id
    while at is not None:
        expected.insert(0, at)
        at = messages[at].parent_id
    entries = store.branch(conversation_id)
    assert [entry.id for entry in entries] == expected
    for entry in entries:
        siblings = [m.id for m in messages.values() if m.parent_id == entry.parent_id]
        assert siblings == store.siblings(entry.id)
        assert (entry.sibling, entry.siblings) == (siblings.index(entry.id) + 1, len(siblings))


def test_an_edited_reply_is_the_newest_version_and_marked(store: Store) -> None:
    conversation = store.create_conversation()
    prompt, reply = say(store, conversation.id, "one")
    edited = store.edit_reply(reply.id, "my own words")
    assert (edited.parent_id, edited.status, edited.edited) == (prompt.id, Status.COMPLETE, True)
    assert store.message(reply.id) == reply
    assert shown(store, conversation.id) == ["one", "my own words"]
    entry = store.branch(conversation.id)[-1]
    assert (entry.sibling, entry.siblings, entry.edited) == (2, 2, True)
    assert [hit.message_id for hit in store.search("own words")] == [edited.id]
    with pytest.raises(UsageError, match="Only a reply"):
        store.edit_reply(prompt.id, "not this")
    assert store.integrity() == []
