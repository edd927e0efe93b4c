"""The root of the command line: help, version, what is loaded, and opening the app without a terminal."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

import gptalk_client
from gptalk_tui.cli.main import COMMANDS, cli
from support.command_line import LIMIT_S, Run, command, run_process


def modules_after(*arguments: str) -> set[str]:
    """Return the top names of the modules that a run of the command line has loaded."""
    code = (
        "import sys; from gptalk_tui.cli.main import main; main(sys.argv[1:]);"
        "print('|'.join({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=LIMIT_S, check=True
    )
    return set(done.stderr.splitlines()[-1].split("|"))


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), *((name, "--help") for name in COMMANDS)])
def test_version_and_help_load_little(arguments: tuple[str, ...]) -> None:
    loaded = modules_after(*arguments)
    assert not loaded & {"textual", "rich", "httpx", "sqlite3", "markdown_it", "pygments", "asyncio"}


@pytest.mark.parametrize(
    "arguments", [("list",), ("search", "x"), ("config", "show"), ("export", "--all", "--format", "json")]
)
def test_commands_load_neither_textual_nor_rich_nor_httpx(arguments: tuple[str, ...]) -> None:
    assert not modules_after(*arguments) & {"textual", "rich", "httpx"}


def test_version(run: Run) -> None:
    done = run("--version")
    assert (done.code, done.out) == (0, f"gptalk-tui, version {gptalk_client.__version__}\n")


def test_every_command_has_help_and_the_global_options(run: Run) -> None:
    for name in COMMANDS:
        done = run(name, "--help")
        assert done.code == 0
        assert "--data-dir" in done.out, name
        assert done.err == ""


def paths(group: click.Group, *above: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command and sub-command."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*above, name)
        if isinstance(command, click.Group):
            yield from paths(command, *above, name)


@pytest.mark.parametrize("words", [*paths(cli)], ids=" ".join)
def test_every_help_shows_a_valid_example(run: Run, words: tuple[str, ...]) -> None:
    told = run(*words, "--help").out
    lines = [line.strip() for line in told.splitlines()[1:]]
    found = [line for line in lines if f"gptalk-tui {' '.join(words)}" in line]
    assert found
    for line in found:
        line = line.partition("$(")[2].partition(")")[0] or line
        part = next(each for each in re.split(r" [|>] |: +", line) if each.startswith("gptalk-tui "))
        command: click.Command = cli
        arguments = shlex.split(part)[1:]
        while isinstance(command, click.Group) and arguments:
            context = click.Context(command)
            _, child, arguments = command.resolve_command(context, arguments)
            assert child is not None
            command = child
        command.make_context(part, arguments)


def test_the_help_lists_every_command(run: Run) -> None:
    out = run("--help").out
    assert all(f"\n  {name} " in out for name in COMMANDS)
    assert all(cli.get_command(None, name) is not None for name in COMMANDS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["list", "--nonsense"], ["show"], ["--chat", "x", "--new"]]
)
def test_usage_errors_are_exit_2_on_standard_error(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err


@pytest.mark.parametrize("line", ["list -n 99999999999999999999", "search x -n 99999999999999999999"])
def test_number_out_of_range_is_a_usage_error(run: Run, line: str) -> None:
    done = run(*line.split())
    assert (done.code, done.out) == (2, "")
    assert "is not in the range" in done.err


def test_the_app_without_a_terminal_names_ask() -> None:
    done = run_process()
    assert (done.code, done.out) == (2, "")
    assert "gptalk-tui ask" in done.err


def test_unknown_settings_are_reported_and_ignored(
    run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("config") / "config.toml"
    file.write_text("[ui]\nthem = 'x'\n")
    done = run("config", "show", "--config", str(file))
    assert done.code == 0
    assert "did you mean ui.theme?" in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize(("term", "words"), [("dumb", "TERM=dumb"), ("", "TERM=")])
def test_the_app_on_a_dumb_terminal_names_ask(term: str, words: str) -> None:
    import pty

    leader, follower = pty.openpty()
    done = subprocess.run(
        command(), stdin=follower, stdout=follower, stderr=follower, env={**os.environ, "TERM": term},
        timeout=LIMIT_S, check=False,
    )  # fmt: skip
    told = os.read(leader, 10_000).decode()
    os.close(follower)
    os.close(leader)
    assert done.returncode == 2
    assert words in told
    assert "gptalk-tui ask" in told
