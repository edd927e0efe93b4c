"""Streamed text reaches the disk a moment later, and waits in memory while the disk refuses."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gptalk_client.chat import Chat
from gptalk_client.errors import StoreFullError
from gptalk_client.models import (
    Message,
    SaveFailed,
    SaveRecovered,
    Status,
    TextAdded,
    TextReplaced,
    TurnEnded,
    TurnEvent,
    TurnOpened,
)
from gptalk_client.store.saver import ReplySaver
from gptalk_client.store.store import Store
from gptalk_client.store.worker import StoreThread
from support.scripted_provider import ScriptedProvider
from support.until import until


class FlakyStore(Store):
    """Refuses to write replies while `is_full`, waits with them for `go_on`, and counts the flushes."""

    is_full = False
    flushes = 0
    go_on: threading.Event | None = None

    def append_reply(self, *args: Any, **kwargs: Any) -> None:
        self._check()
        super().append_reply(*args, **kwargs)

    def replace_reply(self, *args: Any, **kwargs: Any) -> None:
        self._check()
        super().replace_reply(*args, **kwargs)

    def close_turn(self, *args: Any, **kwargs: Any) -> Message:
        self._check()
        return super().close_turn(*args, **kwargs)

    def _check(self) -> None:
        self.flushes += 1
        if self.go_on is not None:
            self.go_on.wait(10)
        if self.is_full:
            raise StoreFullError("The disk is full.")


@pytest.fixture
async def thread(tmp_path: Path) -> AsyncIterator[StoreThread]:
    with FlakyStore.open(tmp_path / "conversations.db") as store:
        started = StoreThread(store)
        yield started
        await started.aclose()


@pytest.fixture
def store(thread: StoreThread) -> FlakyStore:
    assert isinstance(thread.store, FlakyStore)
    return thread.store


@pytest.fixture
async def chat(thread: StoreThread) -> AsyncIterator[Chat]:
    made = Chat(thread, flush_s=0.01, close_timeout_s=0.2)
    yield made
    await made.aclose()


async def until_stored(store: Store, message_id: str, content: str) -> None:
    await until(lambda: store.message(message_id).content == content)


async def read_to_gate(turn: AsyncIterator[TurnEvent], provider: ScriptedProvider) -> list[TurnEvent]:
    """Read events until the provider waits at its gate; leave the reading of the next one pending."""
    events: list[TurnEvent] = []

    async def read() -> None:
        async for event in turn:
            events.append(event)

    provider.reading = asyncio.ensure_future(read())  # type: ignore[attr-defined]
    await provider.at_gate.wait()
    return events


async def finish(provider: ScriptedProvider) -> None:
    await provider.reading  # type: ignore[attr-defined]


async def test_text_is_flushed_while_the_service_is_silent(chat: Chat, store: FlakyStore) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["one ", "two", gate])
    events = await read_to_gate(chat.reply(store.create_conversation().id, "hi", provider=provider), provider)
    assert isinstance(events[0], TurnOpened)
    await until_stored(store, events[0].reply.id, "one two")
    assert store.message(events[0].reply.id).status is Status.STREAMING
    gate.set()
    await finish(provider)


async def test_text_is_flushed_while_nobody_asks_for_the_next_event(chat: Chat, store: FlakyStore) -> None:
    turn = chat.reply(store.create_conversation().id, "hi", provider=ScriptedProvider(["one ", "two"]))
    opened = await anext(turn)
    assert isinstance(opened, TurnOpened)
    assert await anext(turn) == TextAdded("one ")
    await until_stored(store, opened.reply.id, "one ")
    await turn.aclose()


async def test_nothing_ticks_while_nothing_waits(store: FlakyStore, thread: StoreThread) -> None:
    _, reply = store.open_turn(store.create_conversation().id, "hi")
    saver = ReplySaver(thread, reply.id, flush_s=0.005)
    saver.add("")
    assert saver._timer is None
    saver.add("text")
    await until_stored(store, reply.id, "text")
    await until(lambda: saver._flushing is None)
    assert saver._timer is None
    assert store.flushes == 1


async def test_many_pieces_make_few_flushes(store: FlakyStore, thread: StoreThread) -> None:
    _, reply = store.open_turn(store.create_conversation().id, "hi")
    flush_s = 0.05
    saver = ReplySaver(thread, reply.id, flush_s=flush_s)
    start = time.monotonic()
    for _ in range(1000):
        saver.add("x")
        await asyncio.sleep(0)
    await until_stored(store, reply.id, "x" * 1000)
    assert store.flushes <= (time.monotonic() - start) / flush_s + 1
    closed, _ = await saver.close(Status.COMPLETE, "")
    assert closed.content == "x" * 1000


async def test_replacement_in_the_middle_of_a_flush_wins(store: FlakyStore, thread: StoreThread) -> None:
    _, reply = store.open_turn(store.create_conversation().id, "hi")
    saver = ReplySaver(thread, reply.id, flush_s=0.001)
    store.go_on = threading.Event()
    saver.add("one ")
    await until(lambda: store.flushes == 1)
    saver.replace("other ")
    saver.add("text")
    store.go_on.set()
    await until_stored(store, reply.id, "other text")
    assert saver.text == "other text"


async def test_closing_during_a_flush_leaves_nothing_to_flush(store: FlakyStore, thread: StoreThread) -> None:
    _, reply = store.open_turn(store.create_conversation().id, "hi")
    saver = ReplySaver(thread, reply.id, flush_s=0.001)
    store.go_on = threading.Event()
    saver.add("one ")
    await until(lambda: store.flushes == 1)
    saver.add("two")
    closing = asyncio.ensure_future(saver.close(Status.COMPLETE, ""))
    await asyncio.sleep(0)
    store.go_on.set()
    closed, _ = await closing
    assert closed.content == "one two"
    assert (saver._timer, saver._flushing) == (None, None)


async def test_failed_replacement_is_not_retried_as_an_append(store: FlakyStore, thread: StoreThread) -> None:
    _, reply = store.open_turn(store.create_conversation().id, "hi")
    saver = ReplySaver(thread, reply.id, flush_s=0.001)
    saver.add("one ")
    await until_stored(store, reply.id, "one ")
    store.is_full, store.flushes = True, 0
    saver.replace("other")
    await until(lambda: store.flushes >= 2)
    store.is_full = False
    await until_stored(store, reply.id, "other")


async def test_reasoning_is_flushed_beside_the_text(store: FlakyStore, thread: StoreThread) -> None:
    _, reply = store.open_turn(store.create_conversation().id, "hi")
    saver = ReplySaver(thread, reply.id, flush_s=0.001)
    saver.add_reasoning("6 times ")
    await until(lambda: store.reasoning(reply.id) == "6 times ")
    saver.add_reasoning("7.")
    saver.add("wrong")
    saver.replace("42")
    await until_stored(store, reply.id, "42")
    assert store.reasoning(reply.id) == "6 times 7."
    closed, _ = await saver.close(Status.COMPLETE, "")
    assert (closed.content, closed.reasoning) == ("42", "6 times 7.")


async def test_reasoning_that_could_not_be_saved_is_saved_once(
    store: FlakyStore, thread: StoreThread
) -> None:
    _, reply = store.open_turn(store.create_conversation().id, "hi")
    saver = ReplySaver(thread, reply.id, flush_s=0.001)
    saver.add_reasoning("one ")
    await until(lambda: store.reasoning(reply.id) == "one ")
    store.is_full, store.flushes = True, 0
    saver.add_reasoning("two")
    await until(lambda: store.flushes >= 2)
    store.is_full = False
    await until(lambda: store.reasoning(reply.id) == "one two")


async def test_full_disk_is_reported_once_and_saving_resumes(chat: Chat, store: FlakyStore) -> None:
    gates = [asyncio.Event() for _ in range(3)]
    provider = ScriptedProvider(["one ", gates[0], "two ", gates[1], TextReplaced("anew "), gates[2], "end"])
    turn = chat.reply(store.create_conversation().id, "hi", provider=provider)
    store.is_full = True
    events = await read_to_gate(turn, provider)
    await until(lambda: store.flushes >= 3)
    gates[0].set()
    await until(lambda: TextAdded("two ") in events)
    gates[1].set()
    await until(lambda: TextReplaced("anew ") in events)
    assert isinstance(events[0], TurnOpened)
    assert store.message(events[0].reply.id).content == ""
    store.is_full = False
    await until_stored(store, events[0].reply.id, "anew ")
    gates[2].set()
    await finish(provider)
    kinds = [type(event) for event in events if isinstance(event, SaveFailed | SaveRecovered)]
    assert kinds == [SaveFailed, SaveRecovered]
    assert isinstance(events[-1], TurnEnded)
    assert (events[-1].reply.content, events[-1].reply.status) == ("anew end", Status.COMPLETE)


async def test_turn_ends_in_memory_and_is_saved_later(chat: Chat, store: FlakyStore) -> None:
    store.is_full = True
    turn = chat.reply(store.create_conversation().id, "hi", provider=ScriptedProvider(["all of it"]))
    events = [event async for event in turn]
    assert [type(event) for event in events] == [TurnOpened, TextAdded, SaveFailed, TurnEnded]
    end = events[-1]
    assert isinstance(end, TurnEnded)
    assert (end.reply.status, end.reply.content) == (Status.COMPLETE, "all of it")
    assert chat.unsaved_replies == 1
    store.is_full = False
    await until_stored(store, end.reply.id, "all of it")
    await until(lambda: chat.unsaved_replies == 0)
    assert store.message(end.reply.id).status is Status.COMPLETE


async def test_recovery_is_reported_before_the_end(chat: Chat, store: FlakyStore) -> None:
    store.is_full = True
    turn = chat.reply(store.create_conversation().id, "hi", provider=ScriptedProvider(["all of it"]))
    events: list[TurnEvent] = []
    async for event in turn:
        events.append(event)
        if isinstance(event, SaveFailed):
            store.is_full = False
    assert [type(event) for event in events] == [TurnOpened, TextAdded, SaveFailed, SaveRecovered, TurnEnded]


async def test_closing_gives_up_on_a_disk_that_stays_full(thread: StoreThread, store: FlakyStore) -> None:
    chat = Chat(thread, flush_s=0.01, close_timeout_s=0.05)
    store.is_full = True
    turn = chat.reply(store.create_conversation().id, "hi", provider=ScriptedProvider(["lost"]))
    async for _ in turn:
        pass
    await chat.aclose()
    await until(lambda: chat.unsaved_replies == 0)
    store.is_full = False


async def test_closing_gives_up_at_once_when_the_disk_refuses_again(
    thread: StoreThread, store: FlakyStore
) -> None:
    chat = Chat(thread, flush_s=0.01, close_timeout_s=0.05)
    store.is_full = True
    async for _ in chat.reply(store.create_conversation().id, "hi", provider=ScriptedProvider(["lost"])):
        pass
    chat._close_timeout_s = 3600
    async with asyncio.timeout(30):
        await chat.aclose()
    assert chat.unsaved_replies == 0


async def test_purging_the_conversation_ends_the_turn_in_memory(chat: Chat, store: FlakyStore) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["text", gate])
    conversation = store.create_conversation()
    events = await read_to_gate(chat.reply(conversation.id, "hi", provider=provider), provider)
    store.purge_conversation(conversation.id)
    gate.set()
    await finish(provider)
    assert isinstance(events[-1], TurnEnded)
    assert (events[-1].reply.content, events[-1].reply.status) == ("text", Status.COMPLETE)
    assert store.conversations() == []
    assert chat.unsaved_replies == 0


async def test_a_stop_while_the_row_is_closed_waits_for_it(thread: StoreThread, store: FlakyStore) -> None:
    chat = Chat(thread, flush_s=0.01, close_timeout_s=30)
    conversation = store.create_conversation()
    store.go_on = threading.Event()
    turn = chat.reply(conversation.id, "hi", provider=ScriptedProvider(["all of it"]))

    async def follow() -> None:
        async for _ in turn:
            pass

    task = asyncio.create_task(follow())
    await until(lambda: chat.unsaved_replies == 1)
    task.cancel()
    await asyncio.sleep(0)
    store.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert chat.unsaved == {}
    assert turn.ended is not None
    assert turn.ended.reply.status is Status.COMPLETE
    assert turn.ended.conversation is not None
    assert turn.ended.conversation.id == conversation.id
