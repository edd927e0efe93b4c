"""The README's lines install a program that runs, each in a home where nothing is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import gptalk_client
from support.readme import README, commands

ROOT = README.parent
LIMIT_S = 600.0
VERSION = f"gptalk-tui, version {gptalk_client.__version__}"

installs = pytest.mark.skipif(
    not os.environ.get("GPTALK_TEST_INSTALL"),
    reason="it installs from the package index: GPTALK_TEST_INSTALL=1 runs it",
)
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="the lines for a POSIX shell")


def run_lines(lines: list[str], home: Path) -> str:
    """Run lines in one shell, as a person would, and return all that was printed."""
    address = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Repository"]
    variables = {
        **os.environ,
        "HOME": str(home),
        # The address is a placeholder: git fetches from this repository instead.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{ROOT}.insteadOf",
        "GIT_CONFIG_VALUE_0": address,
        "PATH": f"{home}/.local/bin{os.pathsep}{os.environ['PATH']}",
    }
    for name in ("VIRTUAL_ENV", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        variables.pop(name, None)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(lines)], cwd=home, env=variables, timeout=LIMIT_S,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@installs
@posix_only
@pytest.mark.parametrize("tool", ["pipx", "uv"])
def test_a_clone_installs_the_program_and_its_manual(tool: str, tmp_path: Path) -> None:
    assert shutil.which(tool), f"{tool} is missing: install it, or leave GPTALK_TEST_INSTALL unset"
    lines = [*commands("install"), *commands(f"install-{tool}")]
    told = run_lines([*lines, "cd /", "gptalk-tui --version", "gptalk-tui list --json"], tmp_path)
    assert told.splitlines()[-2:] == [VERSION, "[]"]
    assert list(tmp_path.rglob("share/man/man1/gptalk-tui-ask.1"))


@installs
@posix_only
def test_the_line_that_tries_it_runs_in_a_clone(tmp_path: Path) -> None:
    (line,) = commands("run")
    # The app needs a terminal: the line is run with --version added.
    told = run_lines([*commands("install"), f"{line} --version"], tmp_path)
    assert told.splitlines()[-1] == VERSION


def test_the_lines_for_powershell_do_what_those_for_a_posix_shell_do() -> None:
    for mark in ("run", "tests"):
        (line,) = commands(mark)
        translated = [
            part.replace("python3", "python").replace("/bin/", "\\Scripts\\") for part in line.split(" && ")
        ]
        assert commands(f"{mark}-powershell") == translated


def test_the_address_to_clone_is_the_one_in_the_metadata() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]
    assert commands("install")[0] == f"git clone {urls['Repository']}"
    assert commands("install")[1] == f"cd {urls['Repository'].rpartition('/')[2].removesuffix('.git')}"
    assert all(url.startswith(urls["Repository"].removesuffix(".git")) for url in urls.values())
