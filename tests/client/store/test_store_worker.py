"""The store's thread: in order, off the loop, and deaf to cancelled waiters."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from gptalk_client.errors import StoreError, StoreReadOnlyError, UsageError
from gptalk_client.store.store import Store
from gptalk_client.store.worker import StoreThread

LIMIT_S = 30.0
"""After this many seconds something is taken never to happen."""


@pytest.fixture
async def thread(store: Store) -> AsyncIterator[StoreThread]:
    started = StoreThread(store)
    yield started
    await started.aclose()


async def test_calls_run_in_order_on_one_other_thread(thread: StoreThread) -> None:
    seen: list[tuple[int, int]] = []

    def note(number: int) -> None:
        seen.append((number, threading.get_ident()))

    await asyncio.gather(*(thread.call(lambda _, n=number: note(n)) for number in range(50)))
    assert [number for number, _ in seen] == list(range(50))
    assert {ident for _, ident in seen}.isdisjoint({threading.get_ident()})
    assert len({ident for _, ident in seen}) == 1


async def test_results_and_errors_come_back(thread: StoreThread) -> None:
    made = await thread.call(Store.create_conversation, title="x")
    assert await thread.call(Store.conversation, made.id) == made
    with pytest.raises(UsageError):
        await thread.call(Store.conversation, "nothing")


async def test_cancelled_waiter_does_not_cancel_the_write(thread: StoreThread) -> None:
    gate = threading.Event()
    blocker = asyncio.ensure_future(thread.call(lambda _: gate.wait(5)))
    queued = asyncio.ensure_future(thread.call(Store.create_conversation, title="written"))
    await asyncio.sleep(0)
    queued.cancel()
    with pytest.raises(asyncio.CancelledError):
        await queued
    gate.set()
    await blocker
    assert [each.title for each in await thread.call(Store.conversations)] == ["written"]


async def test_close_waits_for_what_is_queued_and_takes_no_more(store: Store) -> None:
    thread = StoreThread(store)
    writes = [asyncio.ensure_future(thread.call(Store.create_conversation, title=str(n))) for n in range(20)]
    await asyncio.sleep(0)
    await thread.aclose()
    assert len(store.conversations()) == 20
    await asyncio.gather(*writes)
    with pytest.raises(StoreError, match="closed"):
        await thread.call(Store.conversations)
    await thread.aclose()


async def test_reading_does_not_wait_for_a_write_in_progress(store: Store) -> None:
    conversation = store.create_conversation(title="seen")
    inside, release = threading.Event(), threading.Event()

    def slow_write() -> None:
        with store._db.write() as con:
            con.execute("UPDATE conversation SET title = 'unseen'")
            inside.set()
            release.wait(5)

    writer = threading.Thread(target=slow_write)
    writer.start()
    try:
        assert inside.wait(5)
        assert store.conversation(conversation.id).title == "seen"
    finally:
        release.set()
        writer.join()
    assert store.conversation(conversation.id).title == "unseen"


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


async def test_calls_do_not_wait_for_a_slow_lookup(thread: StoreThread) -> None:
    has_begun, is_saved = threading.Event(), threading.Event()

    def slow(_store: Store) -> bool:
        has_begun.set()
        return is_saved.wait(LIMIT_S)

    lookup = asyncio.ensure_future(thread.look_up(slow))
    assert await asyncio.to_thread(has_begun.wait, LIMIT_S)
    saved = await thread.call(Store.create_conversation, title="saved meanwhile")
    assert thread.store.conversation(saved.id) == saved
    is_saved.set()
    assert await lookup


async def test_lookup_sees_what_was_saved_before_it_and_writes_nothing(thread: StoreThread) -> None:
    made = await thread.call(Store.create_conversation, title="seen")
    assert await thread.look_up(Store.conversation, made.id) == made
    with pytest.raises(StoreReadOnlyError):
        await thread.look_up(Store.create_conversation)


async def test_cancelled_lookup_is_interrupted_and_a_waiting_one_never_begins(thread: StoreThread) -> None:
    has_begun, begun = threading.Event(), []

    def endless(store: Store) -> None:
        with store._db.read() as con:
            has_begun.set()
            con.execute(ENDLESS).fetchall()

    running = asyncio.ensure_future(thread.look_up(endless))
    assert await asyncio.to_thread(has_begun.wait, LIMIT_S)
    waiting = asyncio.ensure_future(thread.look_up(lambda _: begun.append("waiting")))
    await asyncio.sleep(0)
    for each in (waiting, running):
        each.cancel()
        with pytest.raises(asyncio.CancelledError):
            await each
    async with asyncio.timeout(LIMIT_S):
        assert await thread.look_up(Store.conversations) == []
    assert begun == []


async def test_closing_interrupts_a_lookup(store: Store) -> None:
    thread, has_begun = StoreThread(store), threading.Event()

    def endless(store: Store) -> None:
        with store._db.read() as con:
            has_begun.set()
            con.execute(ENDLESS).fetchall()

    lookup = asyncio.ensure_future(thread.look_up(endless))
    assert await asyncio.to_thread(has_begun.wait, LIMIT_S)
    assert await thread.aclose(LIMIT_S)
    with pytest.raises(StoreError):
        await lookup
