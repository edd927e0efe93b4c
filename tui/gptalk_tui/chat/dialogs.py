"""The dialogs over the chat screen; each is loaded when it is first opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptalk_tui.actions import ACTIONS
from gptalk_tui.chat.exports import Exports

if TYPE_CHECKING:
    from gptalk_tui.chat.screen import ChatScreen


class Dialogs:
    """Opens dialogs and does what they return.

    Args:
        screen: What they stand over.
    """

    exports: Exports

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self.exports = Exports(screen)

    def help(self) -> None:
        """Show keys and help."""
        from gptalk_tui.dialogs.help import HelpScreen

        self._screen.app.push_screen(HelpScreen(self._screen.keys, self._screen.place))

    def palette(self) -> None:
        """Show all commands."""
        from gptalk_tui.dialogs.picker import PickerScreen
        from gptalk_tui.widgets.row_list import Row

        screen = self._screen
        rows = [
            Row(action.id, action.title, screen.keys.first(action.id))
            for action in ACTIONS
            if action.in_palette and action.available(screen)
        ]

        def chosen(action_id: str | None) -> None:
            if action_id:
                screen.run_worker(screen.command(action_id), group="command", description="command")

        screen.app.push_screen(PickerScreen("Commands", rows, empty_text="No such command"), chosen)

    async def offer_model(self) -> bool:
        """Ask whether to fetch the small model, and fetch it; return whether it is there."""
        from gptalk_tui.dialogs.model_download import PullScreen

        screen = self._screen
        if screen.services is None:
            return False
        return await screen.app.push_screen_wait(PullScreen(screen.services.paths.models))
