"""What is told while nobody looks: a reply that ended rings once and shows in the window's title."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gptalk_client.models import Message, Status
from gptalk_tui.terminal.escape_sequences import POP_TITLE, PUSH_TITLE, osc9, window_title
from gptalk_tui.widgets.listing import title_of

if TYPE_CHECKING:
    from gptalk_client.models import Conversation
    from gptalk_tui.chat.screen import ChatScreen


class Away:
    """Tells about ended replies while the terminal is not focused.

    Args:
        screen: Whose replies they are.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._ended = 0
        """Replies that ended since the person went away."""
        self._is_watching = False

    def wants(self, reply: Message) -> bool:
        """Whether the end of a reply is to be told: nobody looks, and nobody stopped it."""
        screen = self._screen
        how = screen.services.settings.ui.notify if screen.services is not None else "off"
        return (
            how != "off"
            and not screen.app.app_focus
            and not screen.writing.has_lent_terminal
            and reply.status is not Status.STOPPED
        )

    def tell(self, conversation: Conversation, reply: Message) -> None:
        """Tell that a reply ended: a bell or a notice on the desktop, once, and the window's title."""
        screen = self._screen
        if screen.services is None or not self.wants(reply):
            return
        self._watch()
        self._ended += 1
        state = "Reply" if reply.status is Status.COMPLETE else "No whole reply"
        words = f"{state}: {title_of(conversation)}"
        if self._ended == 1:
            self._write(PUSH_TITLE)
        self._write(window_title(f"● {words}" if self._ended == 1 else f"● {self._ended} replies ended"))
        if screen.services.settings.ui.notify == "bell":
            screen.app.bell()
        else:
            self._write(osc9(words, os.environ))

    def come_back(self) -> None:
        """Give the window its title back."""
        if self._ended:
            self._ended = 0
            self._write(POP_TITLE)

    def _watch(self) -> None:
        if not self._is_watching:
            self._is_watching = True
            self._screen.watch(self._screen.app, "app_focus", self._focus_changed, init=False)

    def _focus_changed(self, has_focus: bool) -> None:
        if has_focus:
            self.come_back()

    def _write(self, sequence: str) -> None:
        driver = self._screen.app._driver
        if driver is not None:
            driver.write(sequence)
