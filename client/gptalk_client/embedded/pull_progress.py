"""The progress of downloading the weights, and its cancellation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from gptalk_client.embedded.errors import PullCancelledError


class PullPhase(StrEnum):
    """What a download is doing."""

    WAITING = "waiting for another pull"
    DOWNLOADING = "downloading"
    CHECKING = "checking"


@dataclass(frozen=True, slots=True)
class PullProgress:
    """The progress of a download."""

    phase: PullPhase
    done_bytes: int = 0
    total_bytes: int = 0


OnProgress = Callable[[PullProgress], None]


def check_cancelled(cancel: threading.Event) -> None:
    """Raise `PullCancelledError` if the event is set."""
    if cancel.is_set():
        raise PullCancelledError("The download was cancelled.")
