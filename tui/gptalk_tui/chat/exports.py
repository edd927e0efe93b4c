"""Conversations written to files from the app, and the last one of them opened."""

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
    from gptalk_tui.chat.screen import ChatScreen


class Exports:
    """Asks where to write a conversation, and opens what was written.

    Args:
        screen: Whose conversation is written.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self.last: Path | None = None
        """The file that was written last."""

    def write(self) -> None:
        """Ask where to write the conversation, and write it."""
        from gptalk_tui.dialogs.export import ExportScreen

        screen = self._screen
        if screen.desk.conversation is not None and screen.services is not None:
            screen.app.push_screen(ExportScreen(screen.services, screen.desk.conversation), self._wrote)

    def _wrote(self, path: Path | None) -> None:
        if path is None:
            return
        self.last = path
        told = one_line(str(path), max_chars=400)
        self._screen.say(f"Wrote {told}\n{self._screen.keys.how('export.open')} opens it.")

    def open_last(self) -> None:
        """Show the file that was written last in the program that this computer has for it."""
        path = self.last
        if path is None:
            return
        told = one_line(str(path), max_chars=400)
        if not os.path.exists(path):
            self._screen.say(f"{told} is gone.", is_error=True)
            return
        loop = self._screen.app._loop

        def failed() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is there to be told
                if loop is not None:
                    loop.call_soon_threadsafe(self._cannot, told)

        try:
            open_file(path, failed)
        except OSError:
            self._cannot(told)

    def _cannot(self, told: str) -> None:
        self._screen.say(f"No program here opens {told}", is_error=True)


def open_file(path: Path, on_failure: Callable[[], None]) -> None:
    """Open a file in the program that the system has for it, without a shell and without the terminal.

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
