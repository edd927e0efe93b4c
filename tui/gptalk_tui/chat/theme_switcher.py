"""How the app looks: themes, tried while they are looked through, kept in the config file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError
from gptalk_tui.themes import PALETTE_OF, PALETTES

if TYPE_CHECKING:
    from gptalk_tui.chat.screen import ChatScreen


class Appearance:
    """Changes how the app looks.

    Args:
        screen: Where it is asked.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen

    def choose_theme(self) -> None:
        """Show the themes; each is tried while it has the highlight."""
        from gptalk_tui.dialogs.picker import PickerScreen
        from gptalk_tui.widgets.row_list import Row

        app, services = self._screen.app, self._screen.services
        if services is None:
            return
        if app.no_color:
            self._screen.say("NO_COLOR is set in the environment: no theme is used.")
            return
        before = app.theme

        def show(name: str) -> None:
            app.theme = name

        async def chosen(name: str | None) -> None:
            show(name or before)
            if name is None or name == services.settings.ui.theme:
                return
            settings = replace(services.settings, ui=replace(services.settings.ui, theme=name))
            try:
                await services.keep(settings, {"ui.theme": name})
            except GptalkError as err:
                self._screen.say(err.for_humans(), is_error=True)
            else:
                self._screen.say(f"The theme is {PALETTE_OF[name].title} from now on.")

        rows = [Row(palette.name, palette.title) for palette in PALETTES]
        picker = PickerScreen("Theme", rows, empty_text="No such theme", highlight=before, preview=show)
        app.push_screen(picker, chosen)
