"""Choosing a theme: each is previewed while it is highlighted; the choice goes to the config file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError
from gptalk_tui.themes import PALETTE_OF, PALETTES

if TYPE_CHECKING:
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services


class ThemeSwitcher:
    """Changes the theme."""

    def __init__(self, services: Services, host: Host) -> None:
        self._services = services
        self._host = host

    def choose(self) -> None:
        """Show the themes; the highlighted one is previewed."""
        from gptalk_tui.dialogs.picker import PickerScreen
        from gptalk_tui.widgets.row_list import Row

        app, services = self._host.app, self._services
        if app.no_color:
            self._host.say("NO_COLOR is set, so themes are off.")
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
                self._host.say(err.for_humans(), is_error=True)
            else:
                self._host.say(f"Theme: {PALETTE_OF[name].title}.")

        rows = [Row(palette.name, palette.title) for palette in PALETTES]
        picker = PickerScreen("Theme", rows, empty_text="No such theme", highlight=before, preview=show)
        self._host.open_dialog(picker, chosen)
