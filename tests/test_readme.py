"""The README tells the truth."""

from __future__ import annotations

import re
import subprocess
import sys

from gptalk_tui.cli.main import COMMANDS
from gptalk_tui.keys import readme_table
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
