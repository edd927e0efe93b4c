"""Exports and backups as files: private, whole, where they were meant to go, and over nothing else."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gptalk_client import files
from gptalk_client.errors import StoreError, TranscriptError
from gptalk_client.store.store import Store
from gptalk_client.transcripts.files import write_file
from support.command_line import LIMIT_S

posix_only = pytest.mark.skipif(os.name != "posix", reason="modes, links and pipes as POSIX has them")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def export_to(path: Path, *, force: bool) -> None:
    write_file(path, ["new"], force=force)


def back_up_to(path: Path, *, force: bool) -> None:
    with Store.open(path.parent / "store" / "conversations.db") as store:
        store.backup(path, replace=force)


WRITERS = pytest.mark.parametrize(
    ("write", "error"), [(export_to, TranscriptError), (back_up_to, StoreError)], ids=["export", "backup"]
)
Writer = Callable[..., None]


@posix_only
@WRITERS
@pytest.mark.parametrize("mask", [0, 0o022, 0o277])
def test_a_new_file_is_private_whatever_the_umask(
    tmp_path: Path, write: Writer, error: type[Exception], mask: int
) -> None:
    before = os.umask(mask)
    try:
        write(tmp_path / "out", force=False)
    finally:
        os.umask(before)
    assert mode(tmp_path / "out") == 0o600


@posix_only
@pytest.mark.parametrize(
    ("write", "kept"), [(export_to, 0o640), (back_up_to, 0o600)], ids=["export", "backup"]
)
def test_a_replaced_export_keeps_its_mode_and_a_backup_is_private(
    tmp_path: Path, write: Writer, kept: int
) -> None:
    target = tmp_path / "out"
    target.write_text("old")
    target.chmod(0o640)
    write(target, force=True)
    assert target.read_bytes() != b"old"
    assert mode(target) == kept


@posix_only
@WRITERS
def test_a_link_stays_and_the_file_behind_it_is_replaced(
    tmp_path: Path, write: Writer, error: type[Exception]
) -> None:
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / "real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    with pytest.raises(error, match="already"):
        write(link, force=False)
    assert real.read_text() == "old"
    write(link, force=True)
    assert link.is_symlink()
    assert real.read_bytes() != b"old"
    assert [each.name for each in real.parent.iterdir()] == ["real"]


@WRITERS
def test_a_file_that_appears_in_the_meantime_is_not_replaced(
    tmp_path: Path, write: Writer, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out"
    fsync = os.fsync

    def appear(descriptor: int) -> None:
        fsync(descriptor)
        target.write_text("another's")

    monkeypatch.setattr(files.os, "fsync", appear)
    with pytest.raises(error, match="already"):
        write(target, force=False)
    assert target.read_text() == "another's"
    assert not list(tmp_path.glob(".*"))


def test_a_text_that_breaks_off_leaves_the_older_file(tmp_path: Path) -> None:
    def broken() -> Iterator[str]:
        yield "half"
        raise StoreError("The disk is gone.")

    target = tmp_path / "out"
    target.write_text("old")
    with pytest.raises(StoreError):
        write_file(target, broken(), force=True)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("out", "old")]


@posix_only
@pytest.mark.parametrize("force", [False, True])
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path, force: bool) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(TranscriptError, match="nobody reads"):
        write_file(pipe, ["lost"], force=force)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(pipe, ["told"], force=force)
        assert os.read(reader, 100) == b"told"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@posix_only
def test_a_pipe_whose_reader_is_slow_gets_all_of_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    writer = threading.Thread(target=write_file, args=(pipe, ["x" * 100_000] * 10))
    writer.start()
    assert select.select([reader], [], [], LIMIT_S)[0]
    os.set_blocking(reader, True)
    told = 0
    while part := os.read(reader, 1 << 16):
        told += len(part)
        if told == 1_000_000:
            break
    os.close(reader)
    writer.join(LIMIT_S)
    assert told == 1_000_000


@posix_only
def test_a_device_is_written_to_and_stays_a_device(tmp_path: Path) -> None:
    write_file(Path(os.devnull), ["gone"], force=True)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    code = (
        "from pathlib import Path; from gptalk_client.transcripts.files import write_file;"
        "write_file(Path('/dev/stdout'), ['told'], force=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=LIMIT_S, check=False, cwd=tmp_path
    )
    assert (done.stdout, done.stderr, done.returncode) == (b"told", b"", 0)


@posix_only
@WRITERS
def test_anything_but_a_file_is_refused(tmp_path: Path, write: Writer, error: type[Exception]) -> None:
    folder, server = tmp_path / "folder", tmp_path / "server"
    folder.mkdir()
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as bound:
        bound.bind(str(server))
        for path, words in ((folder, "it is a folder"), (server, "it is a socket")):
            with pytest.raises(error, match=words):
                write(path, force=True)
        assert stat.S_ISSOCK(server.stat().st_mode)


@posix_only
def test_a_backup_into_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StoreError, match="it is a named pipe"):
        back_up_to(tmp_path / "pipe", force=True)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
