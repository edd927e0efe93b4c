"""Paths and numbers that nobody can mean: a sentence, never a crash."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest

from support.command_line import Run

LONG = "n" * 300
UNKNOWN = "~no-such-user/x"
COMMANDS = {
    "export": ["export", "--all", "-o", "PATH"],
    "export to a folder": ["export", "--all", "-o", "PATH/"],
    "export to one file": ["export", "--all", "--format", "json", "-o", "PATH"],
    "backup": ["backup", "PATH"],
    "import": ["import", "PATH"],
    "data folder": ["--data-dir", "PATH", "list"],
    "data folder of a turn": ["--data-dir", "PATH", "ask", "--continue", "x"],
    "config file": ["--config", "PATH", "config", "show"],
    "check of a config file": ["--config", "PATH", "config", "check"],
    "doctor": ["--data-dir", "PATH", "doctor"],
    "model file": ["serve", "--model-file", "PATH"],
}


@pytest.mark.usefixtures("conversations")
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("path", [LONG, UNKNOWN], ids=["too long a name", "an unknown home"])
def test_a_path_that_cannot_be(
    run: Run, tmp_path: Path, words: list[str], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*(each.replace("PATH", path) for each in words))
    assert done.code in (1, 2)
    assert path in done.out + done.err
    assert "unexpectedly" not in done.err
    assert list(tmp_path.iterdir()) == []


def test_where_no_home_is_known_no_folder_of_that_name_is_made(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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


@pytest.mark.parametrize("command", ["list", "search"])
def test_a_number_that_no_list_can_have(run: Run, command: str) -> None:
    done = run(command, "-n", "9" * 25, *(["x"] if command == "search" else []))
    assert done.code == 2
    assert "not in the range" in done.err
