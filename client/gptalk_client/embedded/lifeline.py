"""How a child process notices that its parent has exited: its standard input ends.

The parent holds the other end of that pipe and never writes to it; however the parent ends, SIGKILL included, the
system closes it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from typing import Any

if sys.platform == "win32":
    OUT_OF_REACH: dict[str, Any] = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
else:
    OUT_OF_REACH: dict[str, Any] = {"start_new_session": True}
"""Options of `subprocess` for a child that Ctrl+C in the terminal does not reach: its parent ends it."""


def hold() -> None:
    """End this process at once, from a thread, when standard input ends."""
    threading.Thread(target=_watch, name="lifeline", daemon=True).start()


def _watch() -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os._exit(0)
