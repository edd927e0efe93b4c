"""One turn: saved before it is sent, passed on as it streams, closed with one status however it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from gptalk_client.chat import Chat
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
    Conversation,
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
from gptalk_client.reply_record import FAULT
from gptalk_client.store.store import Store
from gptalk_client.store.worker import StoreThread
from gptalk_client.turn_options import TurnOptions
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


async def closed_reply(store: Store, message_id: str) -> Message:
    """Wait until a reply is no longer streaming."""
    await until(lambda: store.message(message_id).status is not Status.STREAMING)
    return store.message(message_id)


async def test_turn_yields_its_events_and_saves_them(chat: Chat, store: Store, conversation_id: str) -> None:
    phase = PhaseChanged(Phase.WAITING)
    provider = ScriptedProvider([phase, "Hel", "lo"])
    events = await collect(
        chat.reply(conversation_id, "hi", provider=provider, options=TurnOptions(model="m"))
    )
    opened = events[0]
    assert isinstance(opened, TurnOpened)
    assert events[1:-1] == [phase, TextAdded("Hel"), TextAdded("lo")]
    reply = ended(events).reply
    assert (reply.status, reply.content, reply.error, reply.model) == (Status.COMPLETE, "Hello", "", "m")
    assert ended(events).cause is None
    assert store.messages(conversation_id) == [opened.prompt, reply]


async def test_prompt_is_on_disk_before_anything_is_sent(
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


async def test_nothing_is_sent_when_the_prompt_cannot_be_saved(
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


async def test_rewritten_text_replaces_the_reply(chat: Chat, store: Store, conversation_id: str) -> None:
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
async def test_end_sets_status_and_error(
    chat: Chat, store: Store, conversation_id: str, steps: list[Step], status: Status, content: str
) -> None:
    end = ended(await collect(chat.reply(conversation_id, "hi", provider=ScriptedProvider(steps))))
    error = steps[-1] if steps else None
    assert end.cause is error
    assert (end.reply.status, end.reply.content) == (status, content)
    assert end.reply.error == (end.cause.for_humans() if end.cause else "")
    assert last(store, conversation_id) == end.reply


async def test_program_fault_is_raised_and_the_text_saved(
    chat: Chat, store: Store, conversation_id: str
) -> None:
    with pytest.raises(ZeroDivisionError):
        await collect(
            chat.reply(conversation_id, "hi", provider=ScriptedProvider(["some", ZeroDivisionError()]))
        )
    reply = last(store, conversation_id)
    assert (reply.status, reply.content, reply.error) == (Status.INCOMPLETE, "some", f"{FAULT} {TEXT_KEPT}")


async def test_closing_the_turn_stops_it_and_saves_the_text(
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
async def test_cancelling_stops_the_turn_and_saves_the_text(
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
    reply = await closed_reply(store, last(store, conversation_id).id)
    assert (reply.status, reply.content) == (Status.STOPPED, "one ")
    assert provider.closed == 1


async def test_cancelling_while_opening_leaves_no_reply_open(
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
        assert Status.STREAMING not in {m.status for m in store.messages(conversation_id)}
    assert {m.status for m in store.messages(conversation_id)} == {Status.COMPLETE, Status.STOPPED}


async def test_cancelling_after_the_end_leaves_the_reply_complete(
    chat: Chat, store: Store, conversation_id: str
) -> None:
    provider = ScriptedProvider(["all of it"])
    turn = asyncio.ensure_future(collect(chat.reply(conversation_id, "hi", provider=provider)))
    await provider.exhausted.wait()
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    reply = await closed_reply(store, last(store, conversation_id).id)
    assert (reply.status, reply.content) == (Status.COMPLETE, "all of it")


async def test_stopping_does_not_wait_for_a_slow_hang_up(
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
    assert (await closed_reply(store, opened.reply.id)).status is Status.STOPPED
    assert not closing.done()
    release.set()
    await closing


async def test_several_turns_run_at_once(chat: Chat, store: Store) -> None:
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


async def test_request_carries_the_branch_and_the_options(
    chat: Chat, store: Store, conversation_id: str
) -> None:
    provider = ScriptedProvider(["one"], [NetworkError("x")], ["three"])
    options = TurnOptions(model="own", system_prompt="be brief", parameters={"temperature": 1})
    for text in ("first", "second", "third"):
        await collect(chat.reply(conversation_id, text, provider=provider, options=options))
    request = provider.requests[-1]
    assert [(m["role"], m["content"]) for m in request.messages] == [
        ("system", "be brief"), ("user", "first"), ("assistant", "one"), ("user", "second"), ("user", "third"),
    ]  # fmt: skip
    assert (request.model, request.options) == ("own", {"temperature": 1})
    options = TurnOptions(model="other", system_prompt="be long", context_limit=2)
    await collect(chat.reply(conversation_id, "fourth", provider=provider, options=options))
    request = provider.requests[-1]
    assert [m["content"] for m in request.messages] == ["be long", "three", "fourth"]
    assert (request.model, request.options) == ("other", {})


async def test_settings_stored_with_a_conversation_decide_nothing_here(chat: Chat, store: Store) -> None:
    made = store.create_conversation(system_prompt="its own", model="its own", options={"temperature": 2})
    provider = ScriptedProvider(["x"])
    await collect(chat.reply(made.id, "hi", provider=provider))
    assert provider.requests == [ReplyRequest([{"role": "user", "content": "hi"}])]


async def test_new_conversation_is_stored_with_its_first_prompt(chat: Chat, store: Store) -> None:
    new = Conversation("f" * 32, "", 0, 0, system_prompt="be brief", options={"temperature": 1}, draft="hi")
    opened, *_, last_event = await collect(
        chat.reply(new.id, "hi", provider=ScriptedProvider(["x"]), new=new)
    )
    assert isinstance(opened, TurnOpened)
    stored = opened.conversation
    assert stored is not None
    assert (stored.id, stored.title, stored.draft, stored.message_count) == (new.id, "hi", "", 2)
    assert (stored.system_prompt, stored.options) == ("be brief", {"temperature": 1})
    assert isinstance(last_event, TurnEnded)
    assert last_event.conversation == store.conversation(new.id)
    await collect(chat.reply(new.id, "more", provider=ScriptedProvider(["x"]), new=new))
    assert store.conversation(new.id).message_count == 4


async def test_new_conversation_is_not_left_behind_when_its_prompt_cannot_be_saved(
    chat: Chat, store: Store
) -> None:
    new = Conversation("f" * 32, "", 0, 0)
    with pytest.raises(UsageError):
        await collect(chat.reply(new.id, "hi", provider=ScriptedProvider(["x"]), new=new, parent_id="0" * 32))
    assert store.conversations() == []


async def test_draft_that_remains_is_stored_with_the_prompt(chat: Chat, store: Store) -> None:
    made = store.set_draft(store.create_conversation().id, "an old draft")
    provider = ScriptedProvider(["x"])
    await collect(chat.reply(made.id, "something else", provider=provider))
    assert store.conversation(made.id).draft == "an old draft"
    opened, *_ = await collect(chat.reply(made.id, "sent", provider=provider, draft="still here"))
    assert isinstance(opened, TurnOpened)
    assert opened.conversation is not None
    assert opened.conversation.draft == store.conversation(made.id).draft == "still here"


@pytest.mark.parametrize("is_read", [True, False])
async def test_conversation_that_nobody_looks_at_becomes_unread(
    chat: Chat, store: Store, conversation_id: str, is_read: bool
) -> None:
    turn = chat.reply(conversation_id, "hi", provider=ScriptedProvider(["x"]), is_read=lambda: is_read)
    conversation = ended(await collect(turn)).conversation
    assert conversation == store.conversation(conversation_id)
    assert conversation is not None
    assert conversation.unread is not is_read


async def test_stopped_turn_knows_how_it_ended(chat: Chat, store: Store, conversation_id: str) -> None:
    turn = chat.reply(conversation_id, "hi", provider=ScriptedProvider(["one ", "two "]))
    opened = await anext(turn)
    assert isinstance(opened, TurnOpened)
    await anext(turn)
    assert turn.ended is None
    await turn.aclose()
    reply = store.message(opened.reply.id)
    assert (reply.content, reply.status) == ("one ", Status.STOPPED)
    assert turn.ended == TurnEnded(reply, None, store.conversation(conversation_id))


async def test_turn_ends_with_the_error_if_its_branch_cannot_be_read(
    chat: Chat, store: Store, conversation_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = StoreError("The file is damaged.")

    def refuse(*_: object, **__: object) -> list[Message]:
        raise error

    monkeypatch.setattr(store, "context", refuse)
    provider = ScriptedProvider(["x"])
    events = await collect(chat.reply(conversation_id, "hi", provider=provider))
    assert [type(event) for event in events] == [TurnOpened, TurnEnded]
    end = ended(events)
    assert (end.reply.status, end.cause) == (Status.FAILED, error)
    assert end.reply.error == error.for_humans()
    assert provider.requests == []


class CountingThread(StoreThread):
    """Counts the calls."""

    calls = 0

    async def call(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return await super().call(*args, **kwargs)


@pytest.mark.parametrize("is_new", [True, False])
async def test_turn_takes_two_store_calls_apart_from_flushes(store: Store, is_new: bool) -> None:
    thread = CountingThread(store)
    chat = Chat(thread, flush_s=60)
    provider = ScriptedProvider(["one ", "two"])
    new = Conversation("f" * 32, "", 0, 0) if is_new else None
    conversation_id = new.id if new is not None else store.create_conversation().id
    events = await collect(
        chat.reply(conversation_id, "hi", provider=provider, new=new, is_read=lambda: False)
    )
    assert thread.calls == 2
    # Nothing is left to be read afterwards.
    end = ended(events)
    assert end.reply == last(store, conversation_id)
    assert end.conversation == store.conversation(conversation_id)
    assert end.conversation.unread
    await collect(chat.regenerate(str(end.reply.parent_id), provider=provider))
    assert thread.calls == 4
    await thread.aclose()


async def test_edited_prompt_starts_its_own_branch(chat: Chat, store: Store, conversation_id: str) -> None:
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
    events = await collect(
        chat.regenerate(first.parent_id, provider=provider, options=TurnOptions(model="m2"))
    )
    second = ended(events).reply
    assert isinstance(events[0], TurnOpened)
    assert events[0].prompt.content == "hi"
    assert (second.content, second.model) == ("two", "m2")
    assert store.siblings(first.id) == [first.id, second.id]
    assert [m["content"] for m in provider.requests[-1].messages] == ["hi"]


def test_context_is_limited_in_bytes_and_keeps_the_newest() -> None:
    def message(role: Role, content: str, status: Status = Status.COMPLETE) -> Message:
        return Message("i", "c", None, role, content, status, 0)

    earlier = [
        message(Role.USER, "я" * 40),
        message(Role.ASSISTANT, "b" * 30),
        message(Role.ASSISTANT, "", Status.STOPPED),
        message(Role.ASSISTANT, "half", Status.FAILED),
        message(Role.USER, "prompt"),
    ]

    def sent(max_bytes: int, system_prompt: str = "") -> list[str]:
        options = TurnOptions(system_prompt=system_prompt)
        return [m["content"] for m in options.request(earlier, max_bytes=max_bytes).messages]

    assert sent(50) == ["b" * 30, "prompt"]
    assert len(sent(116)) == 3
    assert len(sent(115)) == 2
    assert sent(0, "system") == ["system", "prompt"]
    empty = TurnOptions().request([message(Role.USER, "")])
    assert empty.messages == [{"role": "user", "content": ""}]


async def test_a_chat_takes_a_store_and_closes_its_own_thread_only(tmp_path: Path) -> None:
    with Store.open(tmp_path / "conversations.db") as store:
        conversation_id = store.create_conversation().id
        async with Chat(store) as chat:
            events = await collect(chat.reply(conversation_id, "hi", provider=ScriptedProvider(["Hello"])))
            assert ended(events).reply.content == "Hello"
            assert ended(events).reply.status is Status.COMPLETE
        await until(lambda: not any(each.name.startswith("store") for each in threading.enumerate()))
        assert store.conversation(conversation_id).message_count == 2


async def test_a_chat_belongs_to_one_event_loop(chat: Chat, conversation_id: str, store: Store) -> None:
    await collect(chat.reply(conversation_id, "hi", provider=ScriptedProvider(["Hello"])))

    def elsewhere() -> None:
        asyncio.run(collect(chat.reply(conversation_id, "again", provider=ScriptedProvider([]))))

    with pytest.raises(UsageError, match="another event loop"):
        await asyncio.to_thread(elsewhere)
    assert store.conversation(conversation_id).message_count == 2
