"""The README tells the truth."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from gptalk_client.config_file import read_file
from gptalk_client.embedded import native
from gptalk_client.embedded.errors import WeightsMissingError
from gptalk_client.embedded.weights import SMOLLM2, in_megabytes, resolve
from gptalk_tui.cli.main import COMMANDS, cli
from gptalk_tui.keymap import KeyMap, markdown_table
from support.readme import KEY_PAGE, key_table
from support.readme import README as README_FILE

ROOT = README_FILE.parent
README = README_FILE.read_text("utf-8")
PAGE = ROOT / "docs" / "command-line.md"


def test_the_key_table_is_the_action_table() -> None:
    assert key_table() == markdown_table()


def test_the_readme_names_ten_rows_of_keys_that_are_there() -> None:
    (table,) = re.findall(r"## Ten keys\n\n\| key .*\n\|---.*\n((?:\|.*\n)+)", README)
    rows = table.splitlines()
    named = [key for row in rows for key in re.findall(r"`([^`]+)`", row)]
    there = set(re.findall(r"`([^`]+)`", key_table()))
    assert len(rows) == 10
    assert [key for key in named if key not in there] == []


def test_every_command_is_told() -> None:
    table = README[README.index("## The command line") :]
    assert [name for name in COMMANDS if f"`{name}" not in table] == []


def test_every_picture_is_there() -> None:
    pictures = re.findall(r"\]\((screenshots/[^)]+)\)", README)
    assert pictures
    assert [name for name in pictures if not (ROOT / name).is_file()] == []


def test_help_names_every_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gptalk_tui", "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    assert [name for name in COMMANDS if name not in done.stdout] == []


@pytest.mark.parametrize("page", [README_FILE, KEY_PAGE], ids=lambda page: page.name)
def test_the_config_that_is_shown_is_good(tmp_path: Path, page: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    file = tmp_path / "config.toml"
    keys: dict[str, str] = {}
    for example in examples:
        file.write_text(example, "utf-8")
        settings, problems = read_file(file)
        assert problems == []
        assert KeyMap(settings.keys).complaints() == []
        keys |= settings.keys
    assert keys


def test_the_model_has_one_size_everywhere() -> None:
    size = in_megabytes(SMOLLM2.size_bytes)
    told = {README_FILE: README, PAGE: PAGE.read_text("utf-8")}
    for file, text in told.items():
        assert re.findall(r"\((\d+ MB), |once \((\d+ MB)\)", text), file
        assert {"".join(each) for each in re.findall(r"\((\d+ MB), |once \((\d+ MB)\)", text)} == {size}
    with pytest.raises(WeightsMissingError) as caught:
        resolve(ROOT / "nowhere", None)
    assert f"({size})" in caught.value.for_humans()


def test_the_packages_that_hold_libgomp_are_those_that_the_program_names() -> None:
    for family in ("debian", "fedora", "suse", "arch", "alpine"):
        hint = native.cannot_load("libgomp.so.1: cannot open shared object file", [family]).hint
        assert f"`{hint.removeprefix('As root, run: ')}`" in README


def test_every_command_has_a_manual_page_with_its_options(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, str(ROOT / "tools" / "man_pages.py"), str(tmp_path)], check=True, timeout=60
    )
    for name in COMMANDS:
        page = (tmp_path / f"gptalk-tui-{name}.1").read_text("utf-8")
        context = click.Context(cli, info_name="gptalk-tui")
        command = cli.get_command(context, name)
        assert command is not None
        for option in command.params:
            for each in option.opts if isinstance(option, click.Option) else []:
                assert each.replace("-", "\\-") in page, (name, each)
    assert (tmp_path / "gptalk-tui-model-pull.1").is_file()
    if groff := shutil.which("groff"):
        done = subprocess.run(
            [groff, "-man", "-ww", "-Tutf8", "-z", *map(str, sorted(tmp_path.iterdir()))],
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert done.stderr == ""


def test_a_manual_page_shows_examples_as_they_are_typed(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, str(ROOT / "tools" / "man_pages.py"), str(tmp_path)], check=True, timeout=60
    )
    page = (tmp_path / "gptalk-tui-ask.1").read_text("utf-8")
    assert ".nf\n  gptalk\\-tui ask \\(aqWhy is the sky blue?\\(aq" in page
