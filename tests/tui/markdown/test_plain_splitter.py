"""Text shown as written is split into bounded pieces, however it is sliced."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gptalk_tui.markdown.plain_splitter import PlainSplitter
from gptalk_tui.markdown.splitter import PIECE_CHARS

TEXTS = st.lists(
    st.sampled_from(["word ", "\n", "x" * 3000, "日本語", "\n\n", "a\u0301" * 50]), max_size=40
).map("".join)


@given(TEXTS)
def test_the_pieces_are_the_text(text: str) -> None:
    splitter = PlainSplitter()
    splitter.push(text)
    splitter.finish()
    assert "".join(piece.source for piece in splitter.pieces) == text
    assert all(len(piece.source) <= PIECE_CHARS for piece in splitter.pieces)
    for before, piece in zip(splitter.pieces, splitter.pieces[1:], strict=False):
        assert piece.joins_previous == (not before.source.endswith("\n"))


@given(TEXTS, st.integers(1, 9000))
def test_slices_give_the_same_pieces(text: str, max_chars: int) -> None:
    whole, sliced = PlainSplitter(), PlainSplitter()
    whole.push(text)
    whole.finish()
    sliced.push(text)
    while sliced.step(max_chars):
        assert sliced.pending_chars
    assert sliced.pieces == whole.pieces
