"""The file of conversations is deleted or replaced while a program has it open: told, and what it held is kept."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gptalk_client.errors import StoreError
from gptalk_client.models import Status
from gptalk_client.store.store import Store

pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere a file that is open can be neither")


def delete(path: Path) -> None:
    path.unlink()


def delete_all(path: Path) -> None:
    shutil.rmtree(path.parent)


def replace(path: Path) -> None:
    other = path.with_name("other.db")
    with Store.open(other) as store:
        store.create_conversation(title="another")
    os.replace(other, path)


@pytest.mark.parametrize("harm", [delete, delete_all, replace])
def test_its_contents_are_rescued_and_nothing_more_is_written(
    path: Path, harm: Callable[[Path], None]
) -> None:
    with Store.open(path) as store:
        conversation = store.create_conversation(title="mine")
        _, reply = store.open_turn(conversation.id, "a prompt")
        store.append_reply(reply.id, "an answer")
        harm(path)
        with pytest.raises(StoreError, match="was deleted or replaced while it was open") as caught:
            store.append_reply(reply.id, " and more")
        with pytest.raises(StoreError, match="were saved to"):
            store.create_conversation(title="second")
        assert store.messages(conversation.id)[1].content == "an answer"
        [rescued] = path.parent.glob("*.rescued-*[0-9]")
        assert str(rescued) in caught.value.for_humans()
        assert stat.S_IMODE(rescued.stat().st_mode) == 0o600
    with Store.open(rescued) as store:
        [found] = store.conversations()
        assert [each.content for each in store.messages(found.id)] == ["a prompt", "an answer"]
        assert store.integrity() == []
    if harm is replace:  # and nothing of the old file's log has come into the new one
        with Store.open(path) as store:
            assert [each.title for each in store.conversations()] == ["another"]
            assert store.integrity() == []


def test_a_file_that_is_replaced_while_nothing_is_written(path: Path) -> None:
    with Store.open(path) as store:
        conversation = store.create_conversation(title="mine")
        replace(path)
        assert store.conversation(conversation.id).title == "mine"
    [rescued] = path.parent.glob("*.rescued-*[0-9]")
    for file, title in ((path, "another"), (rescued, "mine")):
        with Store.open(file) as store:
            assert [each.title for each in store.conversations()] == [title]
            assert store.integrity() == []


def test_where_no_copy_can_be_made_it_is_tried_again(path: Path) -> None:
    with Store.open(path) as store:
        conversation = store.create_conversation(title="mine")
        shutil.rmtree(path.parent)
        path.parent.touch()
        with pytest.raises(StoreError, match=r"while it was open\..*cannot be written"):
            store.set_draft(conversation.id, "words")
        path.parent.unlink()
        with pytest.raises(StoreError, match="were saved to"):
            store.set_draft(conversation.id, "words")
    [rescued] = path.parent.glob("*.rescued-*[0-9]")
    with Store.open(rescued) as store:
        assert [each.title for each in store.conversations()] == ["mine"]


def test_a_file_that_stays_is_written_through_any_name(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    Store.open(path).close()
    link.symlink_to(path)
    with Store.open(link) as store:
        conversation = store.create_conversation(title="mine")
        _, reply = store.open_turn(conversation.id, "a prompt")
        store.close_turn(reply.id, Status.COMPLETE, content="yes")
        store.backup(tmp_path / "copy.db")
        os.chmod(path, 0o600)
        store.set_draft(conversation.id, "words")


@pytest.mark.parametrize("is_there", [True, False])
def test_whoever_only_reads_copies_nothing(path: Path, is_there: bool) -> None:
    path.parent.mkdir()
    if is_there:
        Store.open(path).close()
    with Store.open(path, read_only=True) as store:
        assert store.conversations() == []
        replace(path)
    assert not list(path.parent.glob("*.rescued-*"))
