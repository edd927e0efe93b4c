"""The dialogs over the chat screen; each is loaded when it is first opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gptalk_client.text import one_line
from gptalk_tui.actions import ACTIONS, key_titles

if TYPE_CHECKING:
    from gptalk_tui.screens.chat import ChatScreen


class Dialogs:
    """Opens dialogs and does what they return.

    Args:
        screen: What they stand over.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen

    def export(self) -> None:
        """Ask where to write the conversation, and write it."""
        from gptalk_tui.screens.export import ExportScreen

        screen = self._screen
        if screen.desk.conversation is not None and screen.services is not None:
            screen.app.push_screen(ExportScreen(screen.services, screen.desk.conversation), self._exported)

    def _exported(self, path: Path | None) -> None:
        if path is not None:
            self._screen.say(f"Wrote {one_line(str(path), max_chars=400)}")

    def help(self) -> None:
        """Show keys and help."""
        from gptalk_tui.screens.help import HelpScreen

        self._screen.app.push_screen(HelpScreen())

    def palette(self) -> None:
        """Show all commands."""
        from gptalk_tui.screens.picker import PickerScreen
        from gptalk_tui.widgets.row_list import Row

        screen = self._screen
        rows = [
            Row(action.id, action.title, " ".join(key_titles(action.keys)[:1]))
            for action in ACTIONS
            if action.in_palette and action.available(screen)
        ]

        def chosen(action_id: str | None) -> None:
            if action_id:
                screen.run_worker(screen.action_do(action_id), group="command", description="command")

        screen.app.push_screen(PickerScreen("Commands", rows, empty_text="No such command"), chosen)

    async def offer_model(self) -> bool:
        """Ask whether to fetch the small model, and fetch it; return whether it is there."""
        from gptalk_tui.screens.pull import PullScreen

        screen = self._screen
        if screen.services is None:
            return False
        return await screen.app.push_screen_wait(PullScreen(screen.services.paths.models))
