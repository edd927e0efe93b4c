"""Pieces depend on the text alone, are bounded, and never change again."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gptalk_tui.markdown.pieces import Piece
from gptalk_tui.markdown.splitter import (
    FENCE_LINES,
    PIECE_CHARS,
    TABLE_ROWS,
    Splitter,
    split,
)
from support.markdown_texts import AWKWARD, CODE, ORDINARY, ROWS, documents, mixture

CORPUS = {**ORDINARY, **AWKWARD}


def stream(text: str, cuts: list[int]) -> Splitter:
    """Feed a text in parts, looking at the tail as a widget does, and finish it."""
    splitter = Splitter()
    position = 0
    while position < len(text):
        for cut in cuts:
            splitter.feed(text[position : position + cut])
            position += cut
            assert splitter.tail is None or splitter.tail.source
    splitter.finish()
    return splitter


def kinds(pieces: list[Piece]) -> list[str]:
    return [piece.context.kind for piece in pieces]


@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.parametrize("cuts", [[1], [3, 7, 1], [64], [1000, 1]])
def test_pieces_do_not_depend_on_the_cuts(name: str, cuts: list[int]) -> None:
    text = CORPUS[name]
    if cuts == [1]:
        text = text[:6000]
    assert stream(text, cuts).pieces == split(text)


@settings(max_examples=150, deadline=None)
@given(documents, st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_random_cuts_of_random_documents(text: str, cuts: list[int]) -> None:
    assert stream(text, cuts).pieces == split(text)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=8))
def test_random_cuts_of_a_long_mixture(cuts: list[int]) -> None:
    text = mixture(60_000)
    assert stream(text, cuts).pieces == split(text)


@pytest.mark.parametrize("name", CORPUS)
def test_joined_sources_are_the_message(name: str) -> None:
    text = CORPUS[name].replace("\u2028", "\n").replace("\u2029", "\n")
    pieces = split(text)
    joined = "".join(piece.source for piece in pieces)
    assert text.startswith(joined)
    assert not text[len(joined) :].strip()
    assert [piece.start for piece in pieces] == [
        sum(len(other.source) for other in pieces[:index]) for index in range(len(pieces))
    ]


@settings(max_examples=80, deadline=None)
@given(documents, st.integers(0, 200))
def test_frozen_pieces_never_change(text: str, cut: int) -> None:
    splitter = Splitter(text[:cut])
    frozen = list(splitter.pieces)
    splitter.feed(text[cut:])
    splitter.finish()
    assert splitter.pieces[: len(frozen)] == frozen


@pytest.mark.parametrize("name", [*CORPUS, "mixture"])
def test_pieces_are_bounded(name: str) -> None:
    text = mixture(60_000) if name == "mixture" else CORPUS[name]
    assert max((len(piece.source) for piece in split(text)), default=0) <= 2 * PIECE_CHARS


def test_little_is_left_unfrozen_while_ordinary_text_streams() -> None:
    splitter = Splitter()
    text = mixture(60_000)
    worst = 0
    for position in range(0, len(text), 20):
        splitter.feed(text[position : position + 20])
        worst = max(worst, len(splitter.tail.source) if splitter.tail else 0)
    assert worst <= 2500


def test_splitting_can_be_done_in_slices() -> None:
    text = mixture(50_000)
    splitter = Splitter()
    splitter.push(text)
    steps = 0
    while splitter.step(1000):
        steps += 1
        assert splitter.pending_chars == len(text) - steps * 1000
    splitter.finish()
    assert splitter.pieces == split(text)
    assert steps == len(text) // 1000


@pytest.mark.parametrize(
    ("text", "frozen"),
    [
        ("A paragraph\n", []),
        ("A paragraph\n\n", ["A paragraph\n\n"]),
        ("# Heading\n", ["# Heading\n"]),
        ("Setext\n===\n", ["Setext\n===\n"]),
        ("---\n", ["---\n"]),
        ("- a\n- b\n", ["- a\n"]),
        ("- a\n- b\n\nT", ["- a\n", "- b\n\n"]),
        ("- a\n\n  b\n", []),
        ("```\na\n\nb\n", []),
        ("```\na\n```\n", ["```\na\n```\n"]),
        ("text\n```\na\n", ["text\n"]),
        ("> a\n> b\n", []),
        ("> a\n\n", ["> a\n\n"]),
        ("| a |\n|---|\n| b |\n", []),
        ("    code\n\n", []),
        ("$$\na\n- b\n$$\n", ["$$\na\n- b\n$$\n"]),
        ("<!--\n\ntext\n", []),
        ("<div>\n\n", ["<div>\n\n"]),
    ],
)
def test_what_is_frozen_when(text: str, frozen: list[str]) -> None:
    assert [piece.source for piece in Splitter(text).pieces] == frozen


def test_list_items_are_pieces_and_carry_their_number() -> None:
    pieces = split("5. a\n5. b\n\n5. c\n\ntext\n")
    assert [(piece.source, piece.context.number, piece.blank_before) for piece in pieces] == [
        ("5. a\n", None, False),
        ("5. b\n\n", 6, False),
        ("5. c\n\n", 7, True),
        ("text\n", None, True),
    ]


def test_a_long_fence_is_cut_by_lines_and_identifies_its_block() -> None:
    pieces = split(f"text\n\n```python\n{CODE}```\nafter\n")
    parts = pieces[1:-1]
    assert kinds(parts) == ["blocks", *["fence"] * (len(parts) - 1)]
    assert {piece.context.fence.ident for piece in parts[1:] if piece.context.fence} == {6}
    assert all(piece.source.count("\n") <= FENCE_LINES + 1 for piece in parts)
    assert [piece.closes_fence for piece in parts] == [False] * (len(parts) - 1) + [True]
    second = parts[1].context.fence
    assert second is not None
    assert second.info == "python"
    assert parts[0].source.endswith(second.lead)


def test_a_long_table_is_cut_by_rows_and_keeps_its_basis() -> None:
    pieces = split(f"| a | b | c |\n|---|---|---|\n{ROWS}")
    assert kinds(pieces) == ["blocks", "table", "table"]
    assert pieces[1].context.basis == pieces[2].context.basis == pieces[0].source
    assert pieces[1].source.count("\n") == TABLE_ROWS


def test_a_long_line_is_cut_after_a_space() -> None:
    pieces = split("word " * 2000)
    assert all(piece.source.endswith("word ") for piece in pieces)
    assert [piece.joins_previous for piece in pieces] == [False, *[True] * (len(pieces) - 1)]


@pytest.mark.parametrize("cluster", ["👩\u200d👩\u200d👧", "e\u0301", "🇩🇪", "👍🏽"])
@pytest.mark.parametrize("before", range(5))
def test_a_long_line_is_not_cut_inside_a_grapheme(cluster: str, before: int) -> None:
    pieces = split("x" * before + cluster * 3000)
    assert len(pieces) > 1
    assert {(piece.start - before) % len(cluster) for piece in pieces[1:]} == {0}


def test_definitions_apply_from_where_they_appear() -> None:
    pieces = split("see [a]\n\n[a]: https://x.y\n\nsee [A]\n\n[a]: https://other\n\nend [a]\n")
    assert [dict(piece.context.references) for piece in pieces] == [
        {},
        {"A": "https://x.y"},
        {"A": "https://x.y"},
        {"A": "https://x.y"},
        {"A": "https://x.y"},
    ]


def test_finishing_twice_changes_nothing() -> None:
    splitter = Splitter("a\n\nb")
    splitter.finish()
    before = list(splitter.pieces)
    splitter.finish()
    assert splitter.pieces == before
    assert splitter.tail is None
