"""The longest reply that is taken, whatever the protocol: without a bound, one stream fills memory and disk."""

from __future__ import annotations

from gptalk_client.errors import ProtocolError
from gptalk_client.providers.event_stream import MAX_EVENT_BYTES

MAX_REPLY_BYTES = MAX_EVENT_BYTES
"""The longest text and reasoning together, in bytes of UTF-8; in GPTalk's protocol one event holds all of it."""


class ReplyBound:
    """Counts the text of one reply."""

    def __init__(self, max_bytes: int = MAX_REPLY_BYTES) -> None:
        self._max_bytes = self._left_bytes = max_bytes

    def admit(self, text: str) -> None:
        """Count more text.

        Raises:
            ProtocolError: It makes the reply too long.
        """
        self._left_bytes -= len(text.encode("utf-8", "replace"))
        if self._left_bytes < 0:
            raise ProtocolError(
                f"The reply is longer than {in_mebibytes(self._max_bytes)}, so it was stopped.",
                hint="The text so far is kept.",
            )


def in_mebibytes(size_bytes: int) -> str:
    """Return a bound for people, such as `8 MiB`."""
    return f"{size_bytes / 2**20:g} MiB"
