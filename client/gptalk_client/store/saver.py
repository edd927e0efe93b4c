"""Saves a growing reply to disk within a fraction of a second, or keeps it in memory while the disk fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from gptalk_client.errors import GptalkError
from gptalk_client.models import Conversation, Message, ReplyFacts, SaveFailed, SaveRecovered, Status
from gptalk_client.store.store import Store
from gptalk_client.store.worker import StoreThread

_T = TypeVar("_T")
FLUSH_S = 0.15
"""How long text may wait in memory; with the write itself it is on disk well within 250 ms."""


class ReplySaver:
    """Saves one reply as its text arrives.

    A flush is due `flush_s` after the first text that is not on disk yet, whatever the service or the reader
    of the events does meanwhile; nothing ticks while nothing waits. What the store refuses is tried again.

    Args:
        store: The store's thread.
        message_id: The reply's row, which is `streaming`.
        flush_s: How long text may wait, in seconds.
        text: What the row has already.
        reasoning: The same of the reasoning.
    """

    def __init__(
        self,
        store: StoreThread,
        message_id: str,
        *,
        flush_s: float = FLUSH_S,
        text: str = "",
        reasoning: str = "",
    ) -> None:
        self._store = store
        self._message_id = message_id
        self._flush_s = flush_s
        self._pieces = [text] if text else []
        self._saved_pieces = len(self._pieces)
        self._reasoning = [reasoning] if reasoning else []
        self._saved_reasoning = len(self._reasoning)
        self._must_replace = False
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._is_failing = False
        self._notices: list[SaveFailed | SaveRecovered] = []

    @property
    def has_text(self) -> bool:
        """Whether any text has arrived."""
        return any(self._pieces)

    @property
    def text(self) -> str:
        """All of the reply so far."""
        return "".join(self._pieces)

    @property
    def reasoning(self) -> str:
        """All of the reasoning so far."""
        return "".join(self._reasoning)

    def add(self, text: str) -> None:
        """Append text to the reply."""
        if text:
            self._pieces.append(text)
            self._flush_later()

    def add_reasoning(self, text: str) -> None:
        """Append text to the reasoning."""
        if text:
            self._reasoning.append(text)
            self._flush_later()

    def replace(self, text: str) -> None:
        """Replace the whole text. The reasoning stays."""
        self._pieces = [text]
        self._saved_pieces = 0
        self._must_replace = True
        self._flush_later()

    def take_notices(self) -> list[SaveFailed | SaveRecovered]:
        """Return the failures and recoveries since the last call."""
        notices, self._notices = self._notices, []
        return notices

    async def close(
        self,
        status: Status,
        error: str,
        *,
        facts: ReplyFacts | None = None,
        model: str = "",
        is_unread: bool = False,
    ) -> tuple[Message, Conversation]:
        """Write all of the text, all of the reasoning and the reply's final status.

        Args:
            status: Any status but `streaming`.
            error: Why it failed or broke off, in words for people.
            facts: What else is known of the reply.
            model: The model that wrote it, if that is known better now than when the turn was opened.
            is_unread: Mark the conversation as unread.

        Returns:
            The reply as stored, and its conversation then.

        Raises:
            GptalkError: The store refuses; the call may be repeated.
        """
        self._stop_timer()
        if self._flushing is not None:
            await asyncio.wait({self._flushing})
            self._stop_timer()
        text, reasoning = self.text, self.reasoning

        def close(store: Store) -> tuple[Message, Conversation]:
            reply = store.close_turn(
                self._message_id, status, error=error, content=text, reasoning=reasoning, facts=facts,
                model=model, is_unread=is_unread,
            )  # fmt: skip
            return reply, store.conversation(reply.conversation_id)

        return await self._watched(close)

    def _flush_later(self) -> None:
        if self._timer is None and self._flushing is None:
            self._timer = asyncio.get_running_loop().call_later(self._flush_s, self._start_flush)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start_flush(self) -> None:
        self._timer = None
        self._flushing = asyncio.get_running_loop().create_task(self._flush())

    async def _flush(self) -> None:
        pieces, count, is_whole = self._pieces, len(self._pieces), self._must_replace
        text = "".join(pieces if is_whole else pieces[self._saved_pieces :])
        thoughts = len(self._reasoning)
        reasoning = "".join(self._reasoning if is_whole else self._reasoning[self._saved_reasoning :])

        def write(store: Store) -> None:
            if is_whole:
                store.replace_reply(self._message_id, text, reasoning=reasoning)
            else:
                store.append_reply(self._message_id, text, reasoning=reasoning)

        self._must_replace = False
        try:
            await self._watched(write)
        except GptalkError:
            self._must_replace = True  # whether or not this was written, the next write replaces everything
        else:
            if pieces is self._pieces:
                self._saved_pieces = count
            self._saved_reasoning = thoughts
        self._flushing = None
        is_behind = self._saved_pieces < len(self._pieces) or self._saved_reasoning < len(self._reasoning)
        if self._must_replace or is_behind:
            self._flush_later()

    async def _watched(self, work: Callable[[Store], _T]) -> _T:
        try:
            result = await self._store.call(work)
        except GptalkError as err:
            if not self._is_failing:
                self._is_failing = True
                self._notices.append(SaveFailed(err.for_humans()))
            raise
        if self._is_failing:
            self._is_failing = False
            self._notices.append(SaveRecovered())
        return result
