"""How a file is opened: private, moved aside when damaged, only read where it cannot be written."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gptalk_client.errors import NewerSchemaError, StoreError, StoreFullError, StoreReadOnlyError
from gptalk_client.models import Status
from gptalk_client.store.sqlite_errors import BUSY_TRIES, patiently
from gptalk_client.store.store import Store
from support.bounds import no_superuser
from support.failing_sqlite import FailingSqlite

posix_only = pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
_FULL = 2
"""`PRAGMA synchronous`: a commit returns when its log is on the disk."""


def mode(path: Path | str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


@contextlib.contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="gptalk-test-"))
    folder.chmod(0o755)
    yield folder
    for each in (folder, *folder.rglob("*")):
        if each.is_dir():
            each.chmod(0o755)
    shutil.rmtree(folder)


def fill(path: Path, text: str = "kept") -> str:
    with Store.open(path) as store:
        conversation = store.create_conversation(title="Old")
        _, reply = store.open_turn(conversation.id, text)
        store.close_turn(reply.id, Status.COMPLETE, content="answer")
    return conversation.id


@posix_only
@pytest.mark.parametrize("mask", [0, 0o022, 0o077])
def test_file_and_folder_are_private_whatever_the_umask(path: Path, mask: int) -> None:
    path.parent.parent.mkdir(exist_ok=True)
    with umask(mask):
        store = Store.open(path)
        conversation = store.create_conversation()
        store.open_turn(conversation.id, "hello")
    with store:
        assert mode(path.parent) == 0o700
        assert {mode(f"{path}{side}") for side in ("", "-wal", "-shm")} == {0o600}
        assert mode(path.parent / "locks") == 0o700
        assert {mode(each) for each in (path.parent / "locks").iterdir()} == {0o600}


@posix_only
def test_file_that_others_could_read_becomes_private(path: Path) -> None:
    fill(path)
    path.chmod(0o644)
    with Store.open(path):
        assert mode(path) == 0o600


def test_link_to_the_file_is_followed(path: Path, tmp_path: Path) -> None:
    conversation_id = fill(path)
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with Store.open(link) as store:
        assert store.conversation(conversation_id).title == "Old"
    assert link.is_symlink()


@pytest.mark.parametrize(
    "content",
    [b"this is no database, it is a letter\n" * 50, b"SQLite format 3\0" + b"\xff" * 8000, b"\0" * 5000],
)
def test_file_that_is_not_a_database_is_moved_aside_with_its_side_files(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    Path(f"{path}-wal").write_bytes(b"wal")
    Path(f"{path}-shm").write_bytes(b"shm")
    with Store.open(path) as store:
        store.create_conversation(title="New")
        assert len(store.conversations()) == 1
        [notice] = store.notices
    moved = sorted(each for each in path.parent.iterdir() if ".damaged-" in each.name)
    assert [each.read_bytes() for each in moved] == [content, b"shm", b"wal"]
    assert [each.name for each in moved[1:]] == [f"{moved[0].name}-shm", f"{moved[0].name}-wal"]
    assert str(moved[0]) in notice


def test_truncated_database_is_moved_aside(path: Path) -> None:
    fill(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with Store.open(path) as store:
        assert store.conversations() == []
        assert "moved to" in store.notices[0]
        assert store.integrity() == []


def test_second_damaged_file_does_not_replace_the_first(path: Path) -> None:
    path.parent.mkdir()
    for number in range(3):
        path.unlink(missing_ok=True)
        path.write_bytes(b"damage %d " % number * 100)
        Store.open(path).close()
    kept = [each.read_bytes()[:8] for each in path.parent.iterdir() if ".damaged-" in each.name]
    assert sorted(kept) == [b"damage 0", b"damage 1", b"damage 2"]


def test_empty_file_is_a_new_store(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    with Store.open(path) as store:
        assert store.notices == []
        assert store.conversations() == []


def test_newer_format_is_refused_unchanged_and_names_who_wrote_it(path: Path) -> None:
    fill(path)
    with contextlib.closing(sqlite3.connect(path)) as con:
        con.execute("INSERT INTO written_by VALUES (99, 'telepathy', '7.1.0', 1)")
        con.execute("PRAGMA user_version = 99")
        con.commit()
        con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(NewerSchemaError, match=r"7\.1\.0"):
            Store.open(path, read_only=read_only)
    assert path.read_bytes() == before


def test_database_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as con:
        con.execute("CREATE TABLE recipe (name TEXT)")
        con.commit()
    with pytest.raises(StoreError, match="another program"):
        Store.open(path)
    with contextlib.closing(sqlite3.connect(path)) as con:
        assert con.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)


def test_read_only_makes_nothing(path: Path) -> None:
    with Store.open(path, read_only=True) as store:
        assert store.read_only
        assert store.conversations() == []
        with pytest.raises(StoreReadOnlyError):
            store.create_conversation()
    assert not path.parent.exists()


def test_read_only_sees_what_another_has_just_written(path: Path, store: Store) -> None:
    conversation = store.create_conversation(title="Fresh")
    with Store.open(path, read_only=True) as reader:
        assert [each.id for each in reader.conversations()] == [conversation.id]
        store.create_conversation(title="Fresher")
        assert len(reader.conversations()) == 2


@posix_only
def test_folder_that_cannot_be_written_is_read(open_folder: Path) -> None:
    folder = open_folder / "data"
    conversation_id = fill(folder / "conversations.db")
    shutil.rmtree(folder / "locks")
    (folder / "conversations.db").chmod(0o444)
    folder.chmod(0o555)
    with no_superuser(), Store.open(folder / "conversations.db") as store:
        assert store.read_only
        assert "cannot be written" in store.notices[0]
        assert [each.content for each in store.branch_messages(conversation_id)] == ["kept", "answer"]
        assert store.search("kep")
        with pytest.raises(StoreReadOnlyError):
            store.open_turn(conversation_id, "more")
    assert {each.name for each in folder.iterdir()} == {"conversations.db"}


@posix_only
def test_write_ahead_log_in_a_folder_that_cannot_be_written_is_read_too(open_folder: Path) -> None:
    source, folder = open_folder / "source", open_folder / "data"
    folder.mkdir()
    with Store.open(source / "conversations.db") as store:
        store.create_conversation(title="In the log")
        for side in ("", "-wal"):
            shutil.copy(source / f"conversations.db{side}", folder / f"conversations.db{side}")
    for each in folder.iterdir():
        each.chmod(0o444)
    folder.chmod(0o555)
    with no_superuser(), Store.open(folder / "conversations.db") as store:
        assert store.read_only
        assert [each.title for each in store.conversations()] == ["In the log"]


@posix_only
def test_folder_that_cannot_be_made_gives_an_empty_store_that_says_so(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    with no_superuser(), Store.open(open_folder / "data" / "conversations.db") as store:
        assert store.read_only
        assert store.conversations() == []
        assert "cannot be written" in store.notices[0]


@posix_only
def test_unreadable_file_of_another_user_is_reported(open_folder: Path) -> None:
    target = open_folder / "conversations.db"
    target.write_bytes(b"")
    target.chmod(0o000)
    open_folder.chmod(0o555)
    with no_superuser(), pytest.raises(StoreError, match="cannot be read"):
        Store.open(target)


def test_folder_in_place_of_the_file_is_reported(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(path)
    assert path.is_dir()


def test_file_opens_although_a_recovery_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_store: Store) -> int:
        raise StoreFullError("The disk is full.")

    conversation_id = fill(path)
    monkeypatch.setattr(Store, "recover", refuse)
    with Store.open(path) as store:
        assert store.notices == [StoreFullError("The disk is full.").for_humans()]
        assert len(store.branch(conversation_id)) == 2


def test_closed_store_says_that_it_is_closed(path: Path) -> None:
    store = Store.open(path)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.conversations()
    with pytest.raises(StoreError, match="closed"):
        store.create_conversation()


def test_backup_is_whole_and_private_while_others_write(path: Path, store: Store, tmp_path: Path) -> None:
    conversation = store.create_conversation(title="Kept")
    _, reply = store.open_turn(conversation.id, "hello")
    store.append_reply(reply.id, "half")
    target = tmp_path / "copy.db"
    target.write_text("an older backup")
    store.backup(target)
    assert os.name != "posix" or mode(target) == 0o600
    assert [each.name for each in tmp_path.iterdir() if "copy" in each.name] == ["copy.db"]
    with Store.open(target, read_only=True) as copy:
        assert [each.content for each in copy.branch_messages(conversation.id)] == ["hello", "half"]


def test_backup_includes_the_write_ahead_log(path: Path, store: Store, tmp_path: Path) -> None:
    conversation = store.create_conversation(title="Kept")
    store.open_turn(conversation.id, "in the log alone")
    assert b"in the log alone" in Path(f"{path}-wal").read_bytes()
    assert b"in the log alone" not in path.read_bytes()
    store.backup(tmp_path / "copy.db")
    with Store.open(tmp_path / "copy.db", read_only=True) as copy:
        assert [each.content for each in copy.branch_messages(conversation.id)] == ["in the log alone", ""]


def test_what_is_committed_is_on_the_disk_and_readers_do_not_write(store: Store) -> None:
    asked = ("journal_mode", "synchronous", "foreign_keys", "query_only")
    for line, expected in (
        (store._db._writer, ["wal", _FULL, 1, 0]),
        (store._db._reader, ["wal", _FULL, 1, 1]),
    ):
        con = line.ready()
        assert [con.execute(f"PRAGMA {name}").fetchone()[0] for name in asked] == expected


def test_backup_that_cannot_be_written_leaves_the_older_one(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="backup"):
        store.backup(tmp_path / "no such folder" / "copy.db")


def test_integrity_notices_damage_to_an_open_file(path: Path) -> None:
    fill(path, "kept " * 20_000)
    with Store.open(path) as store:
        size = path.stat().st_size
        with open(path, "r+b") as file:
            file.seek(4096 * 3)
            file.write(b"\xff" * (size - 4096 * 3))
        assert any("damaged" in each or "database" in each for each in store.integrity())


def test_integrity_of_a_closed_store_is_an_error(path: Path) -> None:
    store = Store.open(path)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.integrity()


@posix_only
@pytest.mark.parametrize("read_only", [False, True])
def test_a_folder_out_of_reach_is_no_empty_one(open_folder: Path, read_only: bool) -> None:
    folder = open_folder / "closed" / "data"
    folder.mkdir(parents=True)
    Store.open(folder / "conversations.db").close()
    folder.parent.chmod(0)
    with no_superuser(), pytest.raises(StoreError, match="cannot be reached: Permission denied"):
        Store.open(folder / "conversations.db", read_only=read_only)


@pytest.mark.parametrize("place", ["behind the first page", "in the newest text"])
def test_a_file_whose_inside_is_damaged_is_moved_aside_at_the_start(path: Path, place: str) -> None:
    with Store.open(path) as store:
        _, reply = store.open_turn(store.create_conversation(title="Old").id, "a prompt")
        store.close_turn(reply.id, Status.COMPLETE, content="kept " * 20_000)
    content = bytearray(path.read_bytes())
    for start in range(4096, len(content), 4096):
        if place == "behind the first page" or b"kept kept" in content[start : start + 4096]:
            content[start : start + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    with Store.open(path) as store:
        [notice] = store.notices
        assert "was damaged" in notice
        assert store.conversations() == []
        assert store.create_conversation(title="new").title == "new"
    [aside] = path.parent.glob("*.damaged-*[0-9]")
    assert str(aside) in notice
    assert aside.read_bytes() == content


@posix_only
def test_the_file_is_made_private_and_not_only_later(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, int] = {}
    real = os.open

    def spy(file: str | Path, flags: int, mode: int = 0o777, **options: int) -> int:
        if flags & os.O_CREAT:
            made[Path(file).name] = mode
        return real(file, flags, mode, **options)

    monkeypatch.setattr(os, "open", spy)
    with umask(0):
        Store.open(path).close()
    assert made["conversations.db"] == 0o600
    assert set(made.values()) == {0o600}


def test_a_busy_file_is_tried_again_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gptalk_client.store.sqlite_errors.time.sleep", lambda seconds: None)
    tries = 0

    def work() -> int:
        nonlocal tries
        tries += 1
        if tries < 3 or is_always_busy:
            err = sqlite3.OperationalError("database is locked")
            err.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise err
        return tries

    is_always_busy = False
    assert patiently(work) == 3
    is_always_busy, tries = True, 0
    with pytest.raises(sqlite3.OperationalError):
        patiently(work)
    assert tries == BUSY_TRIES


@posix_only
def test_file_system_without_locks_is_named_where_sqlite_sees_a_busy_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    conversation_id = fill(path)
    monkeypatch.setattr("fcntl.flock", refuse)
    with Store.open(path) as store:
        assert "has no file locks" in store.notices[0]
        _, reply = store.open_turn(conversation_id, "more")
        assert store.close_turn(reply.id, Status.COMPLETE, content="yes").content == "yes"
    with monkeypatch.context() as during:
        sqlite = FailingSqlite(during)
        sqlite.begin(lambda _number, _sql: True, "busy")
        with pytest.raises(StoreError, match="has no file locks, which the database needs"):
            Store.open(path)
        assert sqlite.failed
