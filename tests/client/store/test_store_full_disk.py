"""A disk that is really full: nothing that was saved is harmed, and saving goes on when there is space."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gptalk_client.errors import StoreFullError
from gptalk_client.models import Status
from gptalk_client.store.store import Store
from support.small_disk import full, small_disk


@pytest.fixture(name="small_disk")
def a_small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as folder:
        yield folder


def test_full_disk_takes_nothing_and_harms_nothing(small_disk: Path) -> None:
    with Store.open(small_disk / "data" / "conversations.db") as store:
        conversation = store.create_conversation(title="kept")
        prompt, reply = store.open_turn(conversation.id, "hello")
        with full(small_disk):
            for _ in range(3):
                with pytest.raises(StoreFullError):
                    store.append_reply(reply.id, "x" * 300_000)
            with pytest.raises(StoreFullError):
                store.open_turn(conversation.id, "y" * 300_000)
            assert store.messages(conversation.id) == [prompt, reply]
        store.append_reply(reply.id, "there is space again")
        assert store.close_turn(reply.id, Status.COMPLETE).content == "there is space again"
        assert store.integrity() == []


def test_start_on_a_full_disk_is_reported_and_harms_nothing(small_disk: Path) -> None:
    path = small_disk / "data" / "conversations.db"
    with full(small_disk), pytest.raises(StoreFullError, match="full"):
        Store.open(path)
    with Store.open(path) as store:
        store.create_conversation(title="kept")
    with full(small_disk), pytest.raises(StoreFullError, match="full"):
        Store.open(path)
    with Store.open(path) as store:
        assert [each.title for each in store.conversations()] == ["kept"]
        assert store.integrity() == []


def test_store_that_was_closed_on_a_full_disk_opens_again(small_disk: Path) -> None:
    path = small_disk / "data" / "conversations.db"
    with Store.open(path) as store:
        conversation = store.create_conversation(title="kept")
        _, reply = store.open_turn(conversation.id, "hello")
        with full(small_disk):
            store.close()
    with Store.open(path) as store:
        assert store.message(reply.id).status is Status.INCOMPLETE
        assert store.integrity() == []
