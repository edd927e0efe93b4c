"""How a reply ended, by what its service said, and how long its parts took."""

from __future__ import annotations

import pytest

from gptalk_client.errors import TEXT_KEPT, ServerError, TruncatedError
from gptalk_client.models import (
    Finished,
    ReasoningAdded,
    ReplyEvent,
    ReplyFacts,
    Status,
    TextAdded,
    TextReplaced,
    Usage,
    UsageReported,
)
from gptalk_client.reply_record import CONTENT_FILTER, FAULT, LENGTH_LIMIT, ONLY_REASONING, ReplyRecord

TEXT, THOUGHT = TextAdded("Hi"), ReasoningAdded("hm")


class Clock:
    """A time that the test sets."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def record_of(*events: ReplyEvent) -> ReplyRecord:
    record = ReplyRecord()
    for event in events:
        record.take(event)
    return record


@pytest.mark.parametrize(
    ("events", "status", "words"),
    [
        ([TEXT, Finished("stop")], Status.COMPLETE, ""),
        ([TEXT], Status.COMPLETE, ""),
        ([Finished("stop")], Status.COMPLETE, ""),
        ([TEXT, Finished("refusal")], Status.COMPLETE, ""),
        ([TEXT, Finished("length")], Status.INCOMPLETE, LENGTH_LIMIT),
        ([Finished("length")], Status.INCOMPLETE, LENGTH_LIMIT),
        ([TEXT, Finished("content_filter")], Status.INCOMPLETE, CONTENT_FILTER),
        ([Finished("content_filter")], Status.FAILED, CONTENT_FILTER),
        ([THOUGHT, Finished("content_filter")], Status.INCOMPLETE, CONTENT_FILTER),
        ([THOUGHT, Finished("stop")], Status.INCOMPLETE, ONLY_REASONING),
        ([THOUGHT, Finished("length")], Status.INCOMPLETE, ONLY_REASONING),
        ([THOUGHT], Status.INCOMPLETE, ONLY_REASONING),
        ([THOUGHT, TEXT, Finished("stop")], Status.COMPLETE, ""),
        ([TEXT, THOUGHT, TextReplaced("")], Status.INCOMPLETE, ONLY_REASONING),
        ([Finished("tool_calls", "f()")], Status.FAILED, "The engine wanted to call f()"),
        ([TEXT, Finished("tool_calls")], Status.INCOMPLETE, "The engine wanted to call a tool"),
        ([TEXT, Finished("abort")], Status.INCOMPLETE, "ended the reply early: abort"),
        ([Finished("abort")], Status.FAILED, "ended the reply early: abort"),
    ],
    ids=repr,
)
def test_ending(events: list[ReplyEvent], status: Status, words: str) -> None:
    found, error = record_of(*events).ending()
    assert found is status
    assert words in error
    assert bool(words) is bool(error)


def test_failure_promises_only_a_text_that_is_kept() -> None:
    error = TruncatedError("It broke off.")
    assert record_of(TEXT).failure(error) == (Status.INCOMPLETE, f"It broke off. {TEXT_KEPT}")
    assert record_of(TEXT).failure(error, is_kept=False) == (Status.INCOMPLETE, "It broke off. Try again.")
    assert record_of(THOUGHT).failure(error) == (Status.INCOMPLETE, "It broke off. Try again.")
    assert record_of().failure(error) == (Status.FAILED, "It broke off. Try again.")
    assert record_of().failure(ServerError("Boom.")) == (Status.FAILED, "Boom. Try again.")
    assert record_of().fault() == (Status.FAILED, FAULT)
    assert record_of(TEXT).fault() == (Status.INCOMPLETE, f"{FAULT} {TEXT_KEPT}")


def test_times_are_counted_from_the_request() -> None:
    clock = Clock()
    record = ReplyRecord(clock)
    for at_s, event in [(101.0, THOUGHT), (102.0, THOUGHT), (103.5, TEXT), (104.0, TEXT)]:
        clock.now_s = at_s
        record.take(event)
    record.take(UsageReported(Usage(1, 2, 3)))
    record.take(Finished("stop"))
    clock.now_s = 105.0
    assert record.facts() == ReplyFacts("stop", Usage(1, 2, 3), 3500, 2500, 5000)


def test_text_that_turned_out_to_be_reasoning_counts_as_such() -> None:
    clock = Clock()
    record = ReplyRecord(clock)
    for at_s, event in [(101.0, TEXT), (103.0, THOUGHT), (103.0, TextReplaced("")), (104.0, TEXT)]:
        clock.now_s = at_s
        record.take(event)
    facts = record.facts()
    assert (facts.first_text_ms, facts.reasoning_ms) == (4000, 3000)


def test_reply_that_never_came_has_only_a_duration() -> None:
    clock = Clock()
    record = ReplyRecord(clock)
    clock.now_s = 101.0
    assert record.facts() == ReplyFacts(duration_ms=1000)
