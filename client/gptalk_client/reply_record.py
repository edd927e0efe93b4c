"""What a reply's events say about it beside its text, and how it ended. No I/O."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from gptalk_client.errors import TEXT_KEPT, GptalkError, Remedy
from gptalk_client.models import (
    Finished,
    ReasoningAdded,
    ReplyEvent,
    ReplyFacts,
    Status,
    TextAdded,
    TextReplaced,
    Usage,
    UsageReported,
)

LENGTH_LIMIT = "Cut at the length limit."
CONTENT_FILTER = "Stopped by the engine's content filter."
ONLY_REASONING = "It ran out before it answered."
FAULT = "The program failed while the reply was streaming."

_NO_WAYS: Mapping[Remedy, str] = {}
_WHOLE = ("", "stop", "refusal")


class ReplyRecord:
    """Keeps what the events of one reply say, from the request to the end.

    Args:
        now_s: The time in seconds.
        chars: How much text there is already, of a reply that is continued.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic, *, chars: int = 0) -> None:
        self._now_s = now_s
        self._began_s = now_s()
        self._text_s: float | None = None
        self._reasoning_s: float | None = None
        self._text_chars = chars
        self._usage: Usage | None = None
        self._finish = Finished("")

    @property
    def has_text(self) -> bool:
        """Whether there is any text."""
        return self._text_chars > 0

    @property
    def has_reasoning(self) -> bool:
        """Whether there is any reasoning."""
        return self._reasoning_s is not None

    def take(self, event: ReplyEvent) -> None:
        """Take in an event."""
        match event:
            case TextAdded(text):
                self._text_chars += len(text)
                self._text_s = self._text_s or self._now_s()
            case TextReplaced(text):
                self._text_chars = len(text)
                if not text:  # it turned out to be reasoning
                    self._text_s = None
            case ReasoningAdded():
                self._reasoning_s = self._reasoning_s or self._text_s or self._now_s()
            case UsageReported(usage):
                self._usage = usage
            case Finished():
                self._finish = event

    def facts(self) -> ReplyFacts:
        """Return what is known now, at the end of the reply."""
        end_s = self._now_s()
        thought_s = None if self._reasoning_s is None else (self._text_s or end_s) - self._reasoning_s
        return ReplyFacts(
            finish_reason=self._finish.reason,
            usage=self._usage,
            first_text_ms=None if self._text_s is None else _ms(self._text_s - self._began_s),
            reasoning_ms=None if thought_s is None else _ms(max(thought_s, 0)),
            duration_ms=_ms(end_s - self._began_s),
        )

    def ending(self) -> tuple[Status, str]:
        """Return the status and the error of a reply whose stream came to its end, by its finish reason."""
        reason = self._finish.reason
        cut = Status.INCOMPLETE if self.has_text or self.has_reasoning else Status.FAILED
        if self.has_reasoning and not self.has_text and reason in (*_WHOLE, "length"):
            return Status.INCOMPLETE, ONLY_REASONING
        if reason in _WHOLE:
            return Status.COMPLETE, ""
        if reason == "length":
            return Status.INCOMPLETE, LENGTH_LIMIT
        if reason == "content_filter":
            return cut, CONTENT_FILTER
        if reason == "tool_calls":
            what = f"call {self._finish.wanted}" if self._finish.wanted else "call a tool"
            return cut, f"The engine wanted to {what}, but it was offered no tools."
        return cut, f"The engine ended the reply early: {reason}."

    def failure(
        self, error: GptalkError, *, is_kept: bool = True, ways: Mapping[Remedy, str] = _NO_WAYS
    ) -> tuple[Status, str]:
        """Return the status and the error of a reply whose stream failed.

        Args:
            error: What the provider raised.
            is_kept: Whether the text so far is kept; the words promise it only then.
            ways: A sentence for each remedy on how to apply it in this program.
        """
        words = error.for_humans(ways)
        if not (self.has_text and is_kept):
            words = words.replace(TEXT_KEPT, "Try again.")
        return self._broken_status(), words

    def fault(self) -> tuple[Status, str]:
        """Return the status and the error of a reply during which the program itself failed."""
        return self._broken_status(), f"{FAULT} {TEXT_KEPT}" if self.has_text else FAULT

    def _broken_status(self) -> Status:
        return Status.INCOMPLETE if self.has_text or self.has_reasoning else Status.FAILED


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
