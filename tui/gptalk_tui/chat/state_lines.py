"""Header, status line and footer of the chat screen, kept up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from gptalk_tui.actions import footer_actions
from gptalk_tui.chat import status_bars
from gptalk_tui.chat.welcome import welcome_text
from gptalk_tui.terminal import gc_tuning
from gptalk_tui.widgets.bar import Bar
from gptalk_tui.widgets.listing import UNTITLED, title_of

if TYPE_CHECKING:
    from gptalk_tui.chat.screen import ChatScreen

LOW_SCREEN = 14
"""Up to this height, in lines, the status stands in the composer's border."""

SPINNER_S = 1 / 8


class StateLines:
    """Says what is open, what is under way and which keys there are.

    Args:
        screen: Whose lines they are.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._ticker: Timer | None = None

    @property
    def is_ticking(self) -> bool:
        """Whether the status line moves by itself, because a reply streams."""
        return self._ticker is not None

    def update(self) -> None:
        """Bring header, welcome, status line and footer up to date."""
        screen, desk = self._screen, self._screen.desk
        if not screen.query("#header"):
            return  # a late call, while the app closes
        conversation, services = desk.conversation, screen.services
        header, width = screen.query_one("#header", Bar), screen.size.width
        title = title_of(conversation) if conversation else UNTITLED
        header.left = status_bars.header_left(title, width, place=status_bars.place_of(conversation))
        provider = services.provider_for(desk.chosen) if services is not None else None
        model = services.model_of(desk.chosen) if services is not None else ""
        service = provider.service if provider is not None else ""
        header.right = status_bars.header_right(model, service, width)
        welcome = welcome_text(provider.name if provider is not None else "", service, model, screen.keys)
        screen.query_one("#welcome", Static).update(welcome)
        screen.query_one("#footer", Bar).left = self._footer(width)
        self.update_status()

    def _footer(self, width: int) -> Content:
        screen = self._screen
        if isinstance(screen.focused, Input) and screen.focused.id == "find":
            return status_bars.find_footer(width)
        return status_bars.footer(footer_actions(screen, screen.place), screen.keys, width)

    def update_status(self) -> None:
        """Bring the status line up to date."""
        screen, desk, transcript = self._screen, self._screen.desk, self._screen.transcript
        send, end = screen.keys.how("turn.send"), screen.keys.how("transcript.end")
        if desk.turn is not None:
            left = status_bars.turn_status(desk.turn)
        elif screen.cannot_open:
            left = status_bars.closed_status()
        elif screen.branches.edit is not None:
            left = status_bars.edit_status(send)
        else:
            left = status_bars.idle_status(
                transcript.last_entry, desk.returned, screen.composer.text, send=send
            )
        right = status_bars.place_status(
            is_following=transcript.is_following, has_new_text=transcript.has_new_text, end=end
        )
        bar = screen.query_one("#status", Bar)
        bar.left, bar.right = left, right
        is_low = screen.size.height <= LOW_SCREEN
        bar.display = not is_low
        screen.composer.border_subtitle = (right if right.plain else left) if is_low else ""

    def turn_started(self) -> None:
        """Show a running turn's state until all turns are over."""
        self.update()
        if self._ticker is None:
            self._ticker = self._screen.set_interval(SPINNER_S, self._tick)

    def pause(self) -> None:
        """Let the status line stand still, for a picture."""
        if self._ticker is not None:
            self._ticker.pause()

    def _tick(self) -> None:
        desk = self._screen.desk
        if not desk.turns and self._ticker is not None:
            self._ticker.stop()
            self._ticker = None
            gc_tuning.collect_now()
        if not desk.is_output_behind():
            self.update_status()
