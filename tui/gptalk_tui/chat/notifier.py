"""Notices while the terminal is not focused: a finished reply rings once and shows in the window's title."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gptalk_client.models import Message, Status
from gptalk_tui.terminal.escape_sequences import POP_TITLE, PUSH_TITLE, osc9, window_title
from gptalk_tui.widgets.listing import title_of

if TYPE_CHECKING:
    from gptalk_client.models import Conversation
    from gptalk_tui.chat.external_editor import ExternalEditor
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services


class Notifier:
    """Announces finished replies while the terminal is not focused."""

    def __init__(self, services: Services, host: Host, *, editor: ExternalEditor) -> None:
        self._services = services
        self._host = host
        self._editor = editor
        self._ended = 0
        """Replies that ended since the terminal lost the focus."""
        self._is_watching = False

    def wants(self, reply: Message) -> bool:
        """Whether to announce the end of a reply: nobody is looking, and nobody stopped it."""
        return (
            self._services.settings.ui.notify != "off"
            and not self._host.app.app_focus
            and not self._editor.is_open
            and reply.status is not Status.STOPPED
        )

    def notify(self, conversation: Conversation, reply: Message) -> None:
        """Announce the end of a reply: a bell or a desktop notification, once, and the window's title."""
        if not self.wants(reply):
            return
        self._watch()
        self._ended += 1
        state = "Reply" if reply.status is Status.COMPLETE else "Incomplete reply"
        words = f"{state}: {title_of(conversation)}"
        if self._ended == 1:
            self._host.write_to_terminal(PUSH_TITLE)
        self._host.write_to_terminal(
            window_title(f"● {words}" if self._ended == 1 else f"● {self._ended} replies ended")
        )
        if self._services.settings.ui.notify == "bell":
            self._host.app.bell()
        else:
            self._host.write_to_terminal(osc9(words, os.environ))

    def come_back(self) -> None:
        """Give the window its title back."""
        if self._ended:
            self._ended = 0
            self._host.write_to_terminal(POP_TITLE)

    def _watch(self) -> None:
        if not self._is_watching:
            self._is_watching = True
            app = self._host.app
            app.watch(app, "app_focus", self._focus_changed, init=False)

    def _focus_changed(self, has_focus: bool) -> None:
        if has_focus:
            self.come_back()
