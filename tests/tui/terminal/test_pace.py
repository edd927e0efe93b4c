"""Frames that wait for a terminal's answers."""

from __future__ import annotations

from gptalk_tui.terminal.pace import INTEREST_S, PATIENCE_S, QUESTION, Pace


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def asked(pace: Pace) -> bool:
    return pace.question() == QUESTION


def test_nothing_is_asked_while_nobody_waits() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert not asked(pace)
    assert not pace.is_behind
    assert asked(pace)
    clock.now_s += INTEREST_S
    assert not asked(pace)


def test_more_than_one_unanswered_frame_is_too_many() -> None:
    pace = Pace(Clock())
    assert not pace.is_behind
    assert asked(pace)
    assert not pace.is_behind
    assert asked(pace)
    assert pace.is_behind
    pace.answered()
    assert not pace.is_behind


def test_a_terminal_that_does_not_answer_is_not_waited_for() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert not pace.is_behind
    assert asked(pace)
    assert asked(pace)
    assert pace.is_behind
    clock.now_s += PATIENCE_S + 0.1
    assert not pace.is_behind
    assert not asked(pace)
    pace.wait_for_answers(limit_s=60)  # returns at once


def test_late_answers_bring_the_questions_back() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert not pace.is_behind
    assert asked(pace)
    clock.now_s += PATIENCE_S + 0.1
    assert not pace.is_behind
    assert not asked(pace)
    pace.answered()
    assert not pace.is_behind
    assert asked(pace)


def test_an_answer_to_no_question_is_ignored() -> None:
    pace = Pace(Clock())
    pace.answered()
    assert not pace.is_behind
    assert asked(pace)
    assert asked(pace)
    assert pace.is_behind
