"""`backup` and `export` never write over the conversations, what belongs to them, or the logins."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gptalk_client.models import Status
from gptalk_client.store.store import Store
from support.command_line import Run


def the_link(data: Path, tmp_path: Path) -> Path:
    link = tmp_path / "link.db"
    link.symlink_to(data / "conversations.db")
    return link


def the_hard_link(data: Path, tmp_path: Path) -> Path:
    os.link(data / "conversations.db", tmp_path / "hard.db")
    return tmp_path / "hard.db"


def through_a_linked_folder(data: Path, tmp_path: Path) -> Path:
    (tmp_path / "folder").symlink_to(data)
    return tmp_path / "folder" / "conversations.db-wal"


TARGETS: dict[str, Callable[[Path, Path], Path]] = {
    "database": lambda data, _: data / "conversations.db",
    "log": lambda data, _: data / "conversations.db-wal",
    "index of the log": lambda data, _: data / "conversations.db-shm",
    "journal": lambda data, _: data / "conversations.db-journal",
    "logins": lambda data, _: data / "auth.json",
    "around a corner": lambda data, _: data / ".." / data.name / "conversations.db",
    "in capitals": lambda data, _: data / "CONVERSATIONS.DB",
    "link": the_link,
    "hard link": the_hard_link,
    "linked folder": through_a_linked_folder,
}


def contents(data: Path) -> dict[str, bytes]:
    # The index of the log belongs to whoever has the database open.
    return {
        each.name: each.read_bytes() for each in data.iterdir() if each.is_file() and "-shm" not in each.name
    }


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("words", ["backup", "export --all --format json -o"])
@pytest.mark.parametrize("is_open", [True, False], ids=["while open", "while closed"])
def test_own_files_are_refused(
    run: Run,
    data: Path,
    tmp_path: Path,
    conversations: list[str],
    store: Store,
    words: str,
    target: Callable[[Path, Path], Path],
    is_open: bool,
) -> None:
    if not is_open:
        store.close()
    path = target(data, tmp_path)
    before = contents(data)
    done = run(*words.split(), str(path), "--force")
    assert done.code == 2
    assert "one of the program's own files" in done.err
    assert contents(data) == before


def test_refused_backup_into_the_data_folder_loses_no_later_writes(
    run: Run, data: Path, store: Store, conversations: list[str]
) -> None:
    assert run("backup", "--force", str(data)).code == 2
    for number in range(50):
        later = store.create_conversation(title=f"later {number}")
        _, reply = store.open_turn(later.id, "q" * 3000)
        store.close_turn(reply.id, Status.COMPLETE, content="a" * 6000)
    store.close()
    with Store.open(data / "conversations.db") as again:
        assert (again.notices, again.integrity()) == ([], [])
        assert again.count_conversations() == len(conversations) + 50


def test_linked_database_is_guarded_under_both_names(
    run: Run, data: Path, tmp_path: Path, conversations: list[str], store: Store
) -> None:
    store.close()
    real = tmp_path / "elsewhere" / "chats.db"
    real.parent.mkdir()
    (data / "conversations.db").rename(real)
    (data / "conversations.db").symlink_to(real)
    before = real.read_bytes()
    for path in (data / "conversations.db", real, real.with_name("chats.db-wal"), data / "auth.json"):
        assert run("backup", "--force", str(path)).code == 2
    assert real.read_bytes() == before
    assert run("list").out.count("\n") == len(conversations)


def test_other_names_in_the_data_folder_are_allowed(run: Run, data: Path, conversations: list[str]) -> None:
    assert run("backup", str(data / "before.db")).code == 0
    done = run("backup", str(data / "before.db"))
    assert (done.code, "already exists" in done.err) == (1, True)
    assert run("backup", "--force", str(data / "before.db")).code == 0
    with Store.open(data / "before.db", read_only=True) as copy:
        assert copy.count_conversations() == len(conversations)
