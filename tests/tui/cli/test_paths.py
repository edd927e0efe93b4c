"""Paths that cannot be used end in a sentence, whatever is wrong with them."""

from __future__ import annotations

import errno
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command_line import Outcome, Run, run_process

USES = [
    ("export", "--all", "-o", "{}"),
    ("export", "--all", "--format", "json", "-o", "{}"),
    ("backup", "{}"),
    ("import", "{}"),
    ("serve", "--port", "0", "--model-file", "{}"),
    ("--data-dir", "{}", "list"),
    ("--data-dir", "{}", "export", "--all"),
    ("--data-dir", "{}", "import", os.devnull),
    ("--data-dir", "{}", "ask", "--continue", "x"),
]
CONFIGS = [
    ("--config", "{}", "list"),
    ("--config", "{}", "config", "check"),
    ("--config", "{}", "config", "show"),
    ("--config", "{}", "--provider", "local", "ask", "hi"),
]
DOCTORS = [("--data-dir", "{}", "doctor"), ("--config", "{}", "doctor")]


def assert_told(done: Outcome, *words: str) -> None:
    assert done.code in (1, 2), done
    assert "unexpectedly" not in done.err, done.err
    assert "Traceback" not in done.err, done.err
    told = done.err + done.out
    assert any(each in told for each in words), told


def with_path(use: tuple[str, ...], path: Path | str) -> list[str]:
    return [word.format(path) for word in use]


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody may look into."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    yield folder
    folder.chmod(0o700)


@pytest.mark.parametrize("use", [*USES, *CONFIGS, *DOCTORS], ids=" ".join)
def test_unknown_home_folder(run: Run, conversations: list[str], use: tuple[str, ...]) -> None:
    assert_told(
        run(*with_path(use, "~nobody-of-this-name/x")),
        "~nobody-of-this-name is not a home folder on this computer",
    )


@pytest.mark.parametrize("use", [*USES, *DOCTORS], ids=" ".join)
def test_name_too_long(run: Run, conversations: list[str], use: tuple[str, ...]) -> None:
    assert_told(run(*with_path(use, "x" * 300)), os.strerror(errno.ENAMETOOLONG))


@pytest.mark.parametrize("use", [*USES, *DOCTORS], ids=" ".join)
@pytest.mark.parametrize("name", ["x", "x/y"])
def test_inaccessible_folder(
    data: Path, closed: Path, conversations: list[str], use: tuple[str, ...], name: str
) -> None:
    assert_told(run_process(*with_path(use, closed / name)), os.strerror(errno.EACCES), "cannot be written")


def test_unknown_home_creates_no_folder(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(user: int) -> pwd.struct_passwd:
        raise KeyError(user)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "GPTALK_DATA_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    done = run("list")
    assert done.code == 2
    assert "Set HOME" in done.err
    assert list(tmp_path.iterdir()) == []
