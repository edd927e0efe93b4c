"""Earlier prompts: walked with Up and Down, searched with Ctrl+R; what was typed is kept."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError
from gptalk_client.text import one_line, visible

if TYPE_CHECKING:
    from gptalk_client.models import Message
    from gptalk_tui.chat.screen import ChatScreen
    from gptalk_tui.widgets.row_list import Row

PAGE = 50
"""How many prompts are read at a time."""

MAX_ASIDE = 20
QUIT_HINT_S = 2.0
"""Within this time a second Ctrl+C on an empty composer tells how to quit, in seconds."""


class Prompts:
    """What was written before, and what was put aside.

    Args:
        screen: Whose composer it fills.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._aside: list[str] = []
        """Texts that were put aside, newest first."""
        self._aside_in: int | None = None
        """The opening in which the newest of them was; None once it is back, or kept as a draft."""
        self._typed = ""
        self._shown: str | None = None
        """The earlier prompt that stands in the composer; None while it holds what was typed."""
        self._at = -1
        self._found: list[str] = []
        self._last_id: str | None = None
        self._is_all = False
        self._pressed_s = float("-inf")

    # Up and Down

    async def step(self, by: int) -> None:
        """Show the prompt before (-1) or after (1) the one that is shown; after the last one, what was typed."""
        composer = self._screen.composer
        if self._shown is None or composer.text != self._shown:
            self._begin(composer.text)
        at = self._at - by
        if at < -1:
            return
        while at >= len(self._found) and not self._is_all:
            await self._read_more()
        if at >= len(self._found):
            return
        self._at = at
        self._aside_in = None
        composer.set_text(self._found[at] if at >= 0 else self._typed, at_start=by < 0)
        self._shown = composer.text if at >= 0 else None

    def _begin(self, typed: str) -> None:
        self._typed, self._shown, self._at = typed, None, -1
        self._found = [text for text in self._aside if text != typed]
        self._last_id, self._is_all = None, False

    async def _read_more(self) -> None:
        services, before = self._screen.services, self._last_id
        found: list[Message] = []
        if services is not None:
            try:
                found = await services.store.run(lambda store: store.prompts(limit=PAGE, before=before))
            except GptalkError as err:
                self._screen.say(err.for_humans(), is_error=True)
        self._is_all = len(found) < PAGE
        if found:
            self._last_id = found[-1].id
        for prompt in found:
            text = visible(prompt.content)
            if text not in self._found and text != self._typed:
                self._found.append(text)

    # Ctrl+R

    def search(self) -> None:
        """Open the search in earlier prompts."""
        from gptalk_tui.dialogs.picker import PickerScreen

        picker = PickerScreen("Earlier prompts", [], empty_text="No such prompt", find=self._rows)
        self._screen.app.push_screen(picker, self._chosen)

    async def _rows(self, words: str) -> list[Row]:
        from gptalk_tui.widgets.listing import age_of
        from gptalk_tui.widgets.row_list import Row

        services = self._screen.services
        if services is None:
            return []
        now = datetime.now().astimezone()
        found = await services.store.run(lambda store: store.prompts(filter=words, limit=200))
        return [
            Row(
                prompt.id,
                one_line(prompt.content, max_chars=300),
                age_of(datetime.fromtimestamp(prompt.created_at_ms / 1000, now.tzinfo), now),
            )
            for prompt in found
        ]

    async def _chosen(self, prompt_id: str | None) -> None:
        services = self._screen.services
        if prompt_id is None or services is None:
            return
        try:
            prompt = await services.store.run(lambda store: store.message(prompt_id))
        except GptalkError as err:
            self._screen.say(err.for_humans(), is_error=True)
            return
        self._screen.composer.replace_text(prompt.content)
        self._screen.composer.focus()

    # Ctrl+C

    def interrupt(self) -> None:
        """Copy the selection, else stop the reply, else put the composer's text aside; never quit."""
        screen, composer = self._screen, self._screen.composer
        selected = composer.selection_text if composer.has_focus else ""
        if selected:
            screen.reading.copy(selected, "the selection")
        elif screen.reading.copy_selection():
            pass
        elif screen.is_replying:
            screen.desk.stop()
        elif composer.text.strip():
            self.put_aside()
        else:
            now = time.monotonic()
            if now - self._pressed_s < QUIT_HINT_S:
                screen.say(f"{screen.keys.how('app.quit')} quits.")
            self._pressed_s = now

    def put_aside(self) -> None:
        """Empty the composer; Ctrl+Z or Up brings its text back."""
        composer = self._screen.composer
        self.remember(composer.text)
        self._aside_in = self._screen.desk.opened
        self._shown = None
        composer.replace_text("")
        composer.focus()
        self._screen.say("Put aside. Ctrl+Z or Up brings it back.")

    def remember(self, text: str) -> None:
        """Let Up bring a text back."""
        self._aside = [text, *(each for each in self._aside if each != text)][:MAX_ASIDE]

    def aside_of(self, opened: int) -> str:
        """Return what was put aside last in what lies open; empty if it is back."""
        return self._aside[0] if self._aside_in == opened and self._aside else ""

    def forget_aside(self) -> None:
        """What was put aside is a draft now."""
        self._aside_in = None
