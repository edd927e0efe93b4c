"""Type-ahead: keys typed faster than the app acts reach what the keys before them opened.

Textual 8.2 delivers a key to the widget that has the focus when the key arrives, and runs actions later
(compare Textualize/textual#1199). So after `Ctrl+F` and a word in one burst the word would go to the composer,
and text typed right after Enter would be cleared together with the prompt that was sent. Here a key waits until
everything that the previous key triggered is done. Consecutive letters in a field do not wait: they change
nothing but the field.
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
"""How long a key waits at most for the effects of the previous one, in seconds."""

POLL_S = 1 / 250
"""Time between two looks at an app that is not idle, in seconds."""

IDLE_PASSES = 2
"""Idle passes needed before input counts as settled: what a key triggers may itself trigger something."""


class TypeAhead:
    """Delivers keys and pastes in order, each once the previous one has had its effect.

    Args:
        app: The app that receives them.
        deliver: Passes an event to Textual.
        is_busy: Whether something is in progress that moves the focus or opens a screen.
    """

    def __init__(
        self, app: App[Any], deliver: Callable[[Typed], Awaitable[None]], is_busy: Callable[[], bool]
    ) -> None:
        self._app = app
        self._deliver = deliver
        self._is_busy = is_busy
        self._held: deque[Typed] = deque()
        self._is_settling = False
        self._is_text_only = False
        """Whether everything delivered since input last settled went into a field."""
        self._until_s = 0.0
        self._idle_passes = 0
        self._seen: tuple[Screen[Any], DOMNode | None] | None = None
        self._give_up: asyncio.TimerHandle | None = None

    @property
    def is_settled(self) -> bool:
        """Whether every key has had its effect."""
        return not self._is_settling

    async def take(self, event: Typed) -> None:
        """Deliver an event now or later. Call it in the app's own task."""
        if self._held or (self._is_settling and not self._follows(event)):
            self._held.append(event)
        elif not self._is_text(event) and self._is_busy():
            self._held.append(event)
            self._start_settling()
        else:
            await self._pass(event)

    async def _pass(self, event: Typed) -> None:
        is_first = not self._is_settling
        self._is_text_only = self._is_text(event)
        self._idle_passes = 0
        await self._deliver(event)
        if is_first:
            self._start_settling()

    def _start_settling(self) -> None:
        self._is_settling = True
        self._until_s = time.monotonic() + LIMIT_S
        # A widget that is removed drops its pending callbacks.
        self._give_up = asyncio.get_running_loop().call_later(LIMIT_S, self._later, self._end)
        self._start_pass()

    def _follows(self, event: Typed) -> bool:
        """Return whether an event may be delivered right after the previous one."""
        return self._is_text_only and self._is_text(event)

    def _is_text(self, event: Typed) -> bool:
        if not isinstance(self._app.focused, Input | TextArea):
            return False
        return isinstance(event, events.Paste) or bool(event.is_printable and event.character)

    # Waiting

    def _start_pass(self) -> None:
        """Wait for the focused widget to handle its messages, then its parent, up to the app."""
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
            self._later(self._judge)  # the node is closing

    async def _judge(self) -> None:
        if not self._is_settling:
            return
        if not self._is_idle() and time.monotonic() < self._until_s:
            self._idle_passes = 0
            asyncio.get_running_loop().call_later(POLL_S, self._later, self._start_pass)
            return
        self._idle_passes += 1
        if self._idle_passes < IDLE_PASSES:
            self._start_pass()
        else:
            await self._end()

    def _is_idle(self) -> bool:
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
        """Deliver what has waited."""
        self._is_settling = False
        if self._give_up is not None:
            self._give_up.cancel()
            self._give_up = None
        while self._held and (not self._is_settling or self._follows(self._held[0])):
            await self._pass(self._held.popleft())

    def _later(self, callback: Callable[[], object]) -> None:
        if self._app.is_running:
            self._app.call_later(callback)
