"""Conversations in the list, in the archive and in the trash, found by what a person types."""

from __future__ import annotations

from pathlib import Path

import pytest

from gptalk_client.errors import UsageError
from gptalk_client.models import Conversation, Status
from gptalk_client.store.store import Store


def titles(found: list[Conversation]) -> list[str]:
    return [each.title for each in found]


def spoken(store: Store, title: str) -> Conversation:
    conversation = store.create_conversation(title=title)
    _, reply = store.open_turn(conversation.id, f"about {title}")
    store.close_turn(reply.id, Status.COMPLETE, content="yes")
    return store.conversation(conversation.id)


def test_new_conversation_has_what_it_was_given(store: Store) -> None:
    made = store.create_conversation(
        title=" Pasta ", system_prompt="be brief", model="m", provider="local", options={"temperature": 0.5}
    )
    assert store.conversation(made.id) == made
    assert (made.title, made.system_prompt, made.model, made.provider) == ("Pasta", "be brief", "m", "local")
    assert made.options == {"temperature": 0.5}
    assert (len(made.id), made.message_count, made.active_message_id, made.trashed) == (32, 0, None, False)


def test_list_has_the_pinned_first_then_what_changed_last(store: Store) -> None:
    first, _, _ = spoken(store, "first"), spoken(store, "second"), spoken(store, "third")
    store.set_pinned(first.id, True)
    assert titles(store.conversations()) == ["first", "third", "second"]
    assert titles(store.conversations(limit=1, offset=1)) == ["third"]
    latest = store.latest_conversation()
    assert latest is not None
    assert latest.title == "third"


def test_looking_at_a_conversation_does_not_move_it(store: Store) -> None:
    first, second = spoken(store, "first"), spoken(store, "second")
    store.set_unread(first.id, True)
    store.set_draft(first.id, "half a sen")
    store.set_active(first.id, first.active_message_id)
    store.rename_conversation(first.id, "renamed")
    assert titles(store.conversations()) == ["second", "renamed"]
    assert store.conversation(first.id).updated_at_ms == first.updated_at_ms
    assert second.id == store.conversations()[0].id


def test_archive_and_trash_take_out_of_the_list_and_give_back(store: Store) -> None:
    a, b, c = (spoken(store, title) for title in "abc")
    assert store.set_archived(a.id, True).archived
    assert store.trash_conversation(b.id).trashed
    assert titles(store.conversations()) == ["c"]
    assert titles(store.conversations(archived=True)) == ["a"]
    assert titles(store.conversations(trash=True)) == ["b"]
    assert [store.count_conversations(), store.count_conversations(archived=True)] == [1, 1]
    store.restore_conversation(b.id)
    store.set_archived(a.id, False)
    assert store.count_conversations() == 3
    assert store.latest_conversation() == store.conversation(c.id)


def test_filter_knows_neither_case_nor_accents_nor_order(store: Store) -> None:
    for title in ("Регулярные выражения", "Ёлка и café", "100% sure_thing"):
        store.create_conversation(title=title)
    for words, expected in [
        ("ВЫРАЖ РЕГ", "Регулярные выражения"),
        ("елка", "Ёлка и café"),
        ("CAFE", "Ёлка и café"),
        ("café", "Ёлка и café"),
        ("0% sure_", "100% sure_thing"),
    ]:
        assert titles(store.conversations(filter=words)) == [expected]
        assert store.count_conversations(filter=words) == 1
    assert store.conversations(filter="%%") == []


def test_first_words_of_the_first_prompt_become_the_title(store: Store) -> None:
    conversation = store.create_conversation()
    store.open_turn(conversation.id, "\n```\n  How   do\tlifetimes work?\nand more")
    store.open_turn(conversation.id, "another")
    assert store.conversation(conversation.id).title == "How do lifetimes work?"


@pytest.mark.parametrize(("prompt", "title"), [("?!", "?!"), ("  \n", ""), ("日本語の助詞", "日本語の助詞")])
def test_prompt_without_words_still_gives_what_it_has(store: Store, prompt: str, title: str) -> None:
    conversation = store.create_conversation()
    store.open_turn(conversation.id, prompt)
    assert store.conversation(conversation.id).title == title


def test_long_title_is_cut_between_words(store: Store) -> None:
    conversation = store.create_conversation()
    store.open_turn(conversation.id, "word " * 50)
    title = store.conversation(conversation.id).title
    assert len(title) <= 48
    assert title.endswith("word…")
    other = store.create_conversation()
    store.open_turn(other.id, "x" * 500)
    assert store.conversation(other.id).title == "x" * 47 + "…"


def test_rename_wins_over_the_automatic_title(store: Store) -> None:
    conversation = store.create_conversation()
    store.rename_conversation(conversation.id, "Mine")
    store.open_turn(conversation.id, "something else")
    assert store.conversation(conversation.id).title == "Mine"
    store.rename_conversation(conversation.id, "")
    store.open_turn(conversation.id, "automatic again")
    assert store.conversation(conversation.id).title == "automatic again"


def test_options_change_one_by_one(store: Store) -> None:
    conversation = store.create_conversation(model="a", options={"temperature": 1})
    store.set_options(conversation.id, model="b")
    changed = store.set_options(conversation.id, system_prompt="s", options={})
    assert (changed.model, changed.system_prompt, changed.options) == ("b", "s", {})
    assert store.set_options(conversation.id) == changed
    with pytest.raises(UsageError):
        store.set_options(conversation.id, options={"x": object()})


def test_draft_survives_a_restart_and_is_cleared_when_sent(path: Path) -> None:
    with Store.open(path) as store:
        conversation = store.create_conversation()
        store.set_draft(conversation.id, "to be sent")
    with Store.open(path) as store:
        assert store.conversation(conversation.id).draft == "to be sent"
        store.open_turn(conversation.id, "another thing")
        assert store.conversation(conversation.id).draft == "to be sent"
        store.open_turn(conversation.id, "to be sent ")
        assert store.conversation(conversation.id).draft == ""


def test_conversation_is_found_by_id_prefix_title_or_part_of_one(store: Store) -> None:
    a = store.create_conversation(title="Rust lifetimes explained")
    b = store.create_conversation(title="Rust")
    for text in (a.id, a.id[:12], a.id.upper(), "lifetimes", "RUST LIFETIMES EXPLAINED"):
        assert store.find_conversation(text) == a
    assert store.find_conversation("rust") == b


def test_unclear_name_tells_the_candidates_and_an_unknown_one_says_so(store: Store) -> None:
    a = store.create_conversation(title="Pasta for two")
    b = store.create_conversation(title="Pasta for eight")
    with pytest.raises(UsageError) as caught:
        store.find_conversation("pasta")
    assert all(part in caught.value.for_humans() for part in (a.id[:8], b.id[:8], "Pasta for two"))
    for text in ("", "zebra", "' OR 1=1 --"):
        with pytest.raises(UsageError):
            store.find_conversation(text)


def test_a_missing_conversation_is_reported_as_such(store: Store) -> None:
    spoken(store, "here")
    for ask in (lambda: store.conversation("f" * 32), lambda: store.message("f" * 32)):
        with pytest.raises(UsageError) as caught:
            ask()
        assert "may have been deleted" in caught.value.for_humans()


def test_a_name_that_is_not_text_matches_nothing(store: Store) -> None:
    with pytest.raises(UsageError, match="no conversation"):
        store.find_conversation("name\udcff")


def test_ambiguous_prefix_is_refused(store: Store) -> None:
    made = [store.create_conversation().id for _ in range(40)]
    counts: dict[str, int] = {}
    for each in made:
        counts[each[0]] = counts.get(each[0], 0) + 1
    shared = max(counts, key=lambda digit: counts[digit])
    with pytest.raises(UsageError, match="Several"):
        store.find_conversation(shared)


def test_trash_is_looked_at_last(store: Store) -> None:
    gone = store.create_conversation(title="Notes")
    store.trash_conversation(gone.id)
    assert store.find_conversation("notes").id == gone.id
    kept = store.create_conversation(title="Notes")
    assert store.find_conversation("notes").id == kept.id
    assert store.find_conversation(gone.id).id == gone.id


def test_purge_leaves_nothing_behind(store: Store, path: Path) -> None:
    kept = spoken(store, "kept")
    for title in ("one", "two"):
        store.trash_conversation(spoken(store, title).id)
    single = spoken(store, "single")
    store.purge_conversation(single.id)
    assert store.purge_trash() == 2
    assert store.conversations() == [kept]
    assert store.search("about one") == []
    with store._db.read() as con:
        for table in ("message", "message_text", "message_search"):
            assert con.execute(f"SELECT count(*) FROM {table}").fetchone() == (2,)
    with pytest.raises(UsageError):
        store.conversation(single.id)


def test_every_change_of_an_unknown_conversation_is_refused(store: Store) -> None:
    for change in (
        lambda: store.set_pinned("0" * 32, True),
        lambda: store.rename_conversation("0" * 32, "x"),
        lambda: store.purge_conversation("0" * 32),
        lambda: store.open_turn("0" * 32, "x"),
        lambda: store.branch("0" * 32),
        lambda: store.search("x", conversation_id="0" * 32),
    ):
        with pytest.raises(UsageError):
            change()


def test_only_a_blank_conversation_is_discarded(store: Store) -> None:
    fills = {
        "title": lambda each: store.rename_conversation(each, "t"),
        "draft": lambda each: store.set_draft(each, "d"),
        "pin": lambda each: store.set_pinned(each, True),
        "model": lambda each: store.set_options(each, model="m"),
        "provider": lambda each: store.set_options(each, provider="local"),
        "system prompt": lambda each: store.set_options(each, system_prompt="s"),
        "options": lambda each: store.set_options(each, options={"temperature": 0}),
        "message": lambda each: store.open_turn(each, "p"),
    }
    for name, fill in fills.items():
        filled = store.create_conversation().id
        fill(filled)
        assert not store.discard_blank(filled), name
        assert store.conversation(filled).id == filled
    blank = store.create_conversation().id
    store.set_draft(blank, "  ")
    assert store.discard_blank(blank)
    assert len(store.conversations()) == len(fills)
    assert not store.discard_blank(blank)


def test_only_an_automatic_title_that_is_still_there_is_improved(store: Store) -> None:
    conversation = store.create_conversation()
    store.open_turn(conversation.id, "something")
    assert store.improve_title(conversation.id, "Better", instead_of="something")
    assert not store.improve_title(conversation.id, "Late", instead_of="something")
    assert store.conversation(conversation.id).title == "Better"
    store.rename_conversation(conversation.id, "Mine")
    assert not store.improve_title(conversation.id, "Not mine", instead_of="Mine")
    assert store.conversation(conversation.id).title == "Mine"
