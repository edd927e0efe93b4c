"""A disk that is really full: nothing that was saved is harmed, and saving goes on when there is space."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gptalk_client.errors import StoreFullError
from gptalk_client.models import Status
from gptalk_client.store.store import Store


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB, where the machine lets us have one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs the right to mount")
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "none", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount")
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@contextlib.contextmanager
def full(folder: Path) -> Iterator[None]:
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    try:
        yield
    finally:
        filler.unlink()


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


def test_start_on_a_full_disk_is_an_error_in_words_and_harms_nothing(small_disk: Path) -> None:
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
