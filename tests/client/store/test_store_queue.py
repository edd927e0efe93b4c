"""Prompts that wait for their turn, on real files: kept from the moment they are queued, sent once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from gptalk_client.errors import UsageError
from gptalk_client.models import Conversation, QueuedPrompt, Role, Status
from gptalk_client.store.journal import Journal
from gptalk_client.store.rows import new_id
from gptalk_client.store.store import Store


def queued(conversation: Conversation, content: str) -> QueuedPrompt:
    return QueuedPrompt(new_id(), conversation.id, content)


def contents(store: Store, conversation_id: str) -> list[str]:
    return [each.content for each in store.queued(conversation_id)]


def test_queued_prompts_are_no_messages(path: Path) -> None:
    with Store.open(path) as store:
        conversation = store.create_conversation()
        store.enqueue(queued(conversation, "a needle"), draft="typed since")
    with Store.open(path) as store:
        assert contents(store, conversation.id) == ["a needle"]
        assert store.messages(conversation.id) == []
        assert store.search("needle") == []
        assert store.prompts(limit=10) == []
        opened = store.open_conversation(conversation.id, newest_texts=9)
        assert [each.content for each in opened.queued] == ["a needle"]
        assert opened.conversation.draft == "typed since"
        assert not store.discard_blank(conversation.id)


def test_a_queued_prompt_becomes_a_message_once(path: Path) -> None:
    with Store.open(path) as one, Store.open(path) as other:
        conversation = one.create_conversation()
        prompt, _ = one.enqueue(queued(conversation, "go"))
        message, _ = other.open_turn(conversation.id, prompt.content, queued_id=prompt.id)
        assert message.id == prompt.id
        with pytest.raises(UsageError, match="no longer queued"):
            one.open_turn(conversation.id, prompt.content, queued_id=prompt.id)
        one.enqueue(prompt)  # a late retry
        assert one.queued(conversation.id) == []
        assert [each.content for each in one.messages(conversation.id)] == ["go", ""]


def test_a_removed_prompt_returns_to_its_place(path: Path) -> None:
    with Store.open(path) as store:
        conversation = store.create_conversation()
        first, second, third = (store.enqueue(queued(conversation, each))[0] for each in "123")
        store.dequeue(second.id)
        assert contents(store, conversation.id) == ["1", "3"]
        store.enqueue(second)
        assert store.queued(conversation.id) == [first, second, third]


def test_a_conversation_takes_its_queue_along(path: Path) -> None:
    with Store.open(path) as store:
        conversation = store.create_conversation()
        store.enqueue(queued(conversation, "kept"))
        store.trash_conversation(conversation.id)
        store.restore_conversation(conversation.id)
        assert contents(store, conversation.id) == ["kept"]
        store.purge_conversation(conversation.id)
        with pytest.raises(UsageError):
            store.enqueue(queued(conversation, "too late"))
        assert store.integrity() == []


def test_the_journal_gives_queued_prompts_back_to_their_queues(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "unsaved.jsonl")
    with Store.open(tmp_path / "conversations.db") as store:
        conversation = store.create_conversation()
        first, second, sent = (queued(conversation, each) for each in ("first", "second", "sent"))
        for each in (first, second, sent, QueuedPrompt(new_id(), new_id(), "of no conversation")):
            journal.keep_queued(each)
        store.enqueue(sent)
        store.open_turn(conversation.id, "sent", queued_id=sent.id)
        journal.drop_queued(second.id)
        journal.restore(store)
        assert contents(store, conversation.id) == ["first"]
        assert journal.texts() == ["of no conversation"]


TEXTS = st.text(min_size=1, max_size=8)


class QueueMachine(RuleBasedStateMachine):
    """Two windows on one file, each of which may be closed and opened again, against a plain list."""

    folder: Path
    files = 0

    def __init__(self) -> None:
        super().__init__()
        QueueMachine.files += 1
        self.path = self.folder / f"{QueueMachine.files}.db"
        self.stores = [Store.open(self.path), Store.open(self.path)]
        self.waiting: list[QueuedPrompt] = []
        self.sent: list[str] = []
        self.removed: list[QueuedPrompt] = []

    @initialize()
    def begin(self) -> None:
        self.conversation = self.stores[0].create_conversation()

    def any_of(self, prompts: list[QueuedPrompt], at: int) -> QueuedPrompt | None:
        return prompts[at % len(prompts)] if prompts else None

    @rule(window=st.integers(0, 1), text=TEXTS)
    def enqueue(self, window: int, text: str) -> None:
        stored, _ = self.stores[window].enqueue(queued(self.conversation, text))
        self.waiting.append(stored)

    @rule(window=st.integers(0, 1), at=st.integers(0, 9))
    def send(self, window: int, at: int) -> None:
        prompt = self.any_of(self.waiting, at)
        if prompt is not None:
            message, reply = self.stores[window].open_turn(
                self.conversation.id, prompt.content, queued_id=prompt.id
            )
            self.stores[window].close_turn(reply.id, Status.COMPLETE, content="ok")
            self.waiting.remove(prompt)
            self.sent.append(message.id)

    @rule(window=st.integers(0, 1), at=st.integers(0, 9))
    def send_again(self, window: int, at: int) -> None:
        if self.sent:
            with pytest.raises(UsageError):
                self.stores[window].open_turn(
                    self.conversation.id, "again", queued_id=self.sent[at % len(self.sent)]
                )

    @rule(window=st.integers(0, 1), at=st.integers(0, 9))
    def remove(self, window: int, at: int) -> None:
        prompt = self.any_of(self.waiting, at)
        if prompt is not None:
            self.stores[window].dequeue(prompt.id)
            self.waiting.remove(prompt)
            self.removed.append(prompt)

    @rule(window=st.integers(0, 1))
    def undo(self, window: int) -> None:
        if self.removed:
            self.waiting.append(self.stores[window].enqueue(self.removed.pop())[0])
            self.waiting.sort(key=lambda each: each.place)

    @rule(window=st.integers(0, 1), at=st.integers(0, 9), text=TEXTS)
    def change(self, window: int, at: int, text: str) -> None:
        prompt = self.any_of(self.waiting, at)
        if prompt is not None:
            self.stores[window].change_queued(prompt.id, text)
            place = self.waiting.index(prompt)
            self.waiting[place] = self.stores[window].queued(self.conversation.id)[place]
            assert self.waiting[place].id == prompt.id

    @rule(window=st.integers(0, 1))
    def start_again(self, window: int) -> None:
        self.stores[window].close()
        self.stores[window] = Store.open(self.path)

    @invariant()
    def every_window_sees_the_same(self) -> None:
        for store in self.stores:
            if hasattr(self, "conversation"):
                assert store.queued(self.conversation.id) == self.waiting
                prompts = [m.id for m in store.messages(self.conversation.id) if m.role is Role.USER]
                assert prompts == self.sent

    def teardown(self) -> None:
        for store in self.stores:
            store.close()


def test_no_order_of_changes_loses_or_repeats_a_prompt(tmp_path: Path) -> None:
    QueueMachine.folder = tmp_path
    run_state_machine_as_test(
        QueueMachine, settings=settings(max_examples=8, stateful_step_count=15, deadline=None)
    )
