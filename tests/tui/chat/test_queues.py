"""The rules of queued prompts and of turns, as plain state."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gptalk_client.models import Message, QueuedPrompt, Role, Status
from gptalk_tui.chat.queues import Queues
from gptalk_tui.chat.turns import LiveTurn, Turns

HERE = "here"


def prompt(name: str, place: int = 0) -> QueuedPrompt:
    return QueuedPrompt(name, HERE, f"text of {name}", place)


def stored(*names: str) -> Queues:
    """Return the state after prompts were queued and stored."""
    queues = Queues()
    for place, name in enumerate(names, 1):
        queues.add(prompt(name))
        queues.update(name, place=place, is_stored=True)
    return queues


def ids(queues: Queues) -> list[str]:
    return [each.id for each in queues.of(HERE)]


def test_a_prompt_may_be_sent_once_it_is_stored() -> None:
    queues = Queues()
    queues.add(prompt("a"))
    assert queues.next_of(HERE) is None
    assert queues.unkept == [prompt("a")]
    queues.update("a")  # in the journal
    assert queues.unkept == []
    assert queues.next_of(HERE) is None
    queues.update("a", place=1, is_stored=True)
    first = queues.next_of(HERE)
    assert first is not None
    assert first.id == "a"


def test_what_is_queued_behind_a_held_prompt_is_held() -> None:
    queues = stored("a")
    queues.hold(HERE)
    queues.add(prompt("b"))
    assert [each.is_held for each in queues.of(HERE)] == [True, True]
    queues.release(HERE)
    assert [each.is_held for each in queues.of(HERE)] == [False, False]


def test_what_is_read_from_disk_is_held_and_what_is_gone_there_is_gone_here() -> None:
    queues = stored("a", "b")
    queues.add(prompt("not stored yet"))
    queues.load(HERE, [prompt("b", 2), prompt("other window", 3)])
    assert ids(queues) == ["b", "other window", "not stored yet"]
    assert [each.is_held for each in queues.of(HERE)] == [False, True, False]
    queues.load(HERE, [prompt("b", 2), prompt("other window", 3)], sending={"b"})
    assert ids(queues)[0] == "other window"


def test_a_prompt_that_was_not_sent_returns_to_its_place_and_holds_the_queue() -> None:
    queues = stored("a", "b", "c")
    taken = queues.take("b")
    assert taken is not None
    queues.put_back(taken)
    queues.put_back(taken)
    assert ids(queues) == ["a", "b", "c"]
    assert queues.is_held(HERE)


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["add", "store", "take", "put back", "hold", "release", "load"]), st.integers(0, 5)
    )
)


@given(OPERATIONS)
def test_no_order_of_events_loses_or_doubles_a_prompt(operations: list[tuple[str, int]]) -> None:
    queues, disk, out, count = Queues(), dict[str, QueuedPrompt](), [], 0
    expected: set[str] = set()
    for name, number in operations:
        waiting = queues.of(HERE)
        chosen = waiting[number % len(waiting)] if waiting else None
        if name == "add":
            count += 1
            expected.add(str(count))
            queues.add(prompt(str(count)))
        elif name == "store" and chosen is not None and not chosen.is_stored:
            disk[chosen.id] = prompt(chosen.id, len(disk) + len(out) + 1)
            queues.update(chosen.id, place=disk[chosen.id].place, is_stored=True)
        elif name == "take" and chosen is not None and chosen.is_stored:
            taken = queues.take(chosen.id)
            assert taken is not None
            out.append(taken)
        elif name == "put back" and out:
            queues.put_back(out.pop())
        elif name == "hold":
            queues.hold(HERE)
        elif name == "release":
            queues.release(HERE)
        elif name == "load":
            sending = {each.id for each in out}
            queues.load(HERE, sorted(disk.values(), key=lambda each: each.place), sending=sending)
        found = [*ids(queues), *(each.id for each in out)]
        assert sorted(found) == sorted(expected)


def reply(name: str) -> Message:
    return Message(name, HERE, "prompt", Role.ASSISTANT, "", Status.STREAMING, 0)


async def test_a_turn_that_is_set_aside_leaves_its_conversation_free() -> None:
    turns, front, aside = Turns(), LiveTurn(HERE, 0), LiveTurn(HERE, 0, is_aside=True)
    front.reply, aside.reply = reply("front"), reply("aside")
    turns.begin(aside)
    assert turns.of(HERE) is None
    turns.begin(front)
    assert turns.of(HERE) is front
    assert turns.conversations == {HERE}
    turns.bring_to_front(["another"])
    assert turns.of(HERE) is front
    turns.bring_to_front(["aside"])
    assert turns.of(HERE) is aside
    assert front.is_aside
    turns.end(aside)
    assert turns.of(HERE) is None
    assert turns.writing("front") is front
