"""The turns that run: one a conversation, several at the same time, on screen or not."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

from textual.worker import Worker

from gptalk_client.errors import GptalkError
from gptalk_client.models import (
    Message,
    Phase,
    PhaseChanged,
    SaveFailed,
    SaveRecovered,
    TextAdded,
    TextReplaced,
    TurnEnded,
    TurnEvent,
    TurnOpened,
)

FRAME_S = 1 / 30
"""How often at most a reply is painted, in seconds."""

PATIENCE_S = 0.2
"""How long a reply waits at most for a slow terminal before more of it is taken, in seconds."""

CHARS_PER_TOKEN = 4
"""What a token comes to in most texts; services do not say how many they sent."""


@dataclass
class LiveTurn:
    """One turn that runs, as plain state."""

    conversation_id: str
    prompt: str = ""
    """What was sent; empty where a reply was asked for again."""
    beside: Message | None = None
    """The message that the prompt stands beside, where it was edited or sent again."""
    reply: Message | None = None
    failure: GptalkError | None = None
    """Why the turn could not even be opened."""
    phase: Phase = Phase.CONNECTING
    started_s: float = field(default_factory=time.monotonic)
    first_text_s: float | None = None
    retry_at_s: float | None = None
    reason: str = ""
    """Why the turn waits for another try."""
    save_trouble: str = ""
    """Why the text could not be saved; empty when all is well."""
    chars: int = 0
    is_stopping: bool = False
    worker: Worker[None] | None = None
    _pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The reply so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    @property
    def elapsed_s(self) -> float:
        """Seconds since the prompt was sent."""
        return time.monotonic() - self.started_s

    @property
    def tokens_per_s(self) -> float:
        """About how many tokens come in a second."""
        if self.first_text_s is None:
            return 0.0
        return self.chars / CHARS_PER_TOKEN / max(0.25, time.monotonic() - self.first_text_s)

    def take(self, event: TurnEvent) -> None:
        """Bring the state up to date."""
        match event:
            case TurnOpened():
                self.reply = event.reply
            case PhaseChanged():
                self.phase = event.phase
                self.reason = event.reason
                self.retry_at_s = None if event.wait_s is None else time.monotonic() + event.wait_s
            case TextAdded():
                self._count(len(event.text))
                self._pieces.append(event.text)
            case TextReplaced():
                self._count(len(event.text) - self.chars)
                self._pieces = [event.text]
            case SaveFailed():
                self.save_trouble = event.reason
            case SaveRecovered():
                self.save_trouble = ""
            case TurnEnded():
                self.reply = event.reply

    def _count(self, chars: int) -> None:
        self.phase = Phase.STREAMING
        if self.first_text_s is None:
            self.first_text_s = time.monotonic()
        self.chars += chars


class TurnView(Protocol):
    """Who is told what happens in a turn."""

    def turn_changed(self, turn: LiveTurn, event: TurnEvent) -> bool:
        """Show an event; return whether its conversation is on screen."""

    def turn_closed(self, turn: LiveTurn) -> None:
        """The turn's worker is over, however it ended."""

    def is_output_behind(self) -> bool:
        """Whether the terminal has not taken yet what was painted before."""


class Turns:
    """The running turns by conversation.

    Args:
        view: Is told each event, once a frame at most while text streams.
    """

    def __init__(self, view: TurnView) -> None:
        self._view = view
        self._running: dict[str, LiveTurn] = {}
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    def __len__(self) -> int:
        return len(self._running)

    def of(self, conversation_id: str | None) -> LiveTurn | None:
        """Return the turn that runs in a conversation."""
        return self._running.get(conversation_id) if conversation_id else None

    @property
    def conversations(self) -> frozenset[str]:
        """The conversations in which a reply streams."""
        return frozenset(self._running)

    def start(
        self,
        conversation_id: str,
        prompt: str,
        events: AsyncGenerator[TurnEvent, None],
        run_worker: Callable[[Coroutine[None, None, None]], Worker[None]],
    ) -> LiveTurn:
        """Run a turn in a worker of its own.

        Args:
            conversation_id: The conversation, in which no turn runs yet.
            prompt: What was sent; empty where a reply is asked for again.
            events: The turn, from the chat.
            run_worker: Starts a worker from a coroutine.
        """
        turn = LiveTurn(conversation_id, prompt)
        self._running[conversation_id] = turn
        self._is_idle.clear()
        turn.worker = run_worker(self._run(turn, events))
        return turn

    def stop(self, conversation_id: str) -> bool:
        """Stop the turn of a conversation; its text so far is kept. Return whether one ran."""
        turn = self._running.get(conversation_id)
        if turn is None or turn.worker is None:
            return False
        turn.is_stopping = True
        turn.worker.cancel()
        return True

    async def stop_all(self, limit_s: float) -> None:
        """Stop every turn and wait until their rows are closed, for a bounded time."""
        for conversation_id in list(self._running):
            self.stop(conversation_id)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._is_idle.wait()

    async def _run(self, turn: LiveTurn, events: AsyncGenerator[TurnEvent, None]) -> None:
        try:
            async with aclosing(events):
                async for event in events:
                    turn.take(event)
                    before = time.perf_counter()
                    is_shown = self._view.turn_changed(turn, event)
                    if isinstance(event, TextAdded | TextReplaced):
                        await self._next_frame(time.perf_counter() - before, is_shown)
        except GptalkError as err:
            turn.failure = err
        finally:
            del self._running[turn.conversation_id]
            if not self._running:
                self._is_idle.set()
            self._view.turn_closed(turn)

    async def _next_frame(self, cost_s: float, is_shown: bool) -> None:
        """Wait until more may be painted: longer where painting is dear, the terminal slow, or nobody looks.

        A terminal that hangs is not waited for: what comes is stored meanwhile.
        """
        await asyncio.sleep(max(FRAME_S, 3 * cost_s) if is_shown else 4 * FRAME_S)
        until_s = time.monotonic() + PATIENCE_S
        while is_shown and self._view.is_output_behind() and time.monotonic() < until_s:  # noqa: ASYNC110
            await asyncio.sleep(FRAME_S)
