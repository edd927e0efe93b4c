"""Turns: a provider's stream joined to the store. Nothing is sent before it is on disk."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, Self, TypeAlias, cast

from gptalk_client.continuing import continued, joined_facts
from gptalk_client.errors import GptalkError, Remedy, UsageError
from gptalk_client.models import (
    Conversation,
    Message,
    ReasoningAdded,
    ReplyEvent,
    Status,
    TextAdded,
    TextReplaced,
    TurnEnded,
    TurnEvent,
    TurnOpened,
)
from gptalk_client.providers.base import Provider
from gptalk_client.providers.loops import OneLoop
from gptalk_client.reply_record import ReplyRecord
from gptalk_client.store.rows import UNSET, Unset
from gptalk_client.store.saver import FLUSH_S, ReplySaver
from gptalk_client.store.store import Store
from gptalk_client.store.worker import StoreThread
from gptalk_client.turn_options import CONTEXT_BYTES, TurnOptions

_LONGEST_RETRY_S = 5.0
_DEFAULTS = TurnOptions()

_Closed: TypeAlias = tuple[Message, Conversation]
"""A reply as stored, and its conversation then."""


class _Opened(NamedTuple):
    """What opening a turn returns."""

    prompt: Message
    reply: Message
    branch: tuple[Conversation, list[Message]] | GptalkError
    """The conversation and the end of its branch as they are now, or why they could not be read."""


class Turn(AsyncGenerator[TurnEvent, None]):
    """The events of one turn. Close it, or cancel the task that reads it, to stop the reply."""

    def __init__(self, run: Callable[[Turn], AsyncGenerator[TurnEvent, None]]) -> None:
        self.ended: TurnEnded | None = None
        """How the turn ended: set once no more events come, also where it was stopped; None before that, and
        where it was never opened."""
        self._events = run(self)

    async def asend(self, value: None) -> TurnEvent:
        """Return the next event."""
        return await self._events.asend(value)

    async def athrow(self, *error: Any) -> TurnEvent:
        """Raise an error where the turn is, and return the next event."""
        return await self._events.athrow(*error)

    async def aclose(self) -> None:
        """Stop the turn, unless it is over. The text so far is kept."""
        await self._events.aclose()


class Chat:
    """Runs turns, several at once if asked to.

    Belongs to one event loop; `async with` closes it.

    Args:
        store: The conversations; or their thread, which stays open.
        flush_s: How long streamed text may wait before it is written, in seconds.
        close_timeout_s: How long the end of a turn waits for the store. What cannot be written by then is
            retried in the background until `aclose`.
        context_bytes: The most text of a conversation that is sent, in bytes of UTF-8; the newest comes first.
        ways: What the errors of replies say, for each remedy, on how to apply it in this program.
    """

    def __init__(
        self,
        store: Store | StoreThread,
        *,
        flush_s: float = FLUSH_S,
        close_timeout_s: float = 3.0,
        context_bytes: int = CONTEXT_BYTES,
        ways: Mapping[Remedy, str] | None = None,
    ) -> None:
        self._own_thread = StoreThread(store) if isinstance(store, Store) else None
        self._store = self._own_thread or cast(StoreThread, store)
        self._loop = OneLoop("This chat")
        self._flush_s = flush_s
        self._close_timeout_s = close_timeout_s
        self._context_bytes = context_bytes
        self._ways = ways or {}
        self._endings: set[asyncio.Task[_Closed]] = set()
        self._unsaved: dict[str, Message] = {}
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def unsaved_replies(self) -> int:
        """How many replies have ended but are not yet on disk in full."""
        return len(self._endings)

    @property
    def unsaved(self) -> dict[str, Message]:
        """The replies that have ended but are not yet on disk in full, by id."""
        return dict(self._unsaved)

    def reply(
        self,
        conversation_id: str,
        prompt: str,
        *,
        provider: Provider,
        options: TurnOptions = _DEFAULTS,
        parent_id: str | Unset | None = UNSET,
        new: Conversation | None = None,
        draft: str | None = None,
        queued_id: str = "",
        is_read: Callable[[], bool] = lambda: True,
    ) -> Turn:
        """Save a prompt, ask for a reply to it and yield what happens.

        `TurnOpened` comes first, once both messages are on disk and before anything is sent. `TurnEnded` comes
        last, with the reply's final status: `complete`, if the provider's stream ended and its finish reason was
        no other than `stop`; otherwise `incomplete` after some text or reasoning and `failed` before any, with
        the error in words. A turn that is stopped yields no `TurnEnded`: its reply
        becomes `stopped`, and `Turn.ended` has it. Text is on disk at most 250 ms after it was yielded, however
        slowly the events are read. If the store refuses, `SaveFailed` comes once and the turn goes on.

        The store is called twice, apart from flushes: when the turn opens and when it ends.

        Args:
            conversation_id: A full id.
            prompt: The user's text.
            provider: Sends the reply.
            options: What to ask for; all that has been decided about this turn.
            parent_id: The message that the prompt follows: by default the active leaf, None for a new root.
            new: Stores this conversation first, under the id given, unless there is one already.
            draft: What remains as the conversation's draft; None clears a draft that is this very prompt.
            queued_id: The queued prompt that this is, which leaves its queue as the turn opens.
            is_read: Called when the turn ends: whether the conversation is on screen. If not, it is marked as
                unread.

        Raises:
            StoreError: The prompt could not be saved; nothing was sent.
            UsageError: No such conversation or parent, or the prompt is queued no longer.
        """

        def open_rows(store: Store) -> _Opened:
            rows = store.open_turn(
                conversation_id, prompt, parent_id=parent_id, model=provider.model_for(options.model),
                provider=provider.name, new=new, draft=draft, queued_id=queued_id,
            )  # fmt: skip
            return _Opened(*rows, _read_branch(store, rows[0], options))

        return Turn(lambda turn: self._run(turn, open_rows, provider, options, is_read))

    def regenerate(
        self,
        prompt_id: str,
        *,
        provider: Provider,
        options: TurnOptions = _DEFAULTS,
        is_shown: bool = True,
        is_read: Callable[[], bool] = lambda: True,
    ) -> Turn:
        """Ask for another reply to a prompt, a sibling of the existing ones; otherwise like `reply`.

        Args:
            prompt_id: A full id.
            provider: Sends the reply.
            options: What to ask for.
            is_shown: It becomes the active leaf.
            is_read: As in `reply`.

        Raises:
            StoreError: The reply's row could not be written; nothing was sent.
            UsageError: There is no such prompt.
        """

        def open_rows(store: Store) -> _Opened:
            prompt = store.message(prompt_id)
            model = provider.model_for(options.model)
            reply = store.open_reply(prompt_id, model=model, provider=provider.name, is_shown=is_shown)
            return _Opened(prompt, reply, _read_branch(store, prompt, options))

        return Turn(lambda turn: self._run(turn, open_rows, provider, options, is_read))

    def continue_reply(
        self,
        reply_id: str,
        *,
        provider: Provider,
        options: TurnOptions = _DEFAULTS,
        is_read: Callable[[], bool] = lambda: True,
    ) -> Turn:
        """Ask for the rest of a reply that was cut or stopped, and append it; otherwise like `reply`.

        `TurnOpened` has the reply with its text so far.

        Raises:
            StoreError: The reply could not be opened again; nothing was sent.
            UsageError: There is no such reply, or it cannot be continued.
        """

        def open_rows(store: Store) -> _Opened:
            prompt, reply = store.reopen_reply(reply_id)
            return _Opened(prompt, reply, _read_branch(store, reply, options))

        return Turn(lambda turn: self._run(turn, open_rows, provider, options, is_read))

    async def aclose(self) -> None:
        """Wait a bounded time until ended turns are on disk, and give up on what the store still refuses."""
        self._is_closed = True
        if self._endings:
            _, late = await asyncio.wait(set(self._endings), timeout=self._close_timeout_s)
            for ending in late:
                ending.cancel()
        if self._own_thread is not None:
            await self._own_thread.aclose()

    async def _run(
        self,
        turn: Turn,
        open_rows: Callable[[Store], _Opened],
        provider: Provider,
        options: TurnOptions,
        is_read: Callable[[], bool],
    ) -> AsyncGenerator[TurnEvent, None]:
        self._loop.check()
        prompt, reply, branch = await self._open(open_rows)
        before = reply.content
        saver = ReplySaver(
            self._store, reply.id, flush_s=self._flush_s, text=before, reasoning=reply.reasoning
        )
        stream: AsyncGenerator[ReplyEvent, None] | None = None
        status: Status | None = None
        has_ended = False
        error, cause = "", None
        record = ReplyRecord(chars=len(before))
        try:
            yield TurnOpened(prompt, reply, None if isinstance(branch, GptalkError) else branch[0])
            if isinstance(branch, GptalkError):
                raise branch
            request = options.request(branch[1], max_bytes=self._context_bytes)
            stream = continued(provider, request, before) if before else provider.stream(request)
            async for event in stream:
                record.take(event)
                if isinstance(event, TextAdded):
                    saver.add(event.text)
                elif isinstance(event, ReasoningAdded):
                    saver.add_reasoning(event.text)
                elif isinstance(event, TextReplaced):
                    saver.replace(event.text)
                yield event
                for notice in saver.take_notices():
                    yield notice
            status, error = record.ending()
            has_ended = True
        except (asyncio.CancelledError, GeneratorExit):
            status = Status.STOPPED
            raise
        except GptalkError as err:
            (status, error), cause = record.failure(err, ways=self._ways), err
        finally:
            if status is None:
                status, error = record.fault()
            # The row is closed while the connection is, whatever cancels this task meanwhile.
            facts = joined_facts(reply.facts, record.facts())
            in_memory = replace(
                reply, status=status, error=error, content=saver.text, reasoning=saver.reasoning,
                finish_reason=facts.finish_reason, usage=facts.usage, first_text_ms=facts.first_text_ms,
                reasoning_ms=facts.reasoning_ms, duration_ms=facts.duration_ms,
                model=provider.model_for(options.model) or reply.model,
            )  # fmt: skip
            ending = self._start_ending(saver, in_memory, is_unread=not is_read())
            turn.ended = TurnEnded(in_memory, cause)
            async with self._settled(turn, ending):
                if stream is not None:
                    with contextlib.suppress(GptalkError):
                        await stream.aclose()
                if not has_ended and cause is None:
                    await asyncio.wait({ending}, timeout=self._close_timeout_s)
        async with self._settled(turn, ending):
            deadline = time.monotonic() + self._close_timeout_s
            while not ending.done() and time.monotonic() < deadline:
                await asyncio.wait({ending}, timeout=self._flush_s)
                for notice in saver.take_notices():
                    yield notice
        yield turn.ended

    @contextlib.asynccontextmanager
    async def _settled(self, turn: Turn, ending: asyncio.Task[_Closed]) -> AsyncIterator[None]:
        """Wait for a row that is being closed also where a stop comes meanwhile; then note how the turn ended."""
        try:
            yield
        except (asyncio.CancelledError, GeneratorExit):
            await asyncio.wait({ending}, timeout=self._close_timeout_s)
            raise
        finally:
            assert turn.ended is not None
            turn.ended = _ended(ending, turn.ended)

    async def _open(self, open_rows: Callable[[Store], _Opened]) -> _Opened:
        opening = asyncio.ensure_future(self._store.call(open_rows))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            # The rows may be written already, and nobody else would ever close them.
            ending = self._tracked(self._end_unseen(opening))
            await asyncio.wait({ending}, timeout=self._close_timeout_s)
            raise

    async def _end_unseen(self, opening: asyncio.Future[_Opened]) -> _Closed:
        reply = (await opening).reply
        return await ReplySaver(self._store, reply.id).close(Status.STOPPED, "")

    def _start_ending(self, saver: ReplySaver, reply: Message, *, is_unread: bool) -> asyncio.Task[_Closed]:
        ending = self._tracked(self._end(saver, reply, is_unread))
        self._unsaved[reply.id] = reply
        ending.add_done_callback(lambda _: self._unsaved.pop(reply.id, None))
        return ending

    async def _end(self, saver: ReplySaver, reply: Message, is_unread: bool) -> _Closed:
        wait_s = self._flush_s
        while True:
            try:
                return await saver.close(
                    reply.status, reply.error, facts=reply.facts, model=reply.model, is_unread=is_unread
                )
            except UsageError:
                raise  # the conversation has been deleted meanwhile
            except GptalkError:
                if self._is_closed:
                    raise
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _LONGEST_RETRY_S)

    def _tracked(self, work: Coroutine[Any, Any, _Closed]) -> asyncio.Task[_Closed]:
        task = asyncio.get_running_loop().create_task(work)
        self._endings.add(task)
        task.add_done_callback(self._untrack)
        return task

    def _untrack(self, task: asyncio.Task[_Closed]) -> None:
        self._endings.discard(task)
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not report it: the turn has ended in memory


def _read_branch(
    store: Store, prompt: Message, options: TurnOptions
) -> tuple[Conversation, list[Message]] | GptalkError:
    try:
        return store.conversation(prompt.conversation_id), store.context(
            prompt.id, limit=options.context_limit
        )
    except GptalkError as err:  # the rows are written: the turn ends with this error
        return err


def _ended(ending: asyncio.Task[_Closed], in_memory: TurnEnded) -> TurnEnded:
    """Return the end of a turn as stored; as it is in memory where that is not on disk."""
    if ending.done() and not ending.cancelled() and ending.exception() is None:
        reply, conversation = ending.result()
        return replace(in_memory, reply=reply, conversation=conversation)
    return in_memory
