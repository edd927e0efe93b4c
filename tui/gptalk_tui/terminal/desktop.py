"""Opening files and addresses with the system's own programs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable


def open_outside(target: str, on_failure: Callable[[], object]) -> None:
    """Open a file or an address with the system's default program, without a shell and without the terminal.

    Args:
        target: An absolute path, or an address of a kind that is safe to open.
        on_failure: Called in the running event loop if the system has no program for it.
    """
    try:
        if sys.platform == "win32":
            os.startfile(target)
        else:
            _run_opener(target, on_failure)
    except OSError:
        on_failure()


def _run_opener(target: str, on_failure: Callable[[], object]) -> None:
    opener = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if opener is None:
        raise FileNotFoundError("xdg-open")
    # A session of its own: no program can take our terminal, nor is it ended with us.
    process = subprocess.Popen(
        [opener, target],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    loop = asyncio.get_running_loop()

    def wait() -> None:
        if process.wait() != 0:
            with contextlib.suppress(RuntimeError):  # the app has ended
                loop.call_soon_threadsafe(on_failure)

    threading.Thread(target=wait, name="opener", daemon=True).start()
