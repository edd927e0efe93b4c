"""The terminal's answers to the app's questions are taken, and never typed."""

from __future__ import annotations

import sys

import pytest
from textual import events

if sys.platform == "win32":
    pytest.skip("on Windows the app uses Textual's own driver", allow_module_level=True)

from gptalk_tui.terminal.driver import RESTORE
from gptalk_tui.terminal.input_reader import InputReader

ANSWERS = ["\x1b[0n", "\x1b[?69;2$y"]


@pytest.mark.parametrize("cut", range(1, 10))
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_between_keys_is_taken_wherever_it_is_cut(answer: str, cut: int) -> None:
    taken: list[str] = []

    def take(sequence: str) -> bool:
        if sequence in ANSWERS:
            taken.append(sequence)
        return sequence in ANSWERS

    reader = InputReader(take)
    text = f"a{answer}b"
    pieces = [piece for piece in (text[:cut], text[cut:]) if piece]
    messages = [message for piece in pieces for message in reader.feed(piece)]
    assert [each.key for each in messages if isinstance(each, events.Key)] == ["a", "b"]
    assert taken == [answer]


def test_an_end_by_force_undoes_margins_and_the_pen() -> None:
    assert RESTORE.startswith(b"\x1b[?69l\x1b[r\x1b[m")
