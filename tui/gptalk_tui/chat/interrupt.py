"""Ctrl+C: copy, stop or clear, whatever is there to interrupt; never quit."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.navigation import Navigation
    from gptalk_tui.chat.prompt_history import PromptHistory
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.turn_runner import TurnRunner
    from gptalk_tui.widgets.composer import Composer

QUIT_HINT_S = 2.0
"""Within this time, in seconds, a second Ctrl+C on an empty composer says how to quit."""


class Interrupt:
    """Does what Ctrl+C means where the person is."""

    def __init__(
        self,
        session: Session,
        host: Host,
        *,
        composer: Composer,
        navigation: Navigation,
        runner: TurnRunner,
        history: PromptHistory,
    ) -> None:
        self._session = session
        self._host = host
        self._composer = composer
        self._navigation = navigation
        self._runner = runner
        self._history = history
        self._pressed_s = float("-inf")

    def run(self) -> None:
        """Copy the selection, else stop the reply, else clear the composer."""
        composer = self._composer
        selected = composer.selection_text if composer.has_focus else ""
        if selected:
            self._navigation.copy(selected, "the selection")
        elif self._navigation.copy_selection():
            pass
        elif self._session.is_replying:
            self._runner.stop()
        elif composer.text.strip():
            self._history.clear()
        else:
            now = time.monotonic()
            if now - self._pressed_s < QUIT_HINT_S:
                self._host.say(f"{self._host.keys.how('app.quit')} quits.")
            self._pressed_s = now
