"""What Windows lacks is not needed there, as far as another system can tell."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support import as_on_windows
from support.command_line import LIMIT_S

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a real Windows needs no stand-in")


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, str(as_on_windows.__file__), str(folder)]
    return subprocess.run(program, capture_output=True, text=True, timeout=LIMIT_S, check=False)


def test_every_module_imports_and_works_without_what_only_posix_has(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    count = re.search(r"^(\d+) modules$", done.stdout, re.MULTILINE)
    assert count is not None
    assert int(count[1]) > 150
    assert "gptalk-tui crashed" not in done.stderr


def test_doctor_says_what_it_cannot_promise_on_windows(tmp_path: Path) -> None:
    told = run(tmp_path).stdout
    assert re.search(r"^ok +data folder +Windows decides who can read it", told, re.MULTILINE)
    assert "chmod" not in told


def test_a_module_that_needs_posix_would_be_found(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import as_on_windows; as_on_windows.hide_posix()\n"
        "import gptalk_tui.terminal.driver"
    )
    support = Path(as_on_windows.__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", code, str(support)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode != 0
    assert "No module named 'termios'" in done.stderr
