"""What can be undone: the newest changes first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError

if TYPE_CHECKING:
    from gptalk_tui.chat.host import Host
    from gptalk_tui.widgets.composer import Composer

OFFERED_S = 10.0
"""How long the notice with the undo key stays, in seconds; undo works later too."""

KEPT = 50
"""How many changes can be undone, one after the other."""


class Undo:
    """Undoes the newest change."""

    def __init__(self, host: Host, *, composer: Composer) -> None:
        self._host = host
        self._composer = composer
        self._changes: list[tuple[str, Callable[[], Awaitable[None]]]] = []

    @property
    def has_any(self) -> bool:
        """Whether anything can be undone."""
        return bool(self._changes)

    def offer(self, done: str, undone: str, take_back: Callable[[], Awaitable[None]]) -> None:
        """Say what was done and which key undoes it.

        Args:
            done: A sentence about what was done.
            undone: A sentence for when it has been undone.
            take_back: Undoes it; may raise GptalkError.
        """
        self._changes = [*self._changes, (undone, take_back)][-KEPT:]
        # In the composer the key undoes typing first.
        is_typing = self._composer.has_focus and self._composer.can_undo
        how = self._host.keys.how("app.undo", by_name=is_typing)
        self._host.say(f"{done} {how} undoes it.", timeout_s=OFFERED_S)

    async def run(self) -> None:
        """Undo the newest change."""
        if not self._changes:
            self._host.say("There is nothing to undo.")
            return
        undone, take_back = self._changes.pop()
        try:
            await take_back()
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
        else:
            self._host.say(undone)
