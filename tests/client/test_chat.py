"""One turn: kept before it is asked, passed through as it comes, closed with one status however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from gptalk_client.chat import FAULT, Chat, request_messages
from gptalk_client.errors import (
    TEXT_KEPT,
    ConfigError,
    NetworkError,
    RateLimitedError,
    StalledError,
    StoreError,
    TruncatedError,
    UsageError,
)
from gptalk_client.models import (
    Message,
    Phase,
    PhaseChanged,
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
from gptalk_client.store.store import Store
from gptalk_client.store.worker import StoreThread
from support.scripted_provider import ScriptedProvider, Step
from support.until import until


@pytest.fixture
async def thread(tmp_path: Path) -> AsyncIterator[StoreThread]:
    with Store.open(tmp_path / "conversations.db") as store:
        started = StoreThread(store)
        yield started
        await started.aclose()
        assert store.integrity() == []


@pytest.fixture
async def chat(thread: StoreThread) -> AsyncIterator[Chat]:
    made = Chat(thread)
    yield made
    await made.aclose()
    assert made.unsaved_replies == 0


@pytest.fixture
def store(thread: StoreThread) -> Store:
    return thread.store


@pytest.fixture
def conversation_id(store: Store) -> str:
    return store.create_conversation().id


async def collect(turn: AsyncGenerator[TurnEvent, None]) -> list[TurnEvent]:
    return [event async for event in turn]


def ended(events: list[TurnEvent]) -> TurnEnded:
    assert isinstance(events[-1], TurnEnded)
    return events[-1]


def last(store: Store, conversation_id: str) -> Message:
    return store.messages(conversation_id)[-1]


async def settled(store: Store, message_id: str) -> Message:
    """Wait until a reply is no longer streaming."""
    await until(lambda: store.message(message_id).status is not Status.STREAMING)
    return store.message(message_id)


async def test_turn_yields_what_happens_and_keeps_it(chat: Chat, store: Store, conversation_id: str) -> None:
    phase = PhaseChanged(Phase.WAITING)
    provider = ScriptedProvider([phase, "Hel", "lo"])
    events = await collect(chat.reply(conversation_id, "hi", provider=provider, model="m"))
    opened = events[0]
    assert isinstance(opened, TurnOpened)
    assert events[1:-1] == [phase, TextAdded("Hel"), TextAdded("lo")]
    reply = ended(events).reply
    assert (reply.status, reply.content, reply.error, reply.model) == (Status.COMPLETE, "Hello", "", "m")
    assert ended(events).cause is None
    assert store.messages(conversation_id) == [opened.prompt, reply]


async def test_prompt_is_on_disk_before_the_provider_is_asked(
    chat: Chat, store: Store, conversation_id: str, tmp_path: Path
) -> None:
    provider = ScriptedProvider(["x"])
    turn = chat.reply(conversation_id, "hi", provider=provider)
    opened = await anext(turn)
    assert isinstance(opened, TurnOpened)
    assert provider.opened == 0
    with Store.open(tmp_path / "conversations.db", read_only=True) as other:
        assert [m.content for m in other.messages(conversation_id)] == ["hi", ""]
    await turn.aclose()
    assert provider.opened == 0
    assert store.message(opened.reply.id).status is Status.STOPPED


async def test_nothing_is_sent_when_the_prompt_cannot_be_kept(
    chat: Chat, store: Store, conversation_id: str
) -> None:
    provider = ScriptedProvider(["x"])
    with pytest.raises(UsageError):
        await collect(chat.reply("0" * 32, "hi", provider=provider))
    store._db._writer.ready().execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError):
        await collect(chat.reply(conversation_id, "hi", provider=provider))
    store._db._writer.ready().execute("PRAGMA query_only = OFF")
    assert provider.requests == []
    assert store.messages(conversation_id) == []


async def test_rewritten_text_replaces_what_there_was(chat: Chat, store: Store, conversation_id: str) -> None:
    provider = ScriptedProvider(["wrong start", TextReplaced("right"), " end"])
    assert (
        ended(await collect(chat.reply(conversation_id, "hi", provider=provider))).reply.content
        == "right end"
    )
    assert last(store, conversation_id).content == "right end"


@pytest.mark.parametrize(
    ("steps", "status", "content"),
    [
        ([NetworkError("No connection.")], Status.FAILED, ""),
        (["some", TruncatedError("The end is missing.")], Status.INCOMPLETE, "some"),
        (["some", StalledError("Silence.")], Status.INCOMPLETE, "some"),
        ([RateLimitedError("Too many.", retry_after_s=5)], Status.FAILED, ""),
        ([ConfigError("A bad proxy.")], Status.FAILED, ""),
        ([], Status.COMPLETE, ""),
    ],
)
async def test_end_sets_the_status_and_says_why(
    chat: Chat, store: Store, conversation_id: str, steps: list[Step], status: Status, content: str
) -> None:
    end = ended(await collect(chat.reply(conversation_id, "hi", provider=ScriptedProvider(steps))))
    error = steps[-1] if steps else None
    assert end.cause is error
    assert (end.reply.status, end.reply.content) == (status, content)
    assert end.reply.error == (end.cause.for_humans() if end.cause else "")
    assert last(store, conversation_id) == end.reply


async def test_fault_of_the_program_is_raised_and_the_text_kept(
    chat: Chat, store: Store, conversation_id: str
) -> None:
    with pytest.raises(ZeroDivisionError):
        await collect(
            chat.reply(conversation_id, "hi", provider=ScriptedProvider(["some", ZeroDivisionError()]))
        )
    reply = last(store, conversation_id)
    assert (reply.status, reply.content, reply.error) == (Status.INCOMPLETE, "some", f"{FAULT} {TEXT_KEPT}")


async def test_closing_the_generator_stops_and_keeps_the_text(
    chat: Chat, store: Store, conversation_id: str
) -> None:
    provider = ScriptedProvider(["one ", "two ", "three"])
    async with aclosing(chat.reply(conversation_id, "hi", provider=provider)) as turn:
        async for event in turn:
            if event == TextAdded("two "):
                break
    reply = last(store, conversation_id)
    assert (reply.status, reply.content, reply.error) == (Status.STOPPED, "one two ", "")
    assert (provider.opened, provider.closed) == (1, 1)


@pytest.mark.parametrize("cancels", [1, 2, 3])
async def test_cancel_stops_and_keeps_the_text(
    chat: Chat, store: Store, conversation_id: str, cancels: int
) -> None:
    provider = ScriptedProvider(["one ", asyncio.Event()])
    turn = asyncio.ensure_future(collect(chat.reply(conversation_id, "hi", provider=provider)))
    await provider.at_gate.wait()
    for _ in range(cancels):
        turn.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await turn
    reply = await settled(store, last(store, conversation_id).id)
    assert (reply.status, reply.content) == (Status.STOPPED, "one ")
    assert provider.closed == 1


async def test_cancel_while_the_turn_is_being_opened_leaves_no_reply_open(
    chat: Chat, store: Store, conversation_id: str
) -> None:
    provider = ScriptedProvider(["x"])
    for steps in range(6):
        turn = asyncio.ensure_future(collect(chat.reply(conversation_id, "hi", provider=provider)))
        for _ in range(steps):
            await asyncio.sleep(0)
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
    await chat.aclose()
    assert Status.STREAMING not in {m.status for m in store.messages(conversation_id)}


async def test_cancel_after_the_end_mark_was_read_leaves_the_reply_complete(
    chat: Chat, store: Store, conversation_id: str
) -> None:
    provider = ScriptedProvider(["all of it"])
    turn = asyncio.ensure_future(collect(chat.reply(conversation_id, "hi", provider=provider)))
    await provider.exhausted.wait()
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    reply = await settled(store, last(store, conversation_id).id)
    assert (reply.status, reply.content) == (Status.COMPLETE, "all of it")


async def test_stop_does_not_wait_for_a_service_that_hangs_up_slowly(
    chat: Chat, store: Store, conversation_id: str
) -> None:
    release = asyncio.Event()

    class SlowToClose(ScriptedProvider):
        async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
            try:
                yield TextAdded("text")
                await asyncio.Event().wait()
            finally:
                await release.wait()

    turn = chat.reply(conversation_id, "hi", provider=SlowToClose([]))
    opened = await anext(turn)
    assert isinstance(opened, TurnOpened)
    await anext(turn)
    closing = asyncio.ensure_future(turn.aclose())
    assert (await settled(store, opened.reply.id)).status is Status.STOPPED
    assert not closing.done()
    release.set()
    await closing


async def test_several_turns_run_at_the_same_time(chat: Chat, store: Store) -> None:
    gates = [asyncio.Event() for _ in range(5)]
    providers = [ScriptedProvider([f"a{n} ", gate, f"b{n}"]) for n, gate in enumerate(gates)]
    ids = [store.create_conversation().id for _ in gates]
    turns = [
        asyncio.ensure_future(collect(chat.reply(each, "hi", provider=provider)))
        for each, provider in zip(ids, providers, strict=True)
    ]
    for provider in providers:
        await provider.at_gate.wait()
    for gate in reversed(gates):
        gate.set()
    await asyncio.gather(*turns)
    assert [last(store, each).content for each in ids] == [f"a{n} b{n}" for n in range(5)]


async def test_request_carries_the_branch_the_system_prompt_and_the_options(chat: Chat, store: Store) -> None:
    conversation = store.create_conversation(
        system_prompt="be brief", model="own", options={"temperature": 1, "context_messages": 3}
    )
    provider = ScriptedProvider(["one"], [NetworkError("x")], ["three"])
    for text in ("first", "second", "third"):
        await collect(chat.reply(conversation.id, text, provider=provider))
    request = provider.requests[-1]
    assert [(m["role"], m["content"]) for m in request.messages] == [
        ("system", "be brief"), ("user", "first"), ("assistant", "one"), ("user", "second"), ("user", "third"),
    ]  # fmt: skip
    assert (request.model, request.options) == ("own", {"temperature": 1})
    await collect(
        chat.reply(
            conversation.id, "fourth", provider=provider, model="other", options={}, system_prompt="be long",
            context_messages=2,
        )
    )  # fmt: skip
    request = provider.requests[-1]
    assert [m["content"] for m in request.messages] == ["be long", "three", "fourth"]
    assert (request.model, dict(request.options)) == ("other", {})


async def test_edited_prompt_begins_a_branch_of_its_own(
    chat: Chat, store: Store, conversation_id: str
) -> None:
    provider = ScriptedProvider(["yes"])
    await collect(chat.reply(conversation_id, "first", provider=provider))
    await collect(chat.reply(conversation_id, "first, edited", provider=provider, parent_id=None))
    assert [m["content"] for m in provider.requests[-1].messages] == ["first, edited"]
    assert [m.content for m in store.branch_messages(conversation_id)] == ["first, edited", "yes"]


async def test_regenerated_reply_is_a_sibling_and_does_not_see_the_first(
    chat: Chat, store: Store, conversation_id: str
) -> None:
    provider = ScriptedProvider(["one"], ["two"])
    first = ended(await collect(chat.reply(conversation_id, "hi", provider=provider))).reply
    assert first.parent_id is not None
    events = await collect(chat.regenerate(first.parent_id, provider=provider, model="m2"))
    second = ended(events).reply
    assert isinstance(events[0], TurnOpened)
    assert events[0].prompt.content == "hi"
    assert (second.content, second.model) == ("two", "m2")
    assert store.siblings(first.id) == [first.id, second.id]
    assert [m["content"] for m in provider.requests[-1].messages] == ["hi"]


def test_context_is_bounded_in_bytes_and_keeps_the_newest() -> None:
    def message(role: Role, content: str, status: Status = Status.COMPLETE) -> Message:
        return Message("i", "c", None, role, content, status, 0)

    earlier = [
        message(Role.USER, "я" * 40),
        message(Role.ASSISTANT, "b" * 30),
        message(Role.ASSISTANT, "", Status.STOPPED),
        message(Role.ASSISTANT, "half", Status.FAILED),
        message(Role.USER, "prompt"),
    ]
    assert [m["content"] for m in request_messages(earlier, "", max_bytes=50)] == ["b" * 30, "prompt"]
    assert len(request_messages(earlier, "", max_bytes=116)) == 3
    assert len(request_messages(earlier, "", max_bytes=115)) == 2
    assert [m["content"] for m in request_messages(earlier, "system", max_bytes=0)] == ["system", "prompt"]
    assert request_messages([message(Role.USER, "")], "") == [{"role": "user", "content": ""}]
