"""Every hint fits the command that gives it: it names an option or a command that there is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import gptalk_client
import gptalk_tui
from gptalk_client.errors import Remedy
from gptalk_tui.cli.hints import WAYS, way
from gptalk_tui.cli.main import cli
from support.command_line import Run

_OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
_LINE = re.compile(r"`gptalk-tui ([^`]+)`")


def commands(context: click.Context) -> Iterator[click.Context]:
    """Yield the program and all of its commands."""
    yield context
    group = context.command
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield from commands(click.Context(command, info_name=name, parent=context))


CONTEXTS = {each.command_path: each for each in commands(click.Context(cli, info_name="gptalk-tui"))}


def options_of(command: click.Command) -> set[str]:
    return {name for each in command.params for name in (*each.opts, *each.secondary_opts)}


@pytest.mark.parametrize("remedy", Remedy)
@pytest.mark.parametrize("path", CONTEXTS)
def test_hint_names_only_options_of_the_command(path: str, remedy: Remedy) -> None:
    command = CONTEXTS[path].command
    hint = _LINE.sub("", way(remedy, command))
    assert set(_OPTION.findall(hint)) - {"-o"} <= options_of(command)
    assert "-o " not in hint or "--option" in options_of(command)


@pytest.mark.parametrize("remedy", Remedy)
def test_there_is_a_command_that_has_the_option(remedy: Remedy) -> None:
    assert all(
        not option or any(option in options_of(each.command) for each in CONTEXTS.values())
        for option, _ in WAYS[remedy]
    )
    assert any(way(remedy, each.command) for each in CONTEXTS.values())


def named_lines() -> Iterator[tuple[str, str]]:
    """Yield the command lines that the sources' strings name, and where."""
    for package in (gptalk_client, gptalk_tui):
        for file in Path(str(package.__file__)).parent.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield from ((line, file.name) for line in _LINE.findall(node.value))


@pytest.mark.parametrize(("line", "file"), sorted(set(named_lines())))
def test_command_line_in_a_sentence_can_be_typed(line: str, file: str) -> None:
    path = "gptalk-tui"
    words = line.split()
    while words and f"{path} {words[0]}" in CONTEXTS:
        path = f"{path} {words.pop(0)}"
    assert path != "gptalk-tui" or not words or words[0].startswith("-"), (line, file)
    assert set(_OPTION.findall(" ".join(words))) <= options_of(CONTEXTS[path].command) | {"--help", "-h"}


def test_ask_names_the_config_file_for_a_model_that_is_not_there(run: Run, data: Path) -> None:
    done = run("ask", "hi", "--provider", "local")
    assert done.code != 0
    assert "--model-file" not in done.err


def test_serve_names_its_own_option_for_a_model_that_is_not_there(run: Run, tmp_path: Path) -> None:
    done = run("serve", "--model-file", str(tmp_path / "missing.gguf"))
    assert done.code != 0
    assert "--model-file names it." in done.err or "Reinstall" in done.err
