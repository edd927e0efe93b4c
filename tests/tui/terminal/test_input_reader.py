"""What terminals send becomes keys and pastes, however it is chunked; nothing else types a letter."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from gptalk_tui.terminal import input_reader
from gptalk_tui.terminal.bursts import GAP_S, PASTE_FROM_CHARS, PASTE_GAP_S, TAIL_S
from gptalk_tui.terminal.input_reader import ESCAPE_S, SEQUENCE_S, InputReader
from gptalk_tui.terminal.paste_filter import END, START

HOSTILE = "a\x1b]52;c;x\x07\r\x11\x1b[13u\x1bq\x9b2J\x1b[I\x1b[20\x1b[201 b"


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


class Hands:
    """Input that comes at times of the test's choice."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.answers: list[str] = []
        self._reader = InputReader(self._answer)
        self.got: list[str] = []

    def _answer(self, sequence: str) -> bool:
        self.answers.append(sequence)
        return "2026" not in sequence

    def send(self, text: str, *, after_s: float = 0.0) -> list[str]:
        """Send a chunk; return all that has come of it and of what came before."""
        self.wait(after_s)
        self._take(self._reader.feed(text))
        return self.got

    def wait(self, seconds: float) -> list[str]:
        """Let time pass, as the driver does: by what the reader asks for."""
        left_s = seconds
        while left_s > 0:
            step_s = min(left_s, self._reader.wait_s(0.1))
            self._clock.now_s += step_s
            left_s -= step_s
            if left_s > 0:
                self._take(self._reader.tick())
        return self.got

    def _take(self, messages: Iterator[object]) -> None:
        for each in messages:
            if isinstance(each, events.Key):
                typed = each.character if each.is_printable and each.character else ""
                self.got.append(each.key if typed in ("", each.key) else f"{each.key}={typed}")
            elif isinstance(each, events.Paste):
                self.got.append(f"<{each.text}>")
            else:
                self.got.append(type(each).__name__)


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Hands]:
    clock = Clock()
    monkeypatch.setattr(input_reader, "time", clock)
    return lambda: Hands(clock)


CSI = "\x1b["
KEYS = {
    # xterm's modifyOtherKeys
    "27;5;112~": "ctrl+p", "27;5;99~": "ctrl+c", "27;5;80~": "ctrl+p", "27;6;84~": "ctrl+shift+t",
    "27;2;13~": "shift+enter", "27;3;13~": "alt+enter", "27;5;13~": "ctrl+enter", "27;2;9~": "shift+tab",
    "27;6;63~": "ctrl+question_mark", "27;5;1079~": "ctrl+p", "27;3;127~": "alt+backspace",
    # kitty's protocol: other layouts
    "1079;5u": "ctrl+p", "1079::112;5u": "ctrl+p", "1079;3u": "alt+p", "960;5u": "ctrl+p", "1508;5u": "ctrl+p",
    "233::50;5u": "ctrl+2", "1088::104;5u": "ctrl+h", "97::113;5u": "ctrl+a",
    # what it types
    "97;;97u": "a", "97:65;2;65u": "A", "97:65;2u": "A", "97;2u": "A", "1089;;1089u": "с", "64;7;64u": "at=@",
    "32;2;32u": "space= ", "39:34;2u": "quotation_mark=\"", "228;;228u": "ä",
    # erasing and words
    "127;2u": "shift+backspace", "127;3u": "alt+backspace", "1;3D": "alt+left", "1;3C": "alt+right",
    "3;3~": "alt+delete", "127;5u": "ctrl+backspace", "3;5~": "ctrl+delete", "1;6D": "ctrl+shift+left",
    # locks, repeats, keypad
    "116;67u": "alt+t", "112;133u": "ctrl+p", "112;5:2u": "ctrl+p", "13;129u": "enter", "1;129A": "up",
    "57414u": "enter", "57400;129;49u": "1", "57400u": "1", "57417;5u": "ctrl+left", "57413u": "plus=+",
    # the names that terminals cannot tell apart
    "105;5u": "tab", "109;5u": "enter", "91;5u": "escape", "104;5u": "backspace", "47;5u": "ctrl+underscore",
    # as ever
    "A": "up", "H": "home", "Z": "shift+tab", "1;5R": "ctrl+f3", "11~": "f1", "15;2~": "shift+f5", "[A": "f1",
    "1~": "home", "a": "shift+up", "3$": "shift+delete", "27u": "escape",
}  # fmt: skip


@pytest.mark.parametrize(("sequence", "key"), KEYS.items())
def test_a_key_is_known_in_every_encoding(hands, sequence: str, key: str) -> None:
    one = hands()
    one.send(CSI + sequence)
    assert one.wait(2 * SEQUENCE_S) == [key.replace("ctrl+h", "backspace")]


@pytest.mark.parametrize(
    ("sequence", "key"),
    [
        ("\x1b\r", "alt+enter"),
        ("\x1b\x7f", "alt+backspace"),
        ("\x1bt", "alt+t"),
        ("\x1bT", "alt+shift+t"),
        ("\x1bз", "alt+p"),
        ("\x1b1", "alt+1"),
        ("\x1b[", "alt+left_square_bracket"),
        ("\x1b]", "alt+right_square_bracket"),
        ("\x1bO", "alt+shift+o"),
        ("\x1b\x10", "alt+ctrl+p"),
        ("\x1b\x1b[A", "alt+up"),
        ("\x1bOP", "f1"),
        ("\x1bO5P", "ctrl+f1"),
        ("\x1bOM", "enter"),
        ("\x00", "ctrl+space"),
        ("\x1f", "ctrl+underscore"),
    ],
)
def test_alt_and_control_characters_are_keys(hands, sequence: str, key: str) -> None:
    one = hands()
    one.send(sequence)
    assert one.wait(2 * SEQUENCE_S) == [key]


@pytest.mark.parametrize(
    "sequence",
    [
        *("\x1b[97;5:3u", "\x1b[1;5:3A", "\x1b[57441;2u", "\x1b[57358u", "\x1b[57428u", "\x1b[24;80R"),
        *(
            "\x1b[31m",
            "\x1b[1114112u",
            "\x1b[99999999999u",
            "\x1b[56320u",
            "\x1b[27;5;~",
            "\x1b[;u",
            "\x1b[1;2",
        ),
        *(
            "\x1b]11;rgb:0/0/0\x07",
            "\x1bP>|term\x1b\\",
            "\x1b[?62;4c\x1b[?1u",
            "\x1b[>1;10;0c",
            "\x1b[1;5\x1b[31m",
        ),
        *("\x1b[48;1;2;3;4;5;6;7;8;9;10;11;12;13;14;15t", "\x1b[E", "\x1b]11;rgb:0", "\x1b[1;5\x1b[31m"),
    ],
)
def test_what_is_not_a_key_types_nothing(hands, sequence: str) -> None:
    for cut in range(len(sequence)):
        one = hands()
        one.send(sequence[:cut]) if cut else None
        one.send(sequence[cut:])
        assert one.wait(2 * SEQUENCE_S) == [], cut
        assert one.send("k") == ["k"]


@given(
    st.lists(st.sampled_from(["1", "27", ";", ":", "5", "112", "<", "?", "$", " ", "99999999"])),
    st.sampled_from("ABuZ~mhltyc"),
)
def test_any_sequence_leaves_no_letter_behind(middle: list[str], final: str) -> None:
    reader = InputReader(lambda _: True)
    found = [*reader.feed("\x1b[" + "".join(middle) + final)]
    typed = {each.character for each in found if isinstance(each, events.Key) and each.is_printable}
    assert final in "u~" or not typed
    assert typed <= {"p", "P"}  # 112, in the two encodings by numbers


def test_answers_about_the_keyboard_are_not_keys(hands) -> None:
    one = hands()
    assert one.send("\x1b[?1u\x1b[?62;c\x1b[?2026;2$y\x1b[I") == [
        "TerminalSupportsSynchronizedOutput",
        "AppFocus",
    ]
    assert one.answers == ["\x1b[?1u", "\x1b[?62;c", "\x1b[?2026;2$y"]


def test_escape_is_a_key_where_an_answer_of_the_terminal_follows_at_once(hands) -> None:
    one = hands()
    assert one.send("\x1b") == []
    assert one.send("\x1b[0n", after_s=ESCAPE_S / 2) == ["escape"]
    assert one.send("\x1b\x1b[?1u") == ["escape", "escape"]
    assert one.answers == ["\x1b[0n", "\x1b[?1u"]
    assert one.send("\x1b\x1b[I")[2:] == ["escape", "AppFocus"]


@pytest.mark.parametrize(
    "answer", ["\x1b[0n", "\x1b[?2026;2$y", "\x1b[?62;4c", "\x1b[I", "\x1b[<0;3;4m", "\x1b]11;rgb:0/0/0\x07"]
)
def test_esc_pressed_right_before_an_answer_is_still_esc(hands, answer: str) -> None:
    for cut in (0, 0.05):
        reader = hands()
        reader.send("\x1b")
        reader.send(answer, after_s=cut)
        assert "escape" in reader.wait(0.2), (answer, cut)


def test_esc_pressed_right_before_a_paste_is_still_esc(hands) -> None:
    assert hands().send(f"\x1b{START}text{END}")[0] == "escape"


def test_a_lone_escape_waits_for_the_rest_of_a_sequence(hands) -> None:
    one = hands()
    assert one.send("\x1b") == []
    assert one.wait(ESCAPE_S / 2) == []
    assert one.wait(ESCAPE_S) == ["escape"]
    one.send("\x1b")
    assert one.send("[A", after_s=ESCAPE_S / 2) == ["escape", "up"]
    one.send("\x1b\x1b")
    assert one.wait(2 * ESCAPE_S)[2:] == ["escape", "escape"]


@given(st.lists(st.integers(0, len(START + HOSTILE + END) + 1), max_size=6))
def test_a_paste_never_produces_a_key(cuts: list[int]) -> None:
    whole = START + HOSTILE + END + "k"
    places = [0, *sorted(cuts), len(whole)]
    reader = InputReader(lambda _: True)
    found = [each for a, b in pairwise(places) for each in reader.feed(whole[a:b])]
    keys = [each.key for each in found if isinstance(each, events.Key)]
    texts = [each.text for each in found if isinstance(each, events.Paste)]
    assert keys == ["k"]
    assert texts == ["a␛]52;c;x␇\r␑␛[13u␛q\ufffd2J␛[I␛[20␛[201 b"]


def test_two_pastes_in_one_chunk(hands) -> None:
    assert hands().send(f"{START}a\x1b{END}\x1b[A{START}\x07{END}") == ["<a␛>", "up", "<␇>"]


# Pastes without brackets


def test_a_key_press_on_its_own_never_waits(hands) -> None:
    one = hands()
    for key, name in (("h", "h"), ("i", "i"), ("\r", "enter"), ("\n", "ctrl+j"), ("\t", "tab"), ("é", "é")):
        assert one.send(key, after_s=0.03)[-1] == name


@pytest.mark.parametrize("end", ["", "\r"])
def test_lines_in_one_burst_are_text_wherever_they_are_cut(hands, end: str) -> None:
    whole = "one\rtwo\rthree" + end
    for cuts in itertools.combinations(range(4, len(whole)), 2):
        one = hands()
        for start, stop in pairwise([0, *cuts, len(whole)]):
            one.send(whole[start:stop], after_s=GAP_S / 4)
        assert "".join(one.wait(1)) == f"<{whole}>"


def test_an_enter_that_was_held_up_together_with_the_next_key_is_a_key(hands) -> None:
    assert hands().send("\rn") == ["enter", "n"]


def test_a_paste_that_comes_character_by_character_is_text(hands) -> None:
    one = hands()
    for char in "one\rtwo\r\rthree\r":
        one.send(char, after_s=0.001)
    assert "enter" not in one.wait(1)


@pytest.mark.parametrize("cut", range(1, 4))
def test_a_burst_cut_in_its_first_line_is_text_from_the_cut_on(hands, cut: int) -> None:
    one = hands()
    one.send("one\rtwo\rthree"[:cut])
    one.send("one\rtwo\rthree"[cut:], after_s=GAP_S / 4)
    one.wait(1)
    assert "enter" not in one.got
    assert "".join(one.got).replace("<", "").replace(">", "") == "one\rtwo\rthree"


def test_a_line_and_one_enter_is_a_line_that_is_sent(hands) -> None:
    one = hands()
    assert one.send("hi\r") == []
    assert one.wait(2 * GAP_S) == ["h", "i", "enter"]
    two = hands()
    two.send("hi")
    two.send("\r")
    assert two.wait(2 * GAP_S) == ["h", "i", "enter"]


def test_keys_between_lines_show_that_they_are_typed(hands) -> None:
    one = hands()
    one.send("one\r\x0etwo\x1b[13uthree\r\x1b[A")
    expected = [*"one", "enter", "ctrl+n", *"two", "enter", *"three", "enter", "up"]
    assert one.wait(1) == expected


def test_a_slow_line_does_not_turn_the_rest_of_a_paste_into_keys(hands) -> None:
    one = hands()
    one.send("one\rtwo\rthr")
    one.send("ee\r", after_s=TAIL_S / 2)
    assert "enter" not in one.wait(2 * PASTE_GAP_S)
    assert one.send("\r")[-1] == "enter"


def test_a_long_line_all_at_once_is_a_paste(hands) -> None:
    one = hands()
    one.send("x" * PASTE_FROM_CHARS)
    assert one.wait(1) == ["<" + "x" * PASTE_FROM_CHARS + ">"]


def test_sixty_kilobytes_are_one_paste(hands) -> None:
    whole = "a line of text\r" * 4000
    one = hands()
    for start in range(0, len(whole), 4096):
        one.send(whole[start : start + 4096], after_s=GAP_S / 10)
    assert one.wait(1) == [f"<{whole}>"]
