"""Notices in a corner: short sentences, none of them twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App

SAID_S, ERROR_S, CHARS_READ_PER_S = 2.0, 10.0, 25
"""How long a notice stays, in seconds: an error, or a sentence with the time to read it."""

MOST_TOASTS = 4


def say(app: App[int], text: str, *, is_error: bool = False, timeout_s: float | None = None) -> None:
    """Show a notice; the same one is not shown twice, and old ones make room.

    Args:
        app: The running app.
        text: A sentence or two.
        is_error: Something went wrong.
        timeout_s: How long it stays, in seconds; None: as long as it takes to read.
    """
    shown = list(app._notifications)
    for at, each in enumerate(shown):
        if each.message == text or at <= len(shown) - MOST_TOASTS:
            app._unnotify(each, refresh=False)
    if timeout_s is None:
        timeout_s = ERROR_S if is_error else min(ERROR_S, SAID_S + len(text) / CHARS_READ_PER_S)
    app.notify(text, severity="error" if is_error else "information", timeout=timeout_s)
