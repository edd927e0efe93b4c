"""Tags in the store: changed, listed, filtered by, and searched for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gptalk_client.errors import UsageError
from gptalk_client.models import Status
from gptalk_client.store.store import Store


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as store:
        yield store


def conversation(store: Store, title: str, *tags: str, text: str = "Lifetimes in Rust") -> str:
    made = store.create_conversation(title=title)
    _, reply = store.open_turn(made.id, text)
    store.close_turn(reply.id, Status.COMPLETE, content=f"About {text}")
    store.change_tags(made.id, add=tags)
    return made.id


def titles(store: Store, filter: str = "", *tags: str) -> set[str]:
    found = store.conversations(filter=filter, tags=tags)
    assert store.count_conversations(filter=filter, tags=tags) == len(found)
    return {each.title for each in found}


def test_tags_are_added_and_removed_in_any_case(store: Store) -> None:
    made = conversation(store, "Rust", "Work", "#ideas")
    assert store.conversation(made).tags == ("ideas", "work")
    before = store.conversation(made).updated_at_ms
    changed = store.change_tags(made, add=["home"], remove=["WORK", "never-there"])
    assert (changed.tags, changed.updated_at_ms) == (("home", "ideas"), before)


def test_a_bad_name_changes_nothing(store: Store) -> None:
    made = conversation(store, "Rust", "work")
    with pytest.raises(UsageError):
        store.change_tags(made, add=["home", "two words"])
    assert store.conversation(made).tags == ("work",)


def test_known_tags_are_those_outside_the_trash(store: Store) -> None:
    conversation(store, "Rust", "work", "ideas")
    store.trash_conversation(conversation(store, "Go", "gone"))
    assert store.tags() == ["ideas", "work"]


def test_filter_finds_tags_as_they_are_typed(store: Store) -> None:
    conversation(store, "Rust", "work")
    conversation(store, "Go", "workshop")
    conversation(store, "Zig #work")
    assert titles(store, "#wo") == titles(store, "#work") == {"Rust", "Go", "Zig #work"}
    assert titles(store, "#Work ") == {"Rust", "Zig #work"}
    assert titles(store, "#work ru") == {"Rust"}
    assert titles(store, "", "work") == {"Rust"}
    assert titles(store, "", "work", "ideas") == set()
    with pytest.raises(UsageError):
        titles(store, "", "two words")


def test_search_takes_a_tag_where_there_is_one_and_text_elsewhere(store: Store) -> None:
    rust = conversation(store, "Rust", "work")
    other = conversation(store, "Headers", text="#include <stdio.h> lifetimes and #work")
    assert {hit.conversation_id for hit in store.search("lifetimes #work")} == {rust}
    assert {hit.conversation_id for hit in store.search("#include")} == {other}
    assert {hit.conversation_id for hit in store.search('"#work"')} == {other}
    assert {hit.conversation_id for hit in store.search("lifetimes", tags=["work"])} == {rust}
    assert store.search("lifetimes #work", conversation_id=other) != []


def test_search_for_a_tag_alone_finds_its_conversations(store: Store) -> None:
    rust = conversation(store, "Rust", "work")
    conversation(store, "Go", "home")
    for hits in (store.search("#wor"), store.search("#work "), store.search("", tags=["work"])):
        assert [(hit.conversation_id, hit.role) for hit in hits] == [(rust, "title")]
    assert store.search("#work", limit=0) == []


def test_search_for_symbols_and_reasoning_takes_tags_too(store: Store) -> None:
    made = store.create_conversation(title="Deep")
    _, reply = store.open_turn(made.id, "a => b")
    store.close_turn(reply.id, Status.COMPLETE, content="so", reasoning="a hidden thought")
    assert store.search("=>", tags=["work"]) == store.search_reasoning("hidden", tags=["work"]) == []
    store.change_tags(made.id, add=["work"])
    assert len(store.search("=> #work")) == 1
    assert len(store.search_reasoning("hidden #work")) == 1


def test_fork_keeps_the_tags(store: Store) -> None:
    made = conversation(store, "Rust", "work")
    assert store.fork(store.messages(made)[0].id).tags == ("work",)


def test_blank_conversation_with_a_tag_is_kept(store: Store) -> None:
    made = store.create_conversation()
    store.change_tags(made.id, add=["work"])
    assert not store.discard_blank(made.id)
