"""Signals while the app runs: an orderly exit, or a forced one if that is not possible."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

DROP_AFTER_S = 1.0
"""Seconds after which output is dropped, because a hanging terminal may be blocking everything."""

FORCE_AFTER_S = 12.0
"""Seconds after which the process is forced to end: longer than any orderly exit takes."""


class SignalWatch:
    """Turns signals into requests to exit, from before the app's first paint to its very end.

    Args:
        leave: Asks the app to exit with a code; called in the main thread, between any two bytecodes.
        drop: Makes the app stop waiting for its terminal; called in a thread.
        force: Restores the terminal at once; called in a thread.
        drop_after_s: Seconds from the signal to the call of `drop`.
        force_after_s: Seconds from the signal to the call of `force`, after which the process ends.
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
                if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                    self._before[number] = signal.signal(number, self._received)
        for handler in self._before.values():
            # An exception raised for a signal during the imports may have been swallowed.
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
        # Closing a window sends two signals, from the kernel and from the shell. The first one counts.
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
