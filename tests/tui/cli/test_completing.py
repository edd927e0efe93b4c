"""Shells complete conversations by their titles and ids, quickly, and whatever a title holds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gptalk_client.store.store import Store
from support.command_line import LIMIT_S, Run, run_process

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)

from support.terminal import CTRL_L, ENTER, TAB, Terminal

TITLES = {
    "Rust lifetimes": "Rust li",
    "It's mine": "It",
    "Commas, many: of them": "Com",
    "x $(touch pwned) `touch pwned` y": "x",
    "globs * here; touch pwned": "glo",
    "Ключи и замки": "Клю",
}
"""Titles, and what is typed of them."""

SHELLS = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config"],
}


@pytest.fixture
def titled(store: Store) -> dict[str, str]:
    """Return the ids of conversations by their titles."""
    return {title: store.create_conversation(title=title).id for title in TITLES}


def completed(words: str, number: int) -> list[str]:
    done = run_process(_GPTALK_TUI_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(number))
    assert done.code == 0
    return [line.removeprefix("plain,") for line in done.out.splitlines() if line]


@pytest.mark.parametrize("words", ["show", "rename", "rm", "export", "archive", "ask --chat", "--chat"])
def test_titles_and_ids_are_offered_where_a_conversation_is_named(words: str, titled: dict[str, str]) -> None:
    number = len(words.split()) + 1
    rust = titled["Rust lifetimes"]
    assert completed(f"gptalk-tui {words} ru", number) == ["Rust lifetimes"]
    assert rust[:8] in completed(f"gptalk-tui {words} {rust[:4]}", number)
    assert completed(f"gptalk-tui {words} {rust[:12]}", number) == [rust[:12]]
    assert sorted(completed(f"gptalk-tui {words} ", number)) == sorted(TITLES)


def test_tags_are_offered(titled: dict[str, str], store: Store) -> None:
    store.change_tags(titled["Rust lifetimes"], add=["work", "ideas"])
    assert completed("gptalk-tui list --tag w", 3) == ["work"]
    assert completed("gptalk-tui export --tag ", 3) == ["ideas", "work"]


def test_each_command_is_offered_what_it_can_take(titled: dict[str, str], store: Store) -> None:
    store.trash_conversation(titled["Rust lifetimes"])
    store.set_archived(titled["It's mine"], True)
    assert completed("gptalk-tui restore ", 2) == ["Rust lifetimes"]
    assert completed("gptalk-tui archive --undo ", 3) == ["It's mine"]
    assert "It's mine" not in completed("gptalk-tui archive ", 2)
    assert completed("gptalk-tui show ", 2)[-1] == "It's mine"


def test_a_title_that_would_not_name_its_conversation_is_offered_by_its_id(store: Store) -> None:
    for title in ("evil\x1b[2J\x07", "two\nlines", "", "--help", "back\\slash", "twin", "twin"):
        store.create_conversation(title=title)
    offered = completed("gptalk-tui show ", 2)
    assert sorted(offered) == sorted(each.id[:8] for each in store.conversations())
    shown = run_process(_GPTALK_TUI_COMPLETE="zsh_complete", COMP_WORDS="gptalk-tui show ", COMP_CWORD="2")
    assert not set(shown.out) & {"\x1b", "\x07"}
    assert len(shown.out.splitlines()) == 3 * len(offered)


def test_the_given_data_folder_is_looked_into_and_not_made(titled: dict[str, str], tmp_path: Path) -> None:
    assert titled
    assert completed(f"gptalk-tui --data-dir {tmp_path / 'none'} show ", 4) == []
    assert not (tmp_path / "none").exists()


def test_a_damaged_database_offers_nothing_and_stays_as_it_is(data: Path) -> None:
    data.mkdir()
    (data / "conversations.db").write_text("no database")
    assert completed("gptalk-tui show ", 2) == []
    assert (data / "conversations.db").read_text() == "no database"


def test_no_part_of_the_app_is_loaded(titled: dict[str, str]) -> None:
    assert titled
    code = (
        "import os, sys, gptalk_tui.__main__ as program\n"
        "os.environ |= {'_GPTALK_TUI_COMPLETE': 'bash_complete', 'COMP_CWORD': '2',"
        " 'COMP_WORDS': 'gptalk-tui show ru'}\n"
        "try:\n    program.main()\n"
        "finally:\n    print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    offered, loaded = done.stdout.splitlines()
    assert offered == "plain,Rust lifetimes"
    assert not set(loaded.split()) & {"textual", "rich", "httpx", "asyncio", "markdown_it", "pygments"}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_any_title_and_runs_nothing_of_it(
    run: Run, shell: str, titled: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable = shutil.which(shell)
    if executable is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "completion"
    start = "autoload -U compinit && compinit -u -D\n" if shell == "zsh" else ""
    script.write_text(start + run("completion", shell).out)
    program = tmp_path / "bin" / "gptalk-tui"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m gptalk_tui "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/local/bin:/usr/bin:/bin")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "globbed").touch()
    with Terminal([executable, *SHELLS[shell]], size=(120, 40), cwd=folder) as terminal:
        terminal.send(f". {script} && echo rea''dy", ENTER)
        terminal.wait_for("ready\n")
        for title, typed in TITLES.items():
            terminal.send("gptalk-tui show " + typed.replace(" ", "\\ "), TAB)
            terminal.send(ENTER)
            terminal.wait_for(titled[title])
            terminal.send(CTRL_L)
    assert [each.name for each in folder.iterdir()] == ["globbed"]
