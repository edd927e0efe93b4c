"""The README tells the truth."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from gptalk_client.config_file import read_file
from gptalk_tui.cli.main import COMMANDS
from gptalk_tui.keymap import KeyMap, readme_table
from gptalk_tui.widgets.composer import COMPOSER_KEYS
from support.readme import README as README_FILE
from support.readme import between

ROOT = README_FILE.parent
README = README_FILE.read_text("utf-8")


def test_the_key_table_is_the_action_table() -> None:
    assert between("keys") == readme_table()


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


def test_the_config_that_is_shown_is_good(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "config.toml"
    file.write_text(example, "utf-8")
    settings, problems = read_file(file)
    assert problems == []
    assert settings.keys
    assert KeyMap(settings.keys).complaints(COMPOSER_KEYS) == []
