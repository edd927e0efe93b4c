"""A paste is text, whatever it contains and however it is chunked."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser

from gptalk_tui.terminal.paste_filter import END, START, PasteFilter

HOSTILE = "a\x1b]52;c;x\x07\r\x11\x1b[13u\x1bq\x9b2J\x1b[I\x1b[20\x1b[201 b"


def messages(pieces: list[str]) -> list[events.Event]:
    pasted, parser = PasteFilter(), XTermParser()
    found = [each for piece in pieces if (text := pasted.feed(piece)) for each in parser.feed(text)]
    return [each for each in found if isinstance(each, events.Event)]


@given(st.lists(st.integers(0, len(START + HOSTILE + END) + 1), max_size=6))
def test_a_paste_never_produces_a_key(cuts: list[int]) -> None:
    whole = START + HOSTILE + END + "k"
    places = [0, *sorted(cuts), len(whole)]
    found = messages([whole[a:b] for a, b in pairwise(places)])
    keys = [each.key for each in found if isinstance(each, events.Key)]
    texts = [each.text for each in found if isinstance(each, events.Paste)]
    assert keys == ["k"]
    assert texts == ["a␛]52;c;x␇\r␑␛[13u␛q\ufffd2J␛[I␛[20␛[201 b"]


@given(st.text(alphabet=st.sampled_from("\x1b[20~1ab\r"), max_size=40), st.integers(0, 40))
def test_input_outside_a_paste_passes_unchanged_and_at_once(text: str, cut: int) -> None:
    text = text.replace(START, "")
    pasted = PasteFilter()
    first, second = text[:cut], text[cut:]
    assert pasted.feed(first) == first
    assert pasted.feed(second) == second


def test_two_pastes_in_one_chunk() -> None:
    text = f"{START}a\x1b{END}\x1b[A{START}\x07{END}"
    assert PasteFilter().feed(text) == f"{START}a␛{END}\x1b[A{START}␇{END}"
