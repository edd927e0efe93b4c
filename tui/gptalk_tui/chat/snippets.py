"""Snippets in the composer: a slash command puts a text there, and Tab walks its variables."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gptalk_tui.chat.slash import SLASH_COMMANDS

if TYPE_CHECKING:
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.widgets.composer import Composer


class Snippets:
    """The person's own texts, by name."""

    def __init__(self, services: Services, host: Host, *, composer: Composer) -> None:
        self._services = services
        self._host = host
        self._composer = composer
        self.texts: Mapping[str, str] = {}
        """By name, without the slash."""

    async def load(self) -> None:
        """Read the snippets, and say what is wrong with any."""
        from gptalk_client.snippets import load_snippets  # not needed before the first paint

        services = self._services
        self.texts, problems = await asyncio.to_thread(
            load_snippets, services.settings, services.paths, commands=SLASH_COMMANDS
        )
        for problem in problems:
            self._host.say(f"{problem}.", is_error=True)

    def insert(self, name: str, words: str = "") -> None:
        """Put a snippet into the composer, in place of its command; nothing is sent.

        Args:
            name: Its name.
            words: What followed the command: it fills the first variable, or is put below the text.
        """
        from gptalk_client.snippets import variables

        text = self.texts[name]
        places = variables(text)
        if words and places:
            start, end = places[0]
            text = text[:start] + words + text[end:]
            places = variables(text)
        elif words:
            text = f"{text}\n\n{words}"
        self._composer.fill_in(text, places)
        if len(places) > 1:
            self._host.say("Tab goes to the next {variable}, Shift+Tab back.")
