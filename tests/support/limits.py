"""The command line under limits of processor time and memory, for input that was made to exhaust them."""

from __future__ import annotations

import os
import subprocess

from support.command_line import Outcome, command

_CPU_S = 20
"""Some twenty times what a run needs; what is quadratic here would need minutes at the least."""
_HANGS_S = 120.0


def run_limited(*arguments: str, memory_bytes: int = 1 << 30) -> Outcome:
    """Run the command line as a process that the system ends when it takes too much; it ends below 0 or above 1.

    Args:
        arguments: As a shell gives them.
        memory_bytes: Address space, of which the interpreter and its libraries take a part.
    """
    done = subprocess.run(
        [
            "sh",
            "-c",
            f'ulimit -t {_CPU_S} && ulimit -v {memory_bytes >> 10} && exec "$@"',
            "sh",
            *command(*arguments),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=dict(os.environ),
        timeout=_HANGS_S,
        check=False,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())
