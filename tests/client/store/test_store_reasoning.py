"""What is kept of a reply beside its text: reasoning, finish reason, tokens, times, and who wrote it."""

from __future__ import annotations

from pathlib import Path

from gptalk_client.models import ReplyFacts, Status, Usage
from gptalk_client.store.store import Store
from gptalk_client.store.writers import BROKEN_OFF, BROKEN_OFF_EMPTY

FACTS = ReplyFacts("length", Usage(1200, 34, 20), first_text_ms=900, reasoning_ms=800, duration_ms=1500)


def test_reply_keeps_its_reasoning_apart_from_its_text(store: Store) -> None:
    conversation = store.create_conversation()
    _, reply = store.open_turn(conversation.id, "6 * 7", model="m", provider="ollama")
    store.append_reply(reply.id, "", reasoning="6 times ")
    store.append_reply(reply.id, "4", reasoning="7.")
    assert store.reasoning(reply.id) == "6 times 7."
    assert store.texts([reply.id]) == {reply.id: "4"}
    assert store.branch(conversation.id)[-1].reasoning_chars == 10
    closed = store.close_turn(reply.id, Status.COMPLETE, content="42", facts=FACTS)
    assert (closed.content, closed.reasoning, closed.facts) == ("42", "6 times 7.", FACTS)
    assert (closed.model, closed.provider) == ("m", "ollama")
    assert store.integrity() == []


def test_branch_says_how_a_reply_came_without_reading_its_texts(store: Store) -> None:
    conversation = store.create_conversation()
    _, reply = store.open_turn(conversation.id, "hi", provider="ollama")
    store.close_turn(reply.id, Status.COMPLETE, content="x", reasoning="hm", facts=FACTS, model="told late")
    entry = store.branch(conversation.id)[-1]
    assert (entry.finish_reason, entry.usage) == (FACTS.finish_reason, FACTS.usage)
    assert (entry.reasoning_ms, entry.duration_ms, entry.reasoning_chars) == (800, 1500, 2)
    assert (entry.provider, entry.model) == ("ollama", "told late")


def test_search_does_not_find_reasoning(store: Store) -> None:
    conversation = store.create_conversation()
    _, reply = store.open_turn(conversation.id, "hi")
    store.close_turn(reply.id, Status.COMPLETE, content="answer", reasoning="needle")
    assert store.search("needle") == []


def test_reasoning_has_a_search_of_its_own(store: Store) -> None:
    conversation = store.create_conversation(title="Needles")
    for thought in ("a Needle, ещё", "hay", "another needle"):
        _, reply = store.open_turn(conversation.id, "needle")
        store.close_turn(reply.id, Status.COMPLETE, content="a needle", reasoning=thought)
    hits = store.search_reasoning("needle")
    assert [hit.snippet for hit in hits] == ["another needle", "a Needle, ещё"]
    start, end = hits[1].matches[0]
    assert hits[1].snippet[start:end] == "Needle"
    assert len(store.search_reasoning("NEEDLE еще")) == 1
    assert len(store.search_reasoning("needle", limit=1)) == 1
    assert store.search_reasoning('"') == store.search_reasoning("") == []
    store.trash_conversation(conversation.id)
    assert store.search_reasoning("needle") == []


def test_fork_takes_the_reasoning_along(store: Store) -> None:
    conversation = store.create_conversation()
    _, reply = store.open_turn(conversation.id, "hi", provider="ollama")
    closed = store.close_turn(reply.id, Status.COMPLETE, content="x", reasoning="hm", facts=FACTS)
    copy = store.branch_messages(store.fork(reply.id).id)[-1]
    assert (copy.reasoning, copy.facts, copy.provider) == (closed.reasoning, FACTS, "ollama")


def test_purged_conversation_leaves_no_reasoning_behind(store: Store) -> None:
    conversation = store.create_conversation()
    _, reply = store.open_turn(conversation.id, "hi")
    store.append_reply(reply.id, "x", reasoning="half")
    _, other = store.open_turn(conversation.id, "hi")
    store.close_turn(other.id, Status.COMPLETE, reasoning="whole")
    store.purge_conversation(conversation.id)
    with store._db.read() as con:
        assert con.execute("SELECT count(*) FROM message_reasoning").fetchone() == (0,)
        assert con.execute("SELECT count(*) FROM reasoning_part").fetchone() == (0,)


def test_reply_whose_writer_died_keeps_its_reasoning(path: Path) -> None:
    with Store.open(path) as store:
        conversation = store.create_conversation()
        _, thinking = store.open_turn(conversation.id, "hi")
        store.append_reply(thinking.id, "", reasoning="hm")
        _, begun = store.open_turn(conversation.id, "hi")
        store.append_reply(begun.id, "half")
    with Store.open(path) as store:
        found = store.message(thinking.id)
        assert (found.status, found.error, found.reasoning) == (Status.INCOMPLETE, BROKEN_OFF_EMPTY, "hm")
        assert store.message(begun.id).error == BROKEN_OFF
        assert store.integrity() == []
