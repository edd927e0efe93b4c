"""JSON from outside is decoded and refused alike on every Python."""

from __future__ import annotations

import threading

import msgspec
import pytest

from gptalk_client.json_decoding import MAX_DEPTH, JsonError, TooDeepError, decode


def arrays(depth: int, inside: bytes = b"1") -> bytes:
    return b"[" * depth + inside + b"]" * depth


def objects(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize("nested", [arrays, objects])
def test_the_deepest_value_is_decoded_and_one_deeper_is_not(nested) -> None:
    value = decode(nested(MAX_DEPTH))
    for _ in range(MAX_DEPTH):
        (value,) = value if isinstance(value, list) else value.values()
    assert value == 1
    with pytest.raises(TooDeepError, match=r"^it is nested too deep$"):
        decode(nested(MAX_DEPTH + 1))


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 900, 2_000, 9_000, 60_000, 300_000])
@pytest.mark.parametrize("ending", [b"", b"]", b'"\xff"', b"}", b"nonsense"])
def test_malformed_json_is_too_deep_wherever_it_breaks_off(depth: int, ending: bytes) -> None:
    with pytest.raises(TooDeepError):
        decode(b"[" * depth + ending)


@pytest.mark.parametrize("depth", [900, 60_000, 1_000_000])
def test_a_thread_refuses_it_in_the_same_words(depth: int) -> None:
    said: list[str] = []

    def work() -> None:
        try:
            decode(arrays(depth))
        except JsonError as err:
            said.append(str(err))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert said == ["it is nested too deep"]


def test_brackets_in_strings_and_side_by_side_are_not_depth() -> None:
    text = '[{\\"' * 5_000
    assert decode(msgspec.json.encode({"content": text})) == {"content": text}
    assert decode(b"[" + b"[],{}," * 5_000 + b"1]")[-1] == 1
    with pytest.raises(JsonError) as caught:
        decode(msgspec.json.encode({"content": text})[:-1])
    assert not isinstance(caught.value, TooDeepError)


@pytest.mark.parametrize("bad", [b"", b"{", b"NaN", b"1e999", b"9" * 5_000, b'"\xff"', b'"\\ud800"'])
def test_anything_else_that_is_not_json_has_a_reason(bad: bytes) -> None:
    with pytest.raises(JsonError, match=r"\w") as caught:
        decode(bad)
    assert not isinstance(caught.value, TooDeepError)


def test_a_type_is_filled_and_checked() -> None:
    class Point(msgspec.Struct):
        x: int

    assert decode('{"x": 1, "more": [[]]}', Point) == Point(1)
    with pytest.raises(JsonError, match="Expected `int`"):
        decode(b'{"x": "1"}', Point)
