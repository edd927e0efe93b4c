"""Exporting conversations from the app, and opening the last export."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gptalk_client.text import one_line
from gptalk_tui.terminal.desktop import open_outside

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
        self._host.say(f"Wrote {told} · {self._host.keys.how('export.open')} opens it.")

    def open_last(self) -> None:
        """Open the newest export with the system's default program."""
        path = self.last
        if path is None:
            return
        told = one_line(str(path), max_chars=400)
        if not os.path.exists(path):
            self._host.say(f"{told} is gone.", is_error=True)
            return
        open_outside(str(path), lambda: self._cannot(told))

    def _cannot(self, told: str) -> None:
        self._host.say(f"No program is set up to open {told}", is_error=True)
