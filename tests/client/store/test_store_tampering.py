"""What others may have put into the data folder: refused or told, and nothing of theirs is touched."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from gptalk_client.errors import StoreError
from gptalk_client.store.store import Store
from support.command_line import run_process

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links, pipes and owners as POSIX has them")
needs_chown = pytest.mark.skipif(
    os.name == "posix" and os.geteuid() != 0, reason="only root can give a file to another user"
)
_NOBODY = 65534


@pytest.fixture
def folder(path: Path) -> Path:
    path.parent.mkdir(mode=0o700)
    return path.parent


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("side", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("read_only", [False, True])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(
    folder: Path, path: Path, side: str, read_only: bool
) -> None:
    os.mkfifo(f"{path}{side}")
    with pytest.raises(StoreError, match="it is a named pipe, not a file"):
        Store.open(path, read_only=read_only)
    assert [each.name for each in folder.iterdir()] == [f"conversations.db{side}"]


@pytest.mark.parametrize("words", ["list", "doctor --provider local"])
def test_the_command_line_does_not_wait_for_a_pipe_either(folder: Path, path: Path, words: str) -> None:
    os.mkfifo(path)
    done = run_process(*words.split(), "--data-dir", str(folder))
    assert done.code == 1
    assert "it is a named pipe, not a file" in done.out + done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("side", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("is_new", [False, True])
def test_a_link_beside_the_database_is_not_written_through(
    folder: Path, path: Path, tmp_path: Path, side: str, is_new: bool
) -> None:
    if not is_new:
        Store.open(path).close()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    Path(f"{path}{side}").symlink_to(victim)
    with pytest.raises(StoreError, match="it is a link, not a file"):
        Store.open(path)
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("is_truncated_database", [False, True])
def test_a_planted_link_is_moved_aside_and_what_it_leads_to_stays_as_it_is(
    folder: Path, path: Path, tmp_path: Path, is_truncated_database: bool
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    victim = elsewhere / "letter.txt"
    if is_truncated_database:
        with Store.open(tmp_path / "other" / "c.db") as other:
            other.create_conversation(title="x" * 9000)
        shutil.copyfile(other.path, victim)
        os.truncate(victim, victim.stat().st_size // 2)
    else:
        victim.write_text("Dear Anna, " * 100)
        victim.chmod(0o644)
        Path(f"{victim}-wal").write_text("mine as well")
    before = {each.name: each.read_bytes() for each in elsewhere.iterdir()}
    path.symlink_to(victim)
    with Store.open(path) as store:
        store.create_conversation(title="new")
        (notice,) = store.notices
    assert {each.name: each.read_bytes() for each in elsewhere.iterdir() if each.is_file()} == before
    assert is_truncated_database or mode(victim) == 0o644
    assert not path.is_symlink()
    (aside,) = folder.glob("*.damaged-*")
    assert aside.readlink() == victim
    assert str(aside) in notice
    assert "left alone" in notice
    with Store.open(path) as store:
        assert (store.notices, [each.title for each in store.conversations()]) == ([], ["new"])


@pytest.mark.parametrize("open_mode", [0o770, 0o777, 0o1777, 0o703])
def test_a_folder_writable_by_others_is_reported_with_the_command_to_fix_it(
    folder: Path, path: Path, open_mode: int
) -> None:
    folder.chmod(open_mode)
    with Store.open(path) as store:
        (notice,) = store.notices
    assert f"`chmod 700 {folder}`" in notice
    folder.chmod(0o700)
    with Store.open(path) as store:
        assert store.notices == []


def test_a_folder_that_others_can_only_read_is_fine(folder: Path, path: Path) -> None:
    folder.chmod(0o755)
    with Store.open(path) as store:
        assert store.notices == []


@needs_chown
@pytest.mark.parametrize("name", ["", "conversations.db", "conversations.db-wal"])
def test_files_of_another_user_are_reported(folder: Path, path: Path, name: str) -> None:
    Store.open(path).close()
    (folder / "conversations.db-wal").touch()
    os.chown(folder / name, _NOBODY, _NOBODY)
    with Store.open(path) as store:
        assert any("belongs to another user" in each and str(folder / name) in each for each in store.notices)
        assert store.create_conversation(title="works").title == "works"
