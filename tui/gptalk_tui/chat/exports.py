"""Exporting conversations from the app, and opening the last export."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gptalk_client.text import one_line

if TYPE_CHECKING:
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session


class Exports:
    """Asks where to export the open conversation to, and opens what was written."""

    def __init__(self, session: Session, services: Services, host: Host) -> None:
        self._session = session
        self._services = services
        self._host = host
        self.last: Path | None = None
        """The newest export."""

    def write(self) -> None:
        """Ask where to export the conversation to, and write it."""
        from gptalk_tui.dialogs.export import ExportScreen

        if self._session.conversation is not None:
            dialog = ExportScreen(self._services.store, self._session.conversation)
            self._host.open_dialog(dialog, self._wrote)

    def _wrote(self, path: Path | None) -> None:
        if path is None:
            return
        self.last = path
        told = one_line(str(path), max_chars=400)
        self._host.say(f"Wrote {told}\n{self._host.keys.how('export.open')} opens it.")

    def open_last(self) -> None:
        """Open the newest export with the system's default program."""
        path = self.last
        if path is None:
            return
        told = one_line(str(path), max_chars=400)
        if not os.path.exists(path):
            self._host.say(f"{told} is gone.", is_error=True)
            return
        loop = self._host.app._loop

        def failed() -> None:
            with contextlib.suppress(RuntimeError):  # the app has ended
                if loop is not None:
                    loop.call_soon_threadsafe(self._cannot, told)

        try:
            open_file(path, failed)
        except OSError:
            self._cannot(told)

    def _cannot(self, told: str) -> None:
        self._host.say(f"No program is set up to open {told}", is_error=True)


def open_file(path: Path, on_failure: Callable[[], None]) -> None:
    """Open a file with the system's default program, without a shell and without the terminal.

    Args:
        path: An absolute path.
        on_failure: Called from another thread if the system finds no program for it.

    Raises:
        OSError: The system has no way to open files.
    """
    if sys.platform == "win32":
        os.startfile(path)
        return
    opener = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if opener is None:
        raise FileNotFoundError("xdg-open")
    # A session of its own: no program can take our terminal, nor is it ended with us.
    process = subprocess.Popen(
        [opener, str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def wait() -> None:
        if process.wait() != 0:
            on_failure()

    threading.Thread(target=wait, name="opener", daemon=True).start()
