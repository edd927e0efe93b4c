"""Whichever call to SQLite fails, and however: an error in words, nothing lost that was kept, and on it goes."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gptalk_client.errors import StoreError, StoreReadOnlyError
from gptalk_client.models import Status
from gptalk_client.store import sqlite_errors
from gptalk_client.store.store import Store
from support.exhaustive import EVERY_CASE
from support.failing_sqlite import KINDS, FailingSqlite

MOST_CALLS = 2_000
"""More than a session makes: where no call failed any more, all have had their turn."""
STRIDE = 1 if EVERY_CASE else 7


@pytest.fixture
def sqlite(monkeypatch: pytest.MonkeyPatch) -> FailingSqlite:
    # a busy file is asked for again at once
    monkeypatch.setattr(sqlite_errors.time, "sleep", lambda seconds: None)
    return FailingSqlite(monkeypatch)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one conversation, closed."""
    path = tmp_path_factory.mktemp("template") / "conversations.db"
    with Store.open(path) as store:
        conversation = store.create_conversation(title="old")
        _, reply = store.open_turn(conversation.id, "old words")
        store.close_turn(reply.id, Status.COMPLETE, content="old answer")
    return path


@dataclass
class Kept:
    """What calls that returned have promised to keep."""

    texts: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)


def live(path: Path, kept: Kept, opened: list[Store]) -> None:
    """Do with a store what a day does, and note what it promises."""
    store = Store.open(path)
    opened.append(store)
    conversation = store.create_conversation(title="new")
    kept.titles[conversation.id] = "new"
    prompt, reply = store.open_turn(conversation.id, "precious words")
    kept.texts[prompt.id] = "precious words"
    store.append_reply(reply.id, "half ")
    kept.texts[reply.id] = "half "
    store.append_reply(reply.id, "whole")
    kept.texts[reply.id] = "half whole"
    store.close_turn(reply.id, Status.COMPLETE)
    store.rename_conversation(conversation.id, "renamed")
    kept.titles[conversation.id] = "renamed"
    store.set_draft(conversation.id, "a draft")
    assert store.conversations()
    store.trash_conversation(conversation.id)
    assert store.conversations(trash=True)
    store.restore_conversation(conversation.id)
    assert store.search("whole")
    fork = store.fork(reply.id)
    kept.titles[fork.id] = fork.title
    second, late = store.open_turn(conversation.id, "second")
    kept.texts[second.id] = "second"
    store.close_turn(late.id, Status.FAILED, content="late")
    kept.texts[late.id] = "late"
    del kept.texts[second.id], kept.texts[late.id]  # whichever way a deletion that fails may end
    token = store.delete_message(second.id)
    store.restore_message(token)
    kept.texts |= {second.id: "second", late.id: "late"}
    assert store.branch(conversation.id)
    store.data_version()
    store.backup(path.with_name("copy.db"))
    store.integrity()
    store.close()
    opened.clear()
    opened.append(Store.open(path))


def texts_of(path: Path, ids: set[str]) -> dict[str, str]:
    """Read texts from the store and from every file of it that was moved aside."""
    found: dict[str, str] = {}
    for file in (path, *path.parent.glob("*.damaged-*")):
        if not file.name.endswith(("-wal", "-shm")):
            with contextlib.closing(sqlite3.connect(file)) as con:
                rows = con.execute(
                    "SELECT m.id, t.content FROM message m JOIN message_text t ON t.seq = m.seq"
                )
                found.update({key: text for key, text in rows if key in ids})
    return found


def check(path: Path, kept: Kept) -> None:
    with Store.open(path) as store:
        assert store.integrity() == []
        was_moved_aside = any("moved" in each for each in store.notices) or list(
            path.parent.glob("*.damaged-*")
        )
        if not was_moved_aside:
            titles = {each.id: each.title for each in store.conversations() + store.conversations(trash=True)}
            assert {**titles, **kept.titles} == titles
            found = {key: store.message(key).content for key in kept.texts}
            assert found == kept.texts
    assert set(texts_of(path, set(kept.texts))) == set(kept.texts)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("in_a_row", [1, 2])
def test_every_call_may_fail(
    template: Path, tmp_path: Path, sqlite: FailingSqlite, kind: str, in_a_row: int
) -> None:
    # Each kind begins elsewhere, so that together they leave out little.
    first = 1 + (list(KINDS).index(kind) * 2 + in_a_row) * 3 % STRIDE
    reached = 0
    for number in range(first, MOST_CALLS, STRIDE):
        path = tmp_path / f"{number}" / "conversations.db"
        path.parent.mkdir(mode=0o700)
        shutil.copyfile(template, path)
        kept, opened = Kept(), list[Store]()
        failing = range(number, number + in_a_row)
        sqlite.begin(lambda at, sql, failing=failing: at in failing, kind)  # type: ignore[misc]
        try:
            with contextlib.suppress(StoreError):
                live(path, kept, opened)
            sqlite.end()
            for store in opened:
                if not store.read_only:
                    kept.titles[store.create_conversation(title="after").id] = "after"
                store.close()
            check(path, kept)
        except Exception as err:
            raise AssertionError(f"after call {number}: {sqlite.failed}") from err
        if not sqlite.failed:
            break
        reached += 1
        shutil.rmtree(path.parent)
    assert reached > 100 // STRIDE
    assert not sqlite.failed  # the session got through at last


def two_in_a_row(words: str) -> Callable[[int, str], bool]:
    """Fail a statement, and then the way back."""
    left = [words, "ROLLBACK"]

    def fails(number: int, sql: str) -> bool:
        if left and sql.lstrip().startswith(left[0]):
            left.pop(0)
            return True
        return False

    return fails


def test_a_change_that_can_neither_be_made_nor_undone_locks_nobody_out(
    path: Path, sqlite: FailingSqlite
) -> None:
    with Store.open(path) as store, Store.open(path) as other:
        conversation = store.create_conversation(title="x")
        sqlite.begin(two_in_a_row("INSERT INTO message"))
        with pytest.raises(StoreError, match="disk I/O error"):
            store.open_turn(conversation.id, "lost")
        assert [each[:8] for each in sqlite.failed] == ["INSERT I", "ROLLBACK"]
        other.create_conversation(title="another program's")
        store.open_turn(conversation.id, "kept")
        assert [each.content for each in store.messages(conversation.id)] == ["kept", ""]
        assert store.integrity() == []
    with pytest.raises(StoreError, match="closed"):
        store.create_conversation()


def test_a_read_that_cannot_be_ended_does_not_show_an_old_state_for_ever(
    path: Path, sqlite: FailingSqlite
) -> None:
    with Store.open(path) as store:
        store.create_conversation(title="one")
        sqlite.begin(two_in_a_row("SELECT c.id"))
        with pytest.raises(StoreError):
            store.conversations()
        store.create_conversation(title="two")
        assert [each.title for each in store.conversations()] == ["two", "one"]
        with pytest.raises(StoreReadOnlyError), store._db.read() as con:
            con.execute("DELETE FROM conversation")


def test_a_connection_that_cannot_be_opened_again_is_tried_the_next_time(
    path: Path, sqlite: FailingSqlite
) -> None:
    with Store.open(path) as store:
        sqlite.begin(two_in_a_row("INSERT INTO conversation"))
        with pytest.raises(StoreError):
            store.create_conversation()
        sqlite.begin(lambda number, sql: sql.startswith("PRAGMA"))
        with pytest.raises(StoreError, match="disk I/O error"):
            store.create_conversation()
        sqlite.end()
        assert store.create_conversation(title="again").title == "again"
