"""Signals while the app runs: it leaves in good order, and by force where that is not possible."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

DROP_AFTER_S = 1.0
"""After this many seconds the output is dropped: the terminal may hang and hold up everything."""

FORCE_AFTER_S = 12.0
"""After this many seconds the process ends by force: longer than an orderly end takes at most."""


class SignalWatch:
    """Turns signals into a wish to leave, from before the app's first paint to its very end.

    Args:
        leave: Asks the app to leave with an exit code; called in the main thread, between any two steps.
        drop: Makes the app stop waiting for its terminal; called in a thread.
        force: Gives the terminal back at once; called in a thread.
        drop_after_s: When `drop` is called, in seconds after the signal.
        force_after_s: When `force` is called and the process ended, in seconds after the signal.
    """

    def __init__(
        self,
        leave: Callable[[int], None],
        drop: Callable[[], None],
        force: Callable[[], None],
        *,
        drop_after_s: float = DROP_AFTER_S,
        force_after_s: float = FORCE_AFTER_S,
    ) -> None:
        self._leave = leave
        self._drop = drop
        self._force = force
        self._drop_after_s = drop_after_s
        self._force_after_s = force_after_s
        self._before: dict[int, Any] = {}
        self._over = threading.Event()
        self._code: int | None = None

    def __enter__(self) -> SignalWatch:
        if threading.current_thread() is threading.main_thread():
            for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
                if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup sets it
                    self._before[number] = signal.signal(number, self._received)
        for handler in self._before.values():
            # What was raised for a signal while the app was imported may have been caught by somebody.
            if missed := getattr(handler, "received", 0):
                self._received(missed, None)
                break
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _received(self, number: int, frame: FrameType | None) -> None:
        # Closing a window sends two: from the kernel and from the shell. The first one counts.
        if self._code is None:
            self._code = 128 + number
            threading.Thread(target=self._watch, args=(self._code,), name="leave", daemon=True).start()
        self._leave(self._code)

    def _watch(self, code: int) -> None:
        if self._over.wait(self._drop_after_s):
            return
        self._drop()
        if self._over.wait(self._force_after_s - self._drop_after_s):
            return
        self._force()
        os._exit(code)
