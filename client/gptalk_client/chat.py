"""One turn: the provider's stream joined to the store, so that nothing is asked before it is kept."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gptalk_client.errors import TEXT_KEPT, GptalkError, UsageError
from gptalk_client.models import (
    Conversation,
    Message,
    ReplyEvent,
    ReplyRequest,
    Role,
    Status,
    TextAdded,
    TextReplaced,
    TurnEnded,
    TurnEvent,
    TurnOpened,
)
from gptalk_client.providers.base import Provider
from gptalk_client.store.rows import UNSET, Unset
from gptalk_client.store.saver import FLUSH_S, ReplySaver
from gptalk_client.store.store import Store
from gptalk_client.store.worker import StoreThread

CONTEXT_MESSAGES = 20
CONTEXT_BYTES = 256 * 1024
FAULT = "The program failed while the reply came."
_OWN_OPTIONS = frozenset({"context_messages"})
_LONGEST_RETRY_S = 5.0


class Chat:
    """Runs turns, several at the same time if asked to.

    Args:
        store: The store's thread.
        flush_s: How long streamed text may wait before it is written, in seconds.
        close_timeout_s: How long the end of a turn waits for the store. What cannot be written by then is
            tried again in the background until `aclose`.
        context_bytes: How much of the conversation is sent at most, in bytes of UTF-8; the newest counts.
    """

    def __init__(
        self,
        store: StoreThread,
        *,
        flush_s: float = FLUSH_S,
        close_timeout_s: float = 3.0,
        context_bytes: int = CONTEXT_BYTES,
    ) -> None:
        self._store = store
        self._flush_s = flush_s
        self._close_timeout_s = close_timeout_s
        self._context_bytes = context_bytes
        self._endings: set[asyncio.Task[Message]] = set()
        self._unsaved: dict[str, Message] = {}
        self._is_closed = False

    @property
    def unsaved_replies(self) -> int:
        """How many replies have ended and are not on disk as they ended."""
        return len(self._endings)

    @property
    def unsaved(self) -> dict[str, Message]:
        """The replies that have ended and are not on disk as they ended, by id, whole."""
        return dict(self._unsaved)

    def reply(
        self,
        conversation_id: str,
        prompt: str,
        *,
        provider: Provider,
        model: str = "",
        options: Mapping[str, Any] | None = None,
        parent_id: str | Unset | None = UNSET,
        system_prompt: str = "",
        context_messages: int = CONTEXT_MESSAGES,
    ) -> AsyncGenerator[TurnEvent, None]:
        """Keep a prompt, ask for its reply and yield what happens.

        `TurnOpened` comes when both rows are on disk and before the provider is asked; `TurnEnded` comes last
        and carries the reply with its status: `complete`; `incomplete` or `failed` where the provider raised,
        after text or before any, with the error in words. Close the generator, or cancel the task that reads
        it, to stop: the text is kept and the reply `stopped`. Text is on disk at most 250 ms after it was
        yielded, however slowly the events are read; where the store refuses, `SaveFailed` comes once and the
        turn goes on.

        Args:
            conversation_id: A full id.
            prompt: What the person says.
            provider: Who is asked.
            model: Empty takes the conversation's own, else the provider's default.
            options: Members that override the request; None takes the conversation's own.
            parent_id: The message that the prompt follows: by default the active leaf; None makes a root.
            system_prompt: Empty takes the conversation's own.
            context_messages: How many messages of the branch are sent, the prompt included.

        Raises:
            StoreError: The prompt could not be kept; nothing was sent.
            UsageError: No such conversation or parent.
        """

        def open_row(store: Store) -> tuple[Conversation, Message, Message]:
            conversation = store.conversation(conversation_id)
            opened = store.open_turn(
                conversation_id, prompt, parent_id=parent_id, model=model or conversation.model
            )
            return conversation, *opened

        return self._turn(open_row, provider, model, options, system_prompt, context_messages)

    def regenerate(
        self,
        prompt_id: str,
        *,
        provider: Provider,
        model: str = "",
        options: Mapping[str, Any] | None = None,
        system_prompt: str = "",
        context_messages: int = CONTEXT_MESSAGES,
    ) -> AsyncGenerator[TurnEvent, None]:
        """Ask for one more reply to a prompt, a sibling of those there are; otherwise as `reply`.

        Raises:
            StoreError: The reply's row could not be written; nothing was sent.
            UsageError: There is no such prompt.
        """

        def open_row(store: Store) -> tuple[Conversation, Message, Message]:
            prompt = store.message(prompt_id)
            conversation = store.conversation(prompt.conversation_id)
            return conversation, prompt, store.open_reply(prompt_id, model=model or conversation.model)

        return self._turn(open_row, provider, model, options, system_prompt, context_messages)

    async def aclose(self) -> None:
        """Wait a bounded time until ended turns are on disk, and give up on what the store still refuses."""
        self._is_closed = True
        if self._endings:
            _, late = await asyncio.wait(set(self._endings), timeout=self._close_timeout_s)
            for ending in late:
                ending.cancel()

    async def _turn(
        self,
        open_row: Callable[[Store], tuple[Conversation, Message, Message]],
        provider: Provider,
        model: str,
        options: Mapping[str, Any] | None,
        system_prompt: str,
        context_messages: int,
    ) -> AsyncGenerator[TurnEvent, None]:
        conversation, prompt, reply = await self._open(open_row)
        saver = ReplySaver(self._store, reply.id, flush_s=self._flush_s)
        stream: AsyncGenerator[ReplyEvent, None] | None = None
        status: Status | None = None
        error, cause = "", None
        try:
            yield TurnOpened(prompt, reply)
            earlier = await self._store.call(Store.context, prompt.id, limit=max(context_messages, 1))
            request = ReplyRequest(
                messages=request_messages(
                    earlier, system_prompt or conversation.system_prompt, max_bytes=self._context_bytes
                ),
                model=model or conversation.model,
                options=_request_options(conversation.options if options is None else options),
            )
            stream = provider.stream(request)
            async for event in stream:
                if isinstance(event, TextAdded):
                    saver.add(event.text)
                elif isinstance(event, TextReplaced):
                    saver.replace(event.text)
                yield event
                for notice in saver.take_notices():
                    yield notice
            status = Status.COMPLETE
        except (asyncio.CancelledError, GeneratorExit):
            status = Status.STOPPED
            raise
        except GptalkError as err:
            status = Status.INCOMPLETE if saver.has_text else Status.FAILED
            error, cause = _in_words(err, has_text=saver.has_text), err
        finally:
            if status is None:
                status = Status.INCOMPLETE if saver.has_text else Status.FAILED
                error = f"{FAULT} {TEXT_KEPT}" if saver.has_text else FAULT
            # The row is closed while the connection is, whatever cancels this task meanwhile.
            ending = self._start_ending(saver, replace(reply, status=status, error=error))
            if stream is not None:
                with contextlib.suppress(GptalkError):
                    await stream.aclose()
            if status is not Status.COMPLETE and cause is None:
                await asyncio.wait({ending}, timeout=self._close_timeout_s)
        deadline = time.monotonic() + self._close_timeout_s
        while not ending.done() and time.monotonic() < deadline:
            await asyncio.wait({ending}, timeout=self._flush_s)
            for notice in saver.take_notices():
                yield notice
        for notice in saver.take_notices():  # it may have ended while the connection was being closed
            yield notice
        yield TurnEnded(_ended_reply(ending, replace(reply, status=status, error=error), saver), cause)

    async def _open(
        self, open_row: Callable[[Store], tuple[Conversation, Message, Message]]
    ) -> tuple[Conversation, Message, Message]:
        opening = asyncio.ensure_future(self._store.run(open_row))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            # The rows may be written already: nobody else would ever close them.
            ending = self._tracked(self._end_unseen(opening))
            await asyncio.wait({ending}, timeout=self._close_timeout_s)
            raise

    async def _end_unseen(self, opening: asyncio.Future[tuple[Conversation, Message, Message]]) -> Message:
        reply = (await opening)[2]
        return await self._store.call(Store.close_turn, reply.id, Status.STOPPED)

    def _start_ending(self, saver: ReplySaver, reply: Message) -> asyncio.Task[Message]:
        ending = self._tracked(self._end(saver, reply.status, reply.error))
        self._unsaved[reply.id] = replace(reply, content=saver.text)
        ending.add_done_callback(lambda _: self._unsaved.pop(reply.id, None))
        return ending

    async def _end(self, saver: ReplySaver, status: Status, error: str) -> Message:
        wait_s = self._flush_s
        while True:
            try:
                return await saver.close(status, error)
            except UsageError:
                raise  # the conversation has been deleted meanwhile
            except GptalkError:
                if self._is_closed:
                    raise
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _LONGEST_RETRY_S)

    def _tracked(self, work: Coroutine[Any, Any, Message]) -> asyncio.Task[Message]:
        task = asyncio.get_running_loop().create_task(work)
        self._endings.add(task)
        task.add_done_callback(self._untrack)
        return task

    def _untrack(self, task: asyncio.Task[Message]) -> None:
        self._endings.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits has it; nobody else needs a word about it


def _request_options(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in _OWN_OPTIONS}


def _ended_reply(ending: asyncio.Task[Message], in_memory: Message, saver: ReplySaver) -> Message:
    if ending.done() and not ending.cancelled() and ending.exception() is None:
        return ending.result()
    return replace(in_memory, content=saver.text)


def request_messages(
    earlier: Sequence[Message], system_prompt: str, *, max_bytes: int = CONTEXT_BYTES
) -> list[dict[str, str]]:
    """Return what is sent: the system prompt, then the newest messages that fit, oldest first.

    Args:
        earlier: The end of the branch, oldest first; the last one, the prompt, is always sent.
        system_prompt: Sent first unless empty.
        max_bytes: Bound on the messages' text, in bytes of UTF-8.
    """
    chosen: list[dict[str, str]] = []
    size_bytes = len(system_prompt.encode("utf-8", "replace"))
    for message in reversed(earlier):
        if chosen and (message.status is Status.FAILED or not message.content):
            continue
        size_bytes += len(message.content.encode("utf-8", "replace"))
        if chosen and size_bytes > max_bytes:
            break
        chosen.append({"role": message.role.value, "content": message.content})
    if system_prompt:
        chosen.append({"role": Role.SYSTEM.value, "content": system_prompt})
    return chosen[::-1]


def _in_words(err: GptalkError, *, has_text: bool) -> str:
    """Return why a reply is not whole; nothing is kept of one that had no text."""
    words = err.for_humans()
    return words if has_text else words.replace(TEXT_KEPT, "Try again.")
