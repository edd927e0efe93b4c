"""Records: frozen, and as good as dataclasses to whoever looks at their fields."""

from __future__ import annotations

from dataclasses import asdict, fields, is_dataclass, replace

import pytest

from gptalk_client.models import Message, Role, Status, Usage
from gptalk_client.records import Record


class Point(Record, frozen=True):
    """Two numbers."""

    x: int
    y: int = 0


class Line(Record, frozen=True):
    """Two points, and a name."""

    start: Point
    end: Point
    name: str = ""


def test_the_dataclasses_module_takes_a_record_for_one_of_its_own() -> None:
    line = Line(Point(1), Point(2, 3), "a")
    assert is_dataclass(line)
    assert [each.name for each in fields(Line)] == ["start", "end", "name"]
    assert [each.name for each in fields(Point)] == ["x", "y"]
    assert asdict(line) == {"start": {"x": 1, "y": 0}, "end": {"x": 2, "y": 3}, "name": "a"}
    assert replace(line, name="b") == Line(Point(1), Point(2, 3), "b")
    with pytest.raises(TypeError):
        replace(line, colour="red")


def test_a_record_is_frozen_and_equal_to_one_with_the_same_fields() -> None:
    point = Point(1, 2)
    with pytest.raises(AttributeError):
        point.x = 3  # type: ignore[misc]
    assert point == Point(1, 2) != Point(2, 1)
    assert len({point, Point(1, 2)}) == 1
    match point:
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_a_message_has_the_facts_of_its_reply() -> None:
    message = Message(
        "a", "b", None, Role.ASSISTANT, "Hi", Status.COMPLETE, 1, usage=Usage(3, 4), duration_ms=5
    )
    assert (message.facts.usage, message.facts.duration_ms) == (Usage(3, 4, None), 5)
    assert replace(message, content="Ho").facts == message.facts
