"""Which change each event of a cumulative reply is, whoever asks how often."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptalk_client.errors import ProtocolError, ServerError
from gptalk_client.models import TextAdded, TextReplaced
from gptalk_client.providers.cumulative import CumulativeText
from gptalk_client.providers.event_stream import EventData


def event(raw: bytes) -> EventData:
    return EventData([raw])


def content(text: str, **others: object) -> EventData:
    return event(json.dumps({"content": text, **others}).encode())


def changes(*payloads: bytes | str) -> list[TextAdded | TextReplaced | None]:
    """Return what each event changes for a consumer that asks after every one."""
    text = CumulativeText()
    found = []
    for payload in payloads:
        text.push(event(payload) if isinstance(payload, bytes) else content(payload))
        found.append(text.take())
    found.append(text.take_held())
    return found


def test_growing_text_yields_its_suffixes() -> None:
    assert changes("a", "ab", "ab", "abcд", "abcд") == [
        TextAdded("a"), TextAdded("b"), None, TextAdded("cд"), None, None,
    ]  # fmt: skip


def test_other_text_replaces_all() -> None:
    assert changes("abc", "abd", "ab", "abe") == [
        TextAdded("abc"), TextReplaced("abd"), TextReplaced("ab"), TextAdded("e"), None,
    ]  # fmt: skip


def test_an_emptied_text_replaces_all() -> None:
    assert changes("abc", "", "x") == [TextAdded("abc"), TextReplaced(""), TextAdded("x"), None]


def test_a_slow_consumer_gets_only_the_newest_text() -> None:
    text = CumulativeText()
    for each in ("a", "abc", "x", "abcd"):
        text.push(content(each))
    assert text.take() == TextAdded("abcd")
    assert text.take() is None


@pytest.mark.parametrize(
    "payload",
    [b'{"content":"ab"}', b' {"content": "ab"} ', b'{"content": "ab", "id": "7"}', b'{"id": 7, "content": "ab"}',
     b'{"content": "a\\u0062"}', b'{"content": "zz", "content": "ab"}', b'{"content": "ab"\n}'],
)  # fmt: skip
def test_any_spelling_of_the_same_text_is_the_same_text(payload: bytes) -> None:
    assert changes("a", payload, "abc") == [TextAdded("a"), TextAdded("b"), TextAdded("c"), None]


def test_a_member_after_the_text_never_becomes_text() -> None:
    first, second = b'{"content": "abc", "id": "x"}', b'{"content": "abc", "id": "xyz"}'
    assert changes(first, second) == [TextAdded("abc"), None, None]


def test_half_a_surrogate_pair_waits_for_the_other_half() -> None:
    half, whole = b'{"content": "a\\ud83d"}', b'{"content": "a\\ud83d\\ude00"}'
    assert changes(half, whole, b'{"content": "a\\ud83d\\ude00b"}') == [
        TextAdded("a"), TextAdded("😀"), TextAdded("b"), None,
    ]  # fmt: skip


def test_a_trailing_replacement_character_waits_for_the_end() -> None:
    assert changes("a\ufffd", "aж", "aж\ufffd") == [TextAdded("a"), TextAdded("ж"), None, TextAdded("\ufffd")]


def test_a_lone_surrogate_becomes_a_replacement_character() -> None:
    assert changes(b'{"content": "a\\udc00b"}', b'{"content": "a\\udc00bc"}') == [
        TextAdded("a\ufffdb"), TextAdded("c"), None,
    ]  # fmt: skip


def test_invalid_utf8_becomes_replacement_characters() -> None:
    assert changes(b'{"content": "a\xffb"}', b'{"content": "a\xffb\xc3"}', b'{"content": "a\xffb\xc3\xa9"}') == [
        TextAdded("a\ufffdb"), None, TextAdded("é"), None,
    ]  # fmt: skip


@pytest.mark.parametrize("mark", [b"[DONE]", b" [DONE] ", b'"[DONE]"'])
def test_the_end_mark_ends_it(mark: bytes) -> None:
    text = CumulativeText()
    text.push(event(mark))
    text.push(content("late"))
    assert text.is_done
    assert text.take() is None


SKIPPED = [
    b'{"content": null}',
    b'{"content": 5}',
    b'{"content": ["x"]}',
    b"{}",
    b"[]",
    b"7",
    b"null",
    b'"x"',
]


@pytest.mark.parametrize("payload", SKIPPED)
def test_an_event_without_text_is_skipped_twice_and_no_more(payload: bytes) -> None:
    text = CumulativeText()
    for raw in (payload, payload, b'{"content": "a"}', payload, payload):
        text.push(event(raw))
    assert text.error is None
    assert text.take() == TextAdded("a")
    text.push(event(payload))
    assert isinstance(text.error, ProtocolError)


def test_empty_events_do_not_count() -> None:
    text = CumulativeText()
    for _ in range(10):
        text.push(event(b" "))
    assert text.error is None


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"error": "over\\u001b[31mloaded"}', "over [31mloaded"),
        (b'{"error": {"message": "no quota", "code": 4}}', "no quota"),
        (b'{"code": 500, "msg": "busy"}', "busy"),
        (b'{"code": 500}', "code 500"),
        (b'{"message": "%s"}' % (b"x" * 9000), "x" * 299 + "…"),
    ],
)
def test_an_error_quotes_the_service(payload: bytes, reason: str) -> None:
    text = CumulativeText()
    text.push(content("abc"))
    text.push(event(payload))
    assert isinstance(text.error, ServerError)
    assert text.error.message == f"The service says: {reason}"
    assert text.take() == TextAdded("abc")


@pytest.mark.parametrize(
    "payload",
    [b"{", b"nonsense", b"NaN", b'{"content": NaN}', b'{"a": Infinity}', b"[" * 100_000, b'{"a":' * 100_000,
     b"9" * 5000, b'{"x": -' + b"9" * 5000 + b"}", b"\xff\xfe", b'{"a": "\xff", "b": ' + b"[" * 100_000],
    ids=lambda raw: raw[:12],
)  # fmt: skip
def test_nonsense_is_a_protocol_error(payload: bytes) -> None:
    text = CumulativeText()
    text.push(event(payload))
    assert isinstance(text.error, ProtocolError)


@pytest.mark.parametrize("middle", [b"a\nb", b'a" b', b"\\x", b'a", "b": NaN, "c": "'])
def test_nonsense_that_looks_like_text_is_found_when_it_is_asked_for(middle: bytes) -> None:
    text = CumulativeText()
    text.push(event(b'{"content": "' + middle + b'"}'))
    with pytest.raises(ProtocolError):
        text.take()


@pytest.mark.parametrize("raw", [b'{"content": "a', b"[DON", b"{"])
def test_a_last_event_cut_short_counts_for_nothing(raw: bytes) -> None:
    text = CumulativeText()
    text.push_unfinished(event(raw))
    assert not text.has_news


def test_a_complete_last_event_counts() -> None:
    text = CumulativeText()
    text.push_unfinished(content("abc"))
    assert text.take() == TextAdded("abc")
    text.push_unfinished(event(b"[DONE]"))
    assert text.is_done


@given(st.lists(st.tuples(st.text(max_size=8), st.booleans(), st.booleans(), st.booleans()), max_size=12))
def test_the_changes_always_add_up_to_the_newest_text(steps: list[tuple[str, bool, bool, bool]]) -> None:
    text = CumulativeText()
    said = shown = ""
    for piece, is_rewrite, is_ascii, is_asked in steps:
        said = piece if is_rewrite else said + piece
        text.push(event(json.dumps({"content": said}, ensure_ascii=is_ascii).encode()))
        change = text.take() if is_asked else None
        if change is not None:
            shown = change.text if isinstance(change, TextReplaced) else shown + change.text
    for change in (text.take(), text.take_held()):
        if change is not None:
            shown = change.text if isinstance(change, TextReplaced) else shown + change.text
    assert shown == said
