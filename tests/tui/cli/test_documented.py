"""The commands of docs/command-line.md do what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.command_line import LIMIT_S
from support.engines import OLLAMA, engine
from support.gptalk_server import threaded_gptalk_server
from support.raw_server import RawServer, threaded

PAGE = Path(__file__).parents[3] / "docs" / "command-line.md"
REPLY = "Like this:\n\n```python\ndef reverse_list(input_list):\n    return list(reversed(input_list))\n```\n"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the page is written for a POSIX shell")


def sections(mark: str) -> list[tuple[str, str]]:
    """Return each command below a mark, with what the page says that it prints."""
    text = PAGE.read_text("utf-8")
    found: list[tuple[str, str]] = []
    for block in re.findall(rf"<!-- {mark} -->\n```console\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, _, rest = part.partition("\n")
            if document := re.search(r"<<'(\w+)'$", first):
                body, end, rest = rest.partition(f"\n{document[1]}\n")
                first += f"\n{body}{end}"
            found.append((first, rest))
    return found


def fits(expected: str, printed: str) -> bool:
    """Return whether a text is what the page shows: `…` is anything, blanks count as one."""
    pattern = ".*".join(re.escape(" ".join(each.split())) for each in expected.split("…"))
    return (
        re.fullmatch(pattern.replace(r"\ .*", ".*").replace(r".*\ ", ".*"), " ".join(printed.split()))
        is not None
    )


def run_in_shell(line: str, folder: Path, **variables: str) -> tuple[int, str]:
    """Run a line as a person would; return exit code and all that was printed."""
    program = folder / "bin" / "gptalk-tui"
    if not program.exists():
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m gptalk_tui "$@"\n')
        program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=folder, env={**os.environ, "PATH": path, **variables}, timeout=LIMIT_S,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.decode()


def test_offline_commands_print_what_the_page_shows(tmp_path: Path) -> None:
    lines = sections("run")
    assert len(lines) > 20
    for line, expected in lines:
        code, printed = run_in_shell(line, tmp_path)
        assert code == 0, (line, printed)
        assert fits(expected, printed), (line, expected, printed)


def test_engine_commands_print_what_the_page_shows(tmp_path: Path) -> None:
    lines = sections("engine")
    assert len(lines) > 5
    with threaded(RawServer(engine(OLLAMA))) as server:
        for line, expected in lines:
            code, printed = run_in_shell(line, tmp_path, ENGINE=server.url + "/v1")
            assert code == 0, (line, printed)
            assert fits(expected, printed), (line, expected, printed)


@pytest.mark.skipif(shutil.which("git") is None, reason="an example pipes from git")
def test_prompts_on_the_page_work(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    with threaded_gptalk_server(reply=REPLY) as server:
        lines = [line for line, _ in sections("ask")]
        assert len(lines) > 4
        for line in lines:
            code, printed = run_in_shell(line, tmp_path, GPTALK_URL=server.url)
            assert code == 0, (line, printed)
        assert len(server.prompts) == sum("gptalk-tui ask" in line for line in lines)
    assert (tmp_path / "reverse.py").read_text() == REPLY.split("```")[1].removeprefix("python\n")
