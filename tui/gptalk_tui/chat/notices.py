"""Notices: short sentences on the status line, of which the newest is shown while it is true."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.content import Content

from gptalk_client.text import visible

if TYPE_CHECKING:
    from textual.notifications import Notification

    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.session import Session

SAID_S, ERROR_S, CHARS_READ_PER_S = 2.0, 10.0, 25
"""How long a notice stays, in seconds: an error, or a sentence with the time to read it."""


_COLOURS = {"error": "$ink-error", "warning": "$ink-warning"}


def content_of(notice: Notification | None) -> Content:
    """Return a notice as it is painted; empty without one."""
    if notice is None:
        return Content.empty()
    words = f"{notice.title}: {notice.message}" if notice.title else notice.message
    return Content.styled(words, f"bold {_COLOURS.get(notice.severity, '$ink-text')}")


class Notices:
    """Says things, and takes back what is no longer true.

    A notice goes when another conversation is opened and when another turn begins, besides its time.
    """

    def __init__(self, session: Session, host: Host) -> None:
        self._session = session
        self._host = host
        self._shown = ""
        self._is_true: Callable[[], bool] | None = None
        self._opened = 0
        self._turns: set[int] = set()
        session.when_opened.append(self.look)
        session.turns.when_changed.append(self.look)

    def say(
        self,
        text: str,
        *,
        is_error: bool = False,
        timeout_s: float | None = None,
        is_true: Callable[[], bool] | None = None,
    ) -> None:
        """Show a notice in place of those before.

        Args:
            text: A sentence or two.
            is_error: Something went wrong.
            timeout_s: How long it stays, in seconds; None: as long as it takes to read.
            is_true: Whether it is still true; None: as long as it stays.
        """
        app = self._host.app
        app.clear_notifications()
        if timeout_s is None:
            timeout_s = ERROR_S if is_error else min(ERROR_S, SAID_S + len(text) / CHARS_READ_PER_S)
        app.notify(text, severity="error" if is_error else "information", timeout=timeout_s)
        self._shown, self._is_true = visible(text), is_true
        self._remember()
        # What the same step changes after it was said makes it no less true.
        app.call_after_refresh(self._remember)

    def _remember(self) -> None:
        self._opened = self._session.opened
        self._turns = {id(turn) for turn in self._session.turns}

    def look(self) -> None:
        """Take back a notice that is no longer true."""
        if not self._shown:
            return
        is_past = self._session.opened != self._opened or any(
            id(turn) not in self._turns for turn in self._session.turns
        )
        if is_past or (self._is_true is not None and not self._is_true()):
            app, shown = self._host.app, self._shown
            self._shown, self._is_true = "", None
            for each in [each for each in app._notifications if each.message == shown]:
                app._unnotify(each)
