"""The turns that run: one per conversation and those set aside, several at the same time, on screen or not."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from gptalk_client.errors import GptalkError
from gptalk_client.models import (
    BranchEntry,
    Message,
    Phase,
    PhaseChanged,
    ReasoningAdded,
    SaveFailed,
    SaveRecovered,
    TextAdded,
    TextReplaced,
    TurnEnded,
    TurnEvent,
    TurnOpened,
)
from gptalk_tui.chat.queues import Waiting
from gptalk_tui.widgets.transcript.reply_words import CHARS_PER_TOKEN


@dataclass(eq=False)
class LiveTurn:
    """One turn, from the key press to its last store call, as plain state."""

    conversation_id: str
    """That of a new conversation is not stored until `reply` is there."""
    opened: int
    """The opening that it was begun in."""
    prompt: str = ""
    """What was sent; empty where a reply was asked for again."""
    beside: Message | None = None
    """The message that the prompt is a new version of, where it was edited or sent again."""
    prompt_message: Message | None = None
    """The prompt as stored."""
    reply: Message | None = None
    """The row of the reply; None until prompt and row are stored."""
    queued: Waiting | None = None
    """The queued prompt that is sent; it is still in the store's queue until the prompt is a message."""
    below: str | None = None
    """The message that the prompt follows; None: the last one of the branch."""
    is_summary: bool = False
    """The reply is to become the root of a branch."""
    is_aside: bool = False
    """It writes a version of a reply while another one is shown; the conversation is free for another turn."""
    when_taken: list[Callable[[LiveTurn, TurnEvent], None]] = field(default_factory=list)
    """Called with each event, once the state is up to date."""
    shown_before: list[BranchEntry] | None = None
    """What the transcript showed before a prompt that is not stored yet; None where it shows nothing of it."""
    failure: GptalkError | None = None
    """Why the turn could not be stored."""
    phase: Phase = Phase.CONNECTING
    started_s: float = field(default_factory=time.monotonic)
    first_reasoning_s: float | None = None
    first_text_s: float | None = None
    retry_at_s: float | None = None
    reason: str = ""
    """Why the turn waits for another try."""
    save_trouble: str = ""
    """Why the text could not be saved; empty when all is well."""
    chars: int = 0
    reasoning_chars: int = 0
    is_stopping: bool = False
    cancel: Callable[[], object] | None = None
    """Stops the reply; None until its rows are stored."""
    _before_chars: int = 0
    """How much text there was of a reply that is continued; it does not count as come."""
    _pieces: list[str] = field(default_factory=list)
    _reasoning: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The reply so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    @property
    def reasoning(self) -> str:
        """What the model has thought so far."""
        if len(self._reasoning) > 1:
            self._reasoning = ["".join(self._reasoning)]
        return self._reasoning[0] if self._reasoning else ""

    @property
    def is_thinking(self) -> bool:
        """Whether reasoning comes, and no text yet."""
        return self.first_reasoning_s is not None and self.first_text_s is None

    @property
    def reasoning_ms(self) -> int | None:
        """How long the model has thought, up to the first text, in milliseconds; None if it has not."""
        if self.first_reasoning_s is None:
            return None
        until_s = self.first_text_s if self.first_text_s is not None else time.monotonic()
        return max(0, round((until_s - self.first_reasoning_s) * 1000))

    @property
    def elapsed_s(self) -> float:
        """Seconds since the prompt was sent."""
        return time.monotonic() - self.started_s

    @property
    def tokens_per_s(self) -> float:
        """About how many tokens come in a second."""
        began = (each for each in (self.first_reasoning_s, self.first_text_s) if each is not None)
        began_s = min(began, default=None)
        if began_s is None:
            return 0.0
        chars = self.chars + self.reasoning_chars
        return chars / CHARS_PER_TOKEN / max(0.25, time.monotonic() - began_s)

    def take(self, event: TurnEvent) -> None:
        """Bring the state up to date."""
        match event:
            case TurnOpened():
                self.prompt_message, self.reply = event.prompt, event.reply
                self._pieces, self._before_chars = [event.reply.content], len(event.reply.content)
            case PhaseChanged():
                self.phase = event.phase
                self.reason = event.reason
                self.retry_at_s = None if event.wait_s is None else time.monotonic() + event.wait_s
            case TextAdded():
                self._count(len(event.text))
                self._pieces.append(event.text)
            case TextReplaced():
                self._count(len(event.text) - self.chars - self._before_chars)
                self._pieces = [event.text]
                if not event.text:  # it turned out to be reasoning
                    self.first_text_s = None
            case ReasoningAdded():
                self.phase = Phase.STREAMING
                if self.first_reasoning_s is None:
                    self.first_reasoning_s = time.monotonic()
                self.reasoning_chars += len(event.text)
                self._reasoning.append(event.text)
            case SaveFailed():
                self.save_trouble = event.reason
            case SaveRecovered():
                self.save_trouble = ""
            case TurnEnded():
                self.reply = event.reply
        for watcher in list(self.when_taken):
            watcher(self, event)

    def _count(self, chars: int) -> None:
        self.phase = Phase.STREAMING
        if self.first_text_s is None:
            self.first_text_s = time.monotonic()
        self.chars += chars


class Turns:
    """The running turns. A turn counts from the key press, before anything is awaited.

    A conversation has one turn, and while replies are compared others that are set aside.
    """

    def __init__(self) -> None:
        self.when_changed: list[Callable[[], None]] = []
        """Called after a turn began or ended."""
        self._running: list[LiveTurn] = []
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    def __len__(self) -> int:
        return len(self._running)

    def __iter__(self) -> Iterator[LiveTurn]:
        return iter(self._running)

    def of(self, conversation_id: str) -> LiveTurn | None:
        """Return the turn that runs in a conversation, other than those that are set aside."""
        running = (each for each in self._running if each.conversation_id == conversation_id)
        return next((turn for turn in running if not turn.is_aside), None)

    def writing(self, reply_id: str) -> LiveTurn | None:
        """Return the turn that writes a reply."""
        return next((each for each in self._running if each.reply and each.reply.id == reply_id), None)

    def bring_to_front(self, reply_ids: Collection[str]) -> None:
        """Let the turn whose reply is shown be its conversation's, and set its others aside.

        Args:
            reply_ids: The messages that are shown.
        """
        front = next((each for each in self._running if each.reply and each.reply.id in reply_ids), None)
        if front is not None and front.is_aside:
            for turn in self._running:
                if turn.conversation_id == front.conversation_id:
                    turn.is_aside = turn is not front
            self._changed()

    @property
    def conversations(self) -> frozenset[str]:
        """The ids of the conversations in which a turn runs, set aside or not."""
        return frozenset(turn.conversation_id for turn in self._running)

    @property
    def sending(self) -> frozenset[str]:
        """The ids of the queued prompts that are being sent or answered."""
        return frozenset(turn.queued.id for turn in self._running if turn.queued is not None)

    def begin(self, turn: LiveTurn) -> None:
        """Count a turn as running."""
        self._running.append(turn)
        self._is_idle.clear()
        self._changed()

    def end(self, turn: LiveTurn) -> None:
        """Count a turn as over."""
        self._running.remove(turn)
        if not self._running:
            self._is_idle.set()
        self._changed()

    def stop(self, turn: LiveTurn) -> None:
        """Stop a turn; its text so far is kept.

        A turn whose rows are being stored is stopped once they are: the prompt may be on disk already.
        """
        if not turn.is_stopping:  # once: its row is closed meanwhile, and that is not to be cut short
            turn.is_stopping = True
            if turn.cancel is not None:
                turn.cancel()

    async def stop_all(self, limit_s: float) -> None:
        """Stop every turn and wait until their rows are closed, for `limit_s` seconds at most."""
        for turn in list(self._running):
            self.stop(turn)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._is_idle.wait()

    def _changed(self) -> None:
        for watcher in self.when_changed:
            watcher()
