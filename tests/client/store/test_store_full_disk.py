"""A disk that is really full: nothing that was saved is harmed, and saving goes on when there is space."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gptalk_client.errors import StoreError, StoreFullError, StoreReadOnlyError
from gptalk_client.models import Status
from gptalk_client.store import worker
from gptalk_client.store.store import Store
from gptalk_client.store.worker import StoreThread
from support.small_disk import full, out_of_inodes
from support.small_disk import small_disk as small_disk_of


@pytest.fixture(name="small_disk")
def a_small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk_of(tmp_path / "disk") as folder:
        yield folder


def fill(path: Path, leftover: str) -> None:
    """Store a conversation, and leave what a killed program would, or a copy of its files without the -shm."""
    with Store.open(path) as store:
        store.create_conversation(title="kept")
        kept = {side: Path(f"{path}{side}").read_bytes() for side in ("", "-wal", "-shm")}
    for side in {"nothing": (), "-wal": ("", "-wal")}.get(leftover, kept):
        Path(f"{path}{side}").write_bytes(kept[side])


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


def test_start_on_a_full_disk_without_a_database_is_an_error_in_words(small_disk: Path) -> None:
    path = small_disk / "data" / "conversations.db"
    with full(small_disk), pytest.raises(StoreFullError, match="full"):
        Store.open(path)
    with Store.open(path) as store:
        store.create_conversation(title="kept")
    with Store.open(path) as store:
        assert [each.title for each in store.conversations()] == ["kept"]


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("leftover", ["nothing", "-wal and -shm", "-wal"])
def test_database_on_a_full_disk_is_read_and_says_why_it_is_not_written(
    small_disk: Path, leftover: str, read_only: bool
) -> None:
    path = small_disk / "data" / "conversations.db"
    fill(path, leftover)
    with full(small_disk), Store.open(path, read_only=read_only) as store:
        assert [each.title for each in store.conversations()] == ["kept"]
        assert [each.title for each in store.search("kep")] == ["kept"]
        if leftover != "-wal and -shm" and not read_only:
            assert store.waits_for_space
            assert store.notices[-1].startswith("The disk is full: nothing is saved until")
        with pytest.raises(StoreReadOnlyError if read_only else StoreFullError):
            store.create_conversation(title="x" * 300_000)
    with Store.open(path) as store:
        assert not store.read_only
        assert [each.title for each in store.conversations()] == ["kept"]
        store.create_conversation(title="more")
        assert store.integrity() == []


@pytest.mark.parametrize("leftover", ["nothing", "-wal"])
def test_database_on_a_disk_without_free_inodes_is_read_and_says_why_it_is_not_written(
    tmp_path: Path, leftover: str
) -> None:
    with small_disk_of(tmp_path / "disk", inodes=50) as disk:
        path = disk / "data" / "conversations.db"
        fill(path, leftover)
        with out_of_inodes(disk), Store.open(path) as store:
            assert [each.title for each in store.conversations()] == ["kept"]
            assert "no free inodes" in store.notices[-1]
            with pytest.raises(StoreFullError, match="no free inodes"):
                store.create_conversation(title="more")
        with Store.open(path) as store:
            store.create_conversation(title="more")
            assert store.integrity() == []


async def test_store_that_was_opened_on_a_full_disk_is_written_once_there_is_space(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "REOPEN_S", 0.0)
    path = small_disk / "data" / "conversations.db"
    fill(path, "nothing")
    thread, told = StoreThread(lambda: Store.open(path)), []
    thread.on_writable = lambda: told.append(True)
    with full(small_disk):
        assert [each.title for each in await thread.call(Store.conversations)] == ["kept"]
        first = thread.store
        with pytest.raises(StoreFullError):
            await thread.call(Store.create_conversation, title="refused")
        assert [each.title for each in await thread.look_up(Store.search, "kep")] == ["kept"]
        assert thread.store is first
        assert thread.waits_for_space
    await thread.call(Store.create_conversation, title="more")
    assert told == [True]
    assert not thread.waits_for_space
    assert sorted(each.title for each in thread.store.conversations()) == ["kept", "more"]
    assert [each.title for each in await thread.look_up(Store.search, "more")] == ["more"]
    with pytest.raises(StoreError, match="closed"):
        first.conversations()
    assert await thread.aclose()
    thread.store.close()


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
