"""What can be taken back: a short memory of undone deeds, the newest first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError

if TYPE_CHECKING:
    from gptalk_tui.chat.screen import ChatScreen

OFFERED_S = 10.0
"""How long it is said that something can be taken back, in seconds; it can be taken back later too."""

KEPT = 50
"""How many deeds can be taken back, one after the other."""


class Undo:
    """Takes back what was done last.

    Args:
        screen: Where it is said.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._deeds: list[tuple[str, Callable[[], Awaitable[None]]]] = []

    @property
    def has_any(self) -> bool:
        """Whether anything can be taken back."""
        return bool(self._deeds)

    def offer(self, done: str, undone: str, take_back: Callable[[], Awaitable[None]]) -> None:
        """Say what was done and which key takes it back.

        Args:
            done: A sentence about what was done.
            undone: A sentence to say when it was taken back.
            take_back: Takes it back; may raise GptalkError.
        """
        self._deeds = [*self._deeds, (undone, take_back)][-KEPT:]
        screen = self._screen
        # In the composer the key takes back what was typed, as long as there is any of it.
        is_typing = screen.composer.has_focus and screen.composer.can_undo
        how = screen.keys.how("app.undo", by_name=is_typing)
        screen.say(f"{done} {how} brings it back.", timeout_s=OFFERED_S)

    async def run(self) -> None:
        """Take back what was done last."""
        if not self._deeds:
            self._screen.say("There is nothing to undo.")
            return
        undone, take_back = self._deeds.pop()
        try:
            await take_back()
        except GptalkError as err:
            self._screen.say(err.for_humans(), is_error=True)
        else:
            self._screen.say(undone)
