"""Excerpts say a message's words without Markdown's signs, and matches are where they were."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptalk_client.textsearch.plain_words import plain_words
from gptalk_client.textsearch.snippets import snippet


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("## A **bold** word", "A bold word"),
        ("a `code` and ``a ` tick``", "a code and a ` tick"),
        ("`**kwargs` stays", "**kwargs stays"),
        ("see [the docs](https://example.org/a_(b)) now", "see the docs now"),
        ("![a whale](whale.png)", "a whale"),
        ("*it* and _it_ and ***both*** and ~~gone~~", "it and it and both and gone"),
        ("**bold *and it* too**", "bold and it too"),
        ("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
        ("* one\n- two\n+ three", "• one • two • three"),
        ("> [quoted](x)\n> twice", "quoted twice"),
        ("Title\n=====\ntext\n\n---\nmore", "Title text more"),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", "| a | b | | 1 | 2 |"),
        ("```python\ndef __init__(self, *a):\n    # go\n```\n# End", "def __init__(self, *a): # go End"),
        (r"an \*asterisk\*", "an *asterisk*"),
        ("half **a word", "half **a word"),
    ],
)
def test_signs_go_and_words_stay(text: str, plain: str) -> None:
    assert " ".join(plain_words(text, [])[0].split()) == plain


def test_inside_a_code_block_nothing_is_a_sign() -> None:
    assert plain_words("# go **on**\n```\n# End", [], is_code=True)[0] == "# go **on**\nEnd"


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("a **bold** word", "bold"),
        ("a **bold** word", "**bold**"),
        ("see [docs](https://example.org/rust) now", "rust"),
        ("```rust\nfn\n```", "rust"),
        ("- one\n- two", "-"),
        ("a  wide   gap", "   "),
    ],
)
def test_what_is_found_is_shown_and_marked(text: str, typed: str) -> None:
    places = [match.span() for match in re.finditer(re.escape(typed), text)]
    plain, moved = plain_words(text, places)
    assert [plain[start:end] for start, end in moved] == [typed] * len(places)


@given(
    st.text(alphabet='ab *_`~#>-+|[]()!\\\n\t"é', max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 8)), max_size=3),
    st.booleans(),
)
def test_matches_are_the_same_text_in_any_markdown(
    text: str, places: list[tuple[int, int]], is_code: bool
) -> None:
    matches = [(at, min(at + size, len(text))) for at, size in sorted(places) if at < len(text)]
    plain, moved = plain_words(text, matches, is_code=is_code)
    assert [plain[start:end] for start, end in moved] == [text[start:end] for start, end in matches]


def test_an_excerpt_of_a_long_reply_knows_whether_it_begins_in_code() -> None:
    code = "\n".join(f"# {number} **x**" for number in range(90))
    text = f"Intro **bold**.\n\n```sh\n{code}\nneedle **y**\n```\n"
    found, [(start, end)] = snippet(text, re.compile("needle"), is_markdown=True)
    assert found[start:end] == "needle"
    assert "# 89 **x** needle **y**" in found
    found, _ = snippet(text, re.compile("bold"), is_markdown=True)
    assert found.startswith("Intro bold. # 0 **x**")
