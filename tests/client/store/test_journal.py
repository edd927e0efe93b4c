"""The journal of what could not be stored, on real files."""

from __future__ import annotations

import os
import stat
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from gptalk_client.models import Status
from gptalk_client.store.journal import Journal
from gptalk_client.store.store import Store


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "data" / "unsaved.jsonl")


def test_texts_come_back_newest_first_and_once(journal: Journal) -> None:
    for text in ("one", "two\nlines \N{PILE OF POO}", "one"):
        journal.keep(text)
    assert Journal(journal.path).texts() == ["two\nlines \N{PILE OF POO}", "one"]
    if sys.platform != "win32":
        assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def test_the_file_goes_with_its_last_text(journal: Journal) -> None:
    journal.keep("one")
    journal.keep("two")
    journal.drop("one")
    assert journal.texts() == ["two"]
    journal.drop("two")
    assert os.listdir(journal.path.parent) == []


def test_a_line_that_a_full_disk_cut_off_costs_only_itself(journal: Journal) -> None:
    journal.keep("one")
    with journal.path.open("ab") as file:
        file.write(b'{"text":"cut o')
    assert journal.texts() == ["one"]
    journal.keep("two")
    assert journal.texts() == ["two", "one"]


def test_what_is_no_journal_is_left_alone(journal: Journal) -> None:
    journal.path.mkdir(parents=True)
    assert journal.texts() == []
    with pytest.raises(OSError, match=r"."):
        journal.keep("one")


def test_two_windows_lose_nothing_of_each_other(journal: Journal) -> None:
    def keep(name: str) -> None:
        for number in range(20):
            Journal(journal.path).keep(f"{name} {number}")

    windows = [threading.Thread(target=keep, args=(name,)) for name in ("a", "b")]
    for window in windows:
        window.start()
    for window in windows:
        window.join()
    assert sorted(journal.texts()) == sorted(f"{name} {number}" for name in "ab" for number in range(20))


def test_a_reply_that_ended_unsaved_is_written_into_its_row(tmp_path: Path, journal: Journal) -> None:
    path = tmp_path / "conversations.db"
    with Store.open(path) as store:
        conversation = store.create_conversation()
        _, reply = store.open_turn(conversation.id, "prompt")
        store.append_reply(reply.id, "the first ")
        journal.keep_reply(replace(reply, content="the first half", status=Status.COMPLETE))
        journal.keep("a prompt")
    with Store.open(path) as store:
        assert store.message(reply.id).status is Status.INCOMPLETE
        assert journal.restore(store) == 1
        restored = store.message(reply.id)
        assert (restored.content, restored.status) == ("the first half", Status.COMPLETE)
        assert [hit.message_id for hit in store.search("half")] == [reply.id]
        assert journal.texts() == ["a prompt"]


def test_a_reply_that_was_saved_after_all_stays_as_it_is(tmp_path: Path, journal: Journal) -> None:
    with Store.open(tmp_path / "conversations.db") as store:
        conversation = store.create_conversation()
        _, reply = store.open_turn(conversation.id, "prompt")
        journal.keep_reply(replace(reply, content="half", status=Status.STOPPED))
        store.close_turn(reply.id, Status.COMPLETE, content="half and half")
        journal.restore(store)
        assert store.message(reply.id).content == "half and half"
        assert not journal.path.exists()


def test_a_reply_whose_conversation_is_gone_is_dropped(tmp_path: Path, journal: Journal) -> None:
    with Store.open(tmp_path / "conversations.db") as store:
        conversation = store.create_conversation()
        _, reply = store.open_turn(conversation.id, "prompt")
        store.close_turn(reply.id, Status.STOPPED)
        journal.keep_reply(replace(reply, content="half", status=Status.STOPPED))
        store.trash_conversation(conversation.id)
        store.purge_conversation(conversation.id)
        journal.restore(store)
        assert not journal.path.exists()
