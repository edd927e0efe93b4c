"""Files of earlier formats: brought up to date in one step, after a backup, however often it is interrupted."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gptalk_client import __version__
from gptalk_client.store.migrations import MIGRATIONS, SCHEMA_VERSION, migrate
from gptalk_client.store.store import Store
from support.old_stores import OLD_FORMATS, write_old_store

CONVERSATION = "c0000000000000000000000000000001"
TESTS = Path(__file__).parents[2]


def schema_of(path: Path) -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(path)) as con:
        rows = con.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
        ).fetchall()
    return [(name, "".join(sql.split())) for name, sql in rows]


def test_every_earlier_format_has_a_file_to_test() -> None:
    assert list(OLD_FORMATS) == list(range(1, SCHEMA_VERSION))


@pytest.mark.parametrize("version", OLD_FORMATS)
def test_old_file_keeps_its_conversations_and_can_do_all_that_a_new_one_can(path: Path, version: int) -> None:
    write_old_store(path, version)
    with Store.open(path) as store:
        assert [each.content for each in store.branch_messages(CONVERSATION)] == ["Привет", "an old reply"]
        assert [hit.role for hit in store.search("елки")] == ["title"]
        assert [hit.role for hit in store.search("ПРИВЕТ")] == ["user"]
        old = store.branch(CONVERSATION)[-1]
        assert (old.provider, old.finish_reason, old.reasoning_chars, old.usage) == ("", "", 0, None)
        assert store.reasoning(old.id) == ""
        assert store.change_tags(CONVERSATION, add=["old"]).tags == ("old",)
        assert store.open_turn(CONVERSATION, "and now")[0].parent_id == "a0000000000000000000000000000002"
        assert store.queued(CONVERSATION) == []
        assert store.integrity() == []


@pytest.mark.parametrize("version", OLD_FORMATS)
def test_old_file_ends_up_with_the_schema_of_a_new_one(path: Path, tmp_path: Path, version: int) -> None:
    write_old_store(path, version)
    Store.open(path).close()
    Store.open(tmp_path / "new.db").close()
    assert schema_of(path) == schema_of(tmp_path / "new.db")


@pytest.mark.parametrize("version", OLD_FORMATS)
def test_backup_before_a_migration_is_private_whole_and_reported(path: Path, version: int) -> None:
    write_old_store(path, version)
    with Store.open(path) as store:
        [notice] = store.notices
    [backup] = [each for each in path.parent.iterdir() if f".format-{version}-" in each.name]
    assert str(backup) in notice
    assert os.name != "posix" or backup.stat().st_mode & 0o077 == 0
    with contextlib.closing(sqlite3.connect(backup)) as con:
        assert con.execute("PRAGMA user_version").fetchone() == (version,)
        assert con.execute("SELECT content FROM message_text").fetchall() == [("Привет",), ("an old reply",)]


@pytest.mark.parametrize("version", OLD_FORMATS)
def test_backup_before_a_migration_includes_the_write_ahead_log(path: Path, version: int) -> None:
    write_old_store(path, version)
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE message_text SET content = 'in the log alone' WHERE seq = 2")
        other.commit()
        assert b"in the log alone" not in path.read_bytes()
        with Store.open(path) as store:
            assert store.branch_messages(CONVERSATION)[1].content == "in the log alone"
    [backup] = [each for each in path.parent.iterdir() if f".format-{version}-" in each.name]
    with contextlib.closing(sqlite3.connect(backup)) as con:
        assert con.execute("PRAGMA user_version").fetchone() == (version,)
        assert con.execute("SELECT content FROM message_text WHERE seq = 2").fetchone() == (
            "in the log alone",
        )


@pytest.mark.parametrize("version", OLD_FORMATS)
def test_old_file_is_read_without_being_changed(path: Path, version: int) -> None:
    write_old_store(path, version)
    before = path.read_bytes()
    with Store.open(path, read_only=True) as store:
        assert len(store.branch(CONVERSATION)) == 2
        assert store.read_only
    assert path.read_bytes() == before
    assert not [each for each in path.parent.iterdir() if "format" in each.name]


def test_file_up_to_date_is_not_backed_up(path: Path) -> None:
    Store.open(path).close()
    with Store.open(path) as store:
        assert store.notices == []
    assert {each.name for each in path.parent.iterdir()} == {path.name, "locks"}


def test_file_says_which_version_wrote_it(path: Path) -> None:
    Store.open(path).close()
    with contextlib.closing(sqlite3.connect(path)) as con:
        rows = con.execute("SELECT schema_version, program_version FROM written_by").fetchall()
    assert rows == [(number, __version__) for number in range(1, SCHEMA_VERSION + 1)]


def test_step_that_fails_takes_the_earlier_steps_back(path: Path) -> None:
    def broken(con: sqlite3.Connection) -> None:
        con.execute("CREATE TABLE half (way INTEGER)")
        con.execute("INSERT INTO nowhere VALUES (1)")

    write_old_store(path, 1)
    before = schema_of(path)
    steps = [*MIGRATIONS, type(MIGRATIONS[0])("broken", broken)]
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as con:
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            migrate(con, steps)
        assert con.execute("PRAGMA user_version").fetchone() == (1,)
    assert schema_of(path) == before


def test_migration_killed_at_each_statement_loses_nothing(path: Path) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    write_old_store(path, 1)
    done = subprocess.run(
        [sys.executable, str(TESTS / "support" / "kill_migration.py"), str(path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    statements, versions = done.stdout.split()
    assert int(statements) > 15
    assert versions == f"1,{SCHEMA_VERSION}"
