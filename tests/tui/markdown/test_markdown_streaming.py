"""Streamed or reopened, in pieces or whole, the lines are the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gptalk_tui.markdown.block_builder import parse
from gptalk_tui.markdown.pieces import Piece
from gptalk_tui.markdown.splitter import Splitter, split
from gptalk_tui.widgets.transcript.layout import layout
from support.markdown_texts import AWKWARD, ORDINARY, STYLES, documents, mixture, paint, texts

CORPUS = {**ORDINARY, **AWKWARD}


@pytest.mark.parametrize("name", ORDINARY)
def test_pieces_look_like_the_whole_document(name: str) -> None:
    text = ORDINARY[name]
    references = split(text)[-1].context
    whole = Piece(text, 0, type(references)(references=references.references))
    for width in (24, 80):
        assert texts(paint(split(text), width)) == texts(paint([whole], width))


@settings(max_examples=150, deadline=None)
@given(documents.filter(lambda text: "[a]" not in text and "[ ]" not in text))
def test_random_documents_keep_their_words(text: str) -> None:
    """Splitting loses no letter, whatever the parser makes of the whole text."""
    cut = "".join(texts(paint(split(text), 80)))
    whole = "".join(texts(paint([Piece(text, 0)], 80)))
    assert sorted(filter(str.isalnum, cut)) == sorted(filter(str.isalnum, whole))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(CORPUS)),
    st.lists(st.integers(1, 60), min_size=1, max_size=5),
    st.integers(20, 200),
)
def test_a_streamed_reply_looks_as_it_does_reopened(name: str, cuts: list[int], width: int) -> None:
    text = CORPUS[name][:5000]
    splitter = Splitter()
    position = 0
    while position < len(text):
        for cut in cuts:
            splitter.feed(text[position : position + cut])
            position += cut
    splitter.finish()
    streamed = paint(splitter.pieces, width)
    reopened = paint(split(text), width)
    assert [line.strip for line in streamed] == [line.strip for line in reopened]


@pytest.mark.parametrize("name", ORDINARY)
def test_lines_fit_every_width(name: str) -> None:
    pieces = [parse(piece) for piece in split(ORDINARY[name][:2500])]
    for width in range(20, 201):
        for blocks in pieces:
            for line in layout(blocks, STYLES, text_width=min(100, width), full_width=width).lines:
                assert line.strip.cell_length <= width


def test_a_long_streamed_mixture_looks_as_it_does_reopened() -> None:
    text = mixture(60_000)
    splitter = Splitter()
    for position in range(0, len(text), 997):
        splitter.feed(text[position : position + 997])
    splitter.finish()
    assert texts(paint(splitter.pieces, 90)) == texts(paint(split(text), 90))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(CORPUS)), st.integers(0, 3000))
def test_the_tail_can_be_painted_at_any_moment(name: str, cut: int) -> None:
    splitter = Splitter(CORPUS[name][:cut])
    tail = splitter.tail
    lines = paint([tail] if tail else [], 60)
    assert all(line.strip.cell_length <= 60 for line in lines)
    assert bool(lines) == (tail is not None)
