"""Names of tags, and how a line of text changes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptalk_client.errors import UsageError
from gptalk_client.tags import MAX_CHARS, tag_changes, tag_name, tag_or_none, valid_tags


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Work", "work"),
        ("#work", "work"),
        ("＃Ｗｏｒｋ", "work"),
        ("ÉTÉ", "été"),
        ("e\u0301te\u0301", "été"),
        ("Straße", "strasse"),
        ("заметки", "заметки"),
        ("日本語", "日本語"),
        ("हिन्दी", "हिन्दी"),
        ("client/acme-2_b", "client/acme-2_b"),
        ("2026", "2026"),
    ],
)
def test_name_is_kept_as(typed: str, name: str) -> None:
    assert tag_name(typed) == name


@pytest.mark.parametrize(
    "typed",
    ["", "#", "##work", "two words", "-old", "/work", "_x", "a.b", "a,b", "🎉", "x" * 51, "a\0b", "a\u202eb"],
)
def test_what_is_no_name_is_refused_with_what_one_looks_like(typed: str) -> None:
    with pytest.raises(UsageError, match="can't be a tag") as caught:
        tag_name(typed)
    assert "letters and digits" in caught.value.for_humans()


@given(st.text(max_size=MAX_CHARS + 5))
def test_name_is_kept_the_same_when_it_is_given_again(typed: str) -> None:
    name = tag_or_none(typed)
    assert name is None or (tag_name(name) == tag_name(f"#{name}") == name and len(name.split()) == 1)


def test_line_adds_and_removes() -> None:
    assert tag_changes("work, #Ideas -old -#older work") == (("work", "ideas"), ("old", "older"))
    with pytest.raises(UsageError):
        tag_changes("work -")


def test_names_from_outside_are_sorted_and_others_left_out() -> None:
    assert valid_tags(["work", "Ideas", "#work", "a b"]) == ("ideas", "work")
