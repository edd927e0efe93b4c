"""Keys that are typed faster than the app acts reach what the keys before them brought forward.

The toolkit hands every key to the widget that has the focus when the key arrives, and carries out actions later.
So of `Ctrl+F` and a word in one burst the word would go to the composer, and what is typed right behind Enter
would be wiped with the prompt that it sends. Here a key waits until all that the key before it set off is done.
Letters behind letters in a field do not wait: they change nothing but the field.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias

from textual import events
from textual.app import App, ScreenError
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Input, TextArea

Typed: TypeAlias = "events.Key | events.Paste"

LIMIT_S = 2.0
"""After this time a key waits no longer for what the one before it set off, in seconds."""

LOOK_AGAIN_S = 1 / 250
QUIET_ROUNDS = 2
"""What a key sets off may set off something itself: quiet is what was quiet so many times on end."""


class TypeAhead:
    """Hands keys and pastes on, in their order, each when the one before it has had its effect.

    Args:
        app: Whose keys they are.
        hand_on: Gives an event to the toolkit.
        is_busy: Whether something is under way that moves the focus or opens something else.
    """

    def __init__(
        self, app: App[Any], hand_on: Callable[[Typed], Awaitable[None]], is_busy: Callable[[], bool]
    ) -> None:
        self._app = app
        self._hand_on = hand_on
        self._is_busy = is_busy
        self._held: deque[Typed] = deque()
        self._is_settling = False
        self._is_text_only = False
        """All that was handed on since it was quiet went into a field."""
        self._until_s = 0.0
        self._quiet = 0
        self._seen: tuple[Screen[Any], DOMNode | None] | None = None
        self._give_up: asyncio.TimerHandle | None = None

    @property
    def is_settled(self) -> bool:
        """Whether every key has had its effect."""
        return not self._is_settling

    async def take(self, event: Typed) -> None:
        """Hand an event on now, or later; called in the app's own task."""
        if self._held or (self._is_settling and not self._follows(event)):
            self._held.append(event)
        elif not self._is_text(event) and self._is_busy():
            self._held.append(event)
            self._settle()
        else:
            await self._pass(event)

    async def _pass(self, event: Typed) -> None:
        is_first = not self._is_settling
        self._is_text_only = self._is_text(event)
        self._quiet = 0
        await self._hand_on(event)
        if is_first:
            self._settle()

    def _settle(self) -> None:
        self._is_settling = True
        self._until_s = time.monotonic() + LIMIT_S
        # A widget that goes away takes the callbacks that wait for it along.
        self._give_up = asyncio.get_running_loop().call_later(LIMIT_S, self._later, self._end)
        self._look_through()

    def _follows(self, event: Typed) -> bool:
        """Return whether an event may be handed on right behind what was handed on before."""
        return self._is_text_only and self._is_text(event)

    def _is_text(self, event: Typed) -> bool:
        if not isinstance(self._app.focused, Input | TextArea):
            return False
        return isinstance(event, events.Paste) or bool(event.is_printable and event.character)

    # Waiting

    def _look_through(self) -> None:
        """Wait behind all that the focused widget has to do, then its parent, up to the app."""
        if not self._is_settling:
            return
        try:
            screen = self._app.screen
        except ScreenError:
            self._later(self._end)
            return
        self._seen = (screen, screen.focused)
        self._climb(screen.focused or screen)

    def _climb(self, node: DOMNode) -> None:
        parent = self._app if isinstance(node, Screen) else node.parent
        step = partial(self._climb, parent) if parent is not None and node is not self._app else self._judge
        if not node.call_later(step):
            self._later(self._judge)  # it is closing

    async def _judge(self) -> None:
        if not self._is_settling:
            return
        if not self._is_quiet() and time.monotonic() < self._until_s:
            self._quiet = 0
            asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._later, self._look_through)
            return
        self._quiet += 1
        if self._quiet < QUIET_ROUNDS:
            self._look_through()
        else:
            await self._end()

    def _is_quiet(self) -> bool:
        try:
            screen = self._app.screen
        except ScreenError:
            return True
        return (
            self._seen == (screen, screen.focused)
            and not self._app.message_queue_size
            and not any(each.message_queue_size for each in screen.walk_children(with_self=True))
            and not self._is_busy()
        )

    async def _end(self) -> None:
        """Hand on what has waited."""
        self._is_settling = False
        if self._give_up is not None:
            self._give_up.cancel()
            self._give_up = None
        while self._held and (not self._is_settling or self._follows(self._held[0])):
            await self._pass(self._held.popleft())

    def _later(self, callback: Callable[[], object]) -> None:
        if self._app.is_running:
            self._app.call_later(callback)
