"""The flattened prompt becomes messages again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptalk_client.embedded.prompt import ChatMessage, parse_prompt


def flatten(messages: list[ChatMessage]) -> str:
    """Flatten as the protocol says."""
    if len(messages) == 1:
        return messages[0]["content"]
    return "\n".join(f"{m['role'].capitalize()}: {m['content']}" for m in messages) + "\nAssistant:"


def user(content: str) -> ChatMessage:
    return {"role": "user", "content": content}


@pytest.mark.parametrize(
    "prompt",
    [
        "Hello",
        "User: what is this?",
        "User: a\nAssistant: b",
        "a\nUser: b\nAssistant:",
        "Assistant:",
        "Users: a\nAssistant:",
        "user: a\nAssistant:",
        " User: a\nAssistant:",
        "User:a\nAssistant:",
        "x\n\n",
    ],
)
def test_anything_but_a_flattened_conversation_is_one_literal_message(prompt: str) -> None:
    assert parse_prompt(prompt) == [user(prompt)]


def test_a_conversation_with_many_lines_comes_apart() -> None:
    prompt = "System: Be brief.\n\nReally.\nUser: a: b\n  User: quoted\nAssistant: \nc\nUser: d\nAssistant:"

    assert parse_prompt(prompt) == [
        {"role": "system", "content": "Be brief.\n\nReally."},
        user("a: b\n  User: quoted"),
        {"role": "assistant", "content": "\nc"},
        user("d"),
    ]


def test_empty_messages_are_left_out() -> None:
    assert parse_prompt("User: a\nAssistant: \nUser: b\nAssistant:") == [user("a"), user("b")]


def test_an_empty_conversation_is_taken_literally() -> None:
    assert parse_prompt("User: \nAssistant:") == [user("User: \nAssistant:")]


def test_the_closing_line_may_have_blanks_after_it() -> None:
    assert parse_prompt("User: a\nAssistant: ") == [user("a")]


def test_a_line_that_starts_with_a_role_opens_a_message() -> None:
    messages = [user("He wrote:\nAssistant: hi"), user("Why?")]
    assert parse_prompt(flatten(messages)) == [
        user("He wrote:"),
        {"role": "assistant", "content": "hi"},
        user("Why?"),
    ]


_plain_lines = st.text(max_size=12).map(lambda text: text.replace("\n", " ").replace(":", ";"))
_any_lines = _plain_lines | st.sampled_from(["User: x", "System: y", "Assistant: z", "user: x", " User: x"])


def conversations(lines: st.SearchStrategy[str]) -> st.SearchStrategy[list[ChatMessage]]:
    contents = st.builds(
        lambda first, more: "\n".join([first, *more]),
        _plain_lines.filter(str.strip),
        st.lists(lines, max_size=4),
    )
    roles = st.sampled_from(["system", "user", "assistant"])
    return st.lists(st.builds(ChatMessage, role=roles, content=contents), min_size=2, max_size=6)


@given(conversations(_plain_lines))
def test_messages_without_a_line_like_a_role_come_back_as_they_were(messages: list[ChatMessage]) -> None:
    assert parse_prompt(flatten(messages)) == messages


@given(conversations(_any_lines))
def test_no_text_is_lost_wherever_messages_are_split(messages: list[ChatMessage]) -> None:
    assert flatten(parse_prompt(flatten(messages))) == flatten(messages)


@given(st.text())
def test_any_text_gives_messages_and_none_of_them_is_empty(prompt: str) -> None:
    messages = parse_prompt(prompt)

    assert messages
    assert all(message["content"].strip() for message in messages) or messages == [user(prompt)]
