"""A conversation that is too long loses its oldest turns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gptalk_client.embedded.context import drop_oldest
from gptalk_client.embedded.prompt import ChatMessage


def conversation(turns: int, size: int = 100) -> list[ChatMessage]:
    messages: list[ChatMessage] = [{"role": "system", "content": "Be brief."}]
    for number in range(turns):
        messages.append({"role": "user", "content": f"{number}".ljust(size, "u")})
        messages.append({"role": "assistant", "content": f"{number}".ljust(size, "a")})
    return [*messages, {"role": "user", "content": "last"}]


def test_the_system_message_and_the_last_one_stay_and_the_oldest_go() -> None:
    messages = conversation(20)

    kept = drop_oldest(messages, tokens=4000, room=2000)

    assert kept is not None
    assert kept[0] == messages[0]
    assert kept[1:] == messages[-len(kept) + 1 :]
    assert sum(len(m["content"]) for m in kept) <= sum(len(m["content"]) for m in messages) / 2
    assert kept[1]["role"] == "user"


def test_messages_are_dropped_six_at_a_time() -> None:
    messages = conversation(20)

    assert drop_oldest(messages, tokens=1000, room=1000) == [messages[0], *messages[7:]]
    assert drop_oldest(messages, tokens=4000, room=2000) == [messages[0], *messages[25:]]
    assert drop_oldest(messages, tokens=4000, room=1) == [messages[0], messages[-1]]


def test_what_remains_begins_with_a_message_of_the_user() -> None:
    turns = conversation(20)[1:]
    asked_twice = [turns[0], *turns]
    assert asked_twice[6]["role"] == "assistant"

    assert drop_oldest(asked_twice, tokens=1000, room=1000) == asked_twice[7:]


def test_the_shortest_conversation_loses_all_but_the_question() -> None:
    messages = conversation(1, size=0)[1:]
    assert drop_oldest(messages[:2], tokens=0, room=0) == messages[1:2]
    assert drop_oldest(messages, tokens=0, room=0) == messages[2:]


def test_the_next_turns_begin_at_the_same_message() -> None:
    firsts = set()
    for turns in (30, 31, 32):
        messages = conversation(turns)
        kept = drop_oldest(messages, tokens=len(messages) * 25, room=1400)
        assert kept is not None
        firsts.add(kept[1]["content"])

    assert len(firsts) <= 2


def test_a_single_message_cannot_be_made_shorter() -> None:
    assert drop_oldest([{"role": "user", "content": "x" * 9999}], tokens=5000, room=100) is None
    assert drop_oldest(conversation(0), tokens=5000, room=100) is None


@given(
    turns=st.integers(1, 30), size=st.integers(0, 300), tokens=st.integers(0, 9000), room=st.integers(0, 4000)
)
def test_each_call_makes_it_shorter_and_keeps_the_question(
    turns: int, size: int, tokens: int, room: int
) -> None:
    messages = conversation(turns, size)

    kept = drop_oldest(messages, tokens, room)

    assert kept is not None
    assert len(kept) < len(messages)
    assert kept[-1] == messages[-1]
    assert kept[1]["role"] == "user"
