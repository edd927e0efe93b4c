"""Reasoning between tags in the text, cut at any character, against a slow reference that sees all of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptalk_client.providers.reasoning_tags import ReasoningTags
from support.slow_reasoning import split, split_slowly

CASES = {
    "<think>\n6 * 7 = 42? Yes.\n</think>\n\nThe answer is **42**.": (
        "6 * 7 = 42? Yes.",
        "The answer is **42**.",
    ),
    "\n <thinking>hm</thinking> Yes": ("hm", "Yes"),
    "<think></think>Yes": ("", "Yes"),
    "<think>never answered": ("never answered", ""),
    "It must be 42.\n</think>\n\n42": ("It must be 42.", "42"),
    "It must be 42.</think>42": ("It must be 42.", "42"),
    "</think>\n\n42": ("", "42"),
    "The tag `</think>` ends it.": ("", "The tag `</think>` ends it."),
    "The tag </think> ends it.": ("", "The tag </think> ends it."),
    "It opens with <think> and closes with\n</think>\n": (
        "",
        "It opens with <think> and closes with\n</think>\n",
    ),
    "```\n<think>\n</think>\nx\n```\n": ("", "```\n<think>\n</think>\nx\n```\n"),
    "Text first, then <think>this</think>": ("", "Text first, then <think>this</think>"),
    "<think>The tag `</think>` is in code.\n</think>\nYes": ("The tag `</think>` is in code.", "Yes"),
    "<think>\n```\na </think> b\n```\n</think>\nYes": ("```\na </think> b\n```", "Yes"),
    "<think>\n```python\nan unfinished draft\n</think>\n\n```python\nx\n```\n": (
        "```python\nan unfinished draft",
        "```python\nx\n```\n",
    ),
    "<thinking>a </think> b</thinking>c": ("a </think> b", "c"),
    "<thin": ("", "<thin"),
    "a < b and </thi": ("", "a < b and </thi"),
}


@pytest.mark.parametrize(("reply", "expected"), CASES.items(), ids=map(repr, CASES))
def test_reply_is_split_the_same_however_it_is_cut(reply: str, expected: tuple[str, str]) -> None:
    assert split_slowly(reply) == expected
    assert split([reply]) == expected
    assert split(list(reply)) == expected
    for cut in range(1, len(reply)):
        assert split([reply[:cut], reply[cut:]]) == expected, cut


FRAGMENTS = st.sampled_from(
    ["<think>", "</think>", "<thinking>", "</thinking>", "</thi", "<", "`", "```", "```py", "~~~", "\n", "\n\n",
     " ", "a", "b c", "“", "(", "\r\n", "nk>"]
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=14).map("".join), st.data())
def test_any_reply_in_any_pieces_is_split_as_the_reference_splits_it(reply: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(reply)), max_size=6)))
    pieces = [reply[start:end] for start, end in zip([0, *cuts], [*cuts, len(reply)], strict=True)]
    assert split(pieces) == split_slowly(reply)
    assert split(list(reply)) == split_slowly(reply)


def test_closing_tag_alone_is_text_where_reasoning_comes_apart_from_it() -> None:
    assert split(["Yes\n</think>\nNo"], takes_bare_closing=False) == ("", "Yes\n</think>\nNo")
    assert split(["<think>hm</think>No"], takes_bare_closing=False) == ("hm", "No")


@pytest.mark.parametrize(
    "unit", ["</think> ", "`</think> x ", "<", " ", "\n", "```\n</think>x\n", "a`"], ids=repr
)
@pytest.mark.parametrize("opening", ["", "<think>"])
def test_what_is_held_back_is_bounded(unit: str, opening: str) -> None:
    tags = ReasoningTags()
    tags.feed(opening)
    for _ in range(2_000):
        tags.feed(unit)
        assert len(tags._held) + len(tags._space) <= 2_100
