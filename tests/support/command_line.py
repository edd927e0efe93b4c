"""The command line as tests use it: in this process, or as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from support.bounds import give_up_override

LIMIT_S = 30.0
"""After this many seconds a process is taken to hang."""


@dataclass(frozen=True)
class Outcome:
    """What a run left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]
"""Runs the command line in this process: arguments in, outcome out."""


def command(*arguments: str) -> list[str]:
    """Return the program with its arguments, for `subprocess`."""
    return [sys.executable, "-m", "gptalk_tui", *arguments]


def run_process(*arguments: str, stdin: str | None = None, **environment: str) -> Outcome:
    """Run the command line as a process that heeds the modes of files, also root's, and wait for its end.

    Args:
        arguments: As a shell gives them.
        stdin: Standard input; None is an empty one.
        environment: Variables beside the test's own.
    """
    done = subprocess.run(
        command(*arguments),
        input=(stdin or "").encode(),
        capture_output=True,
        env={**os.environ, **environment},
        timeout=LIMIT_S,
        preexec_fn=give_up_override(),
        check=False,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())
