"""Text from outside: what is shown, stored and made into file names."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptalk_client.text import (
    MAX_FILE_NAME_BYTES,
    file_name,
    first_line,
    one_line,
    showable_length,
    storable,
    visible,
)

ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
HOSTILE = [
    *(chr(code) for code in range(0x20)), "\x7f", "\x85", "\x9b", "\x9d", "\r\n", "\u2028", "\u2029",
    "\u202e", "\u2066", "\u200b", "\u200d", "\u200e", "\ufe0f", "\ufeff", "\u0301", "\u20dd", "\u0483",
    "\U000e0041", "\U000e0001", "\U000e007f", "\U000e0100", "\ud800", "\udfff", "\u1160", "\u11a8", "\ud7b0",
    "\U0001f3f4", "👩", "❤", "a", "я", "क", "ि", "।", "語", " ", "\x1b]52;c;AAAA\x07", ENGLAND,
]  # fmt: skip
texts = st.one_of(st.text(), st.lists(st.sampled_from(HOSTILE), max_size=60).map("".join))


def is_forbidden(char: str, newlines: bool) -> bool:
    code = ord(char)
    if char in "\n\t":
        return not newlines
    return (
        code < 0x20
        or 0x7F <= code < 0xA0
        or 0xD800 <= code <= 0xDFFF
        or 0x202A <= code <= 0x202E
        or 0x2066 <= code <= 0x2069
        or code in (0x2028, 0x2029)
    )


@given(texts, st.booleans())
def test_no_terminal_control_is_left(text: str, newlines: bool) -> None:
    assert [each for each in visible(text, newlines=newlines) if is_forbidden(each, newlines)] == []


@given(texts, st.booleans())
def test_sanitising_twice_changes_nothing(text: str, newlines: bool) -> None:
    once = visible(text, newlines=newlines)
    assert visible(once, newlines=newlines) == once


@given(texts)
def test_no_base_carries_more_than_eight_marks(text: str) -> None:
    run = 0
    for each in visible(text):
        run = run + 1 if unicodedata.category(each) in ("Mn", "Me") else 0
        assert run <= 8


@given(texts)
def test_no_three_zero_width_characters_in_a_row(text: str) -> None:
    run = 0
    for each in visible(text):
        run = run + 1 if each in "\u200b\u200d\u200e\ufe0f\ufeff\U000e0100" else 0
        assert run <= 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain text\n\twith a tab\n",
        "Привет, как дела? Ёлка",
        "日本語の助詞と漢字",
        "family 👨‍👩‍👧‍👦, heart on fire ❤️‍🔥, pirate 🏴‍☠️, skin 👍🏽",
        f"{ENGLAND} and {SCOTLAND}",
        "می‌خواهم",
        "नमस्ते दुनिया, हिन्दी में क्षत्रिय",
        "สวัสดีครับ ที่นี่",
        "Tiếng Việt e\u0302\u0323",
        "한국어 텍스트",
        "┌──────────────────┐\n│ box │ ════════ ░░░░░░░░░░░░",
        "שָׁלוֹם عَلَيْكُم",
    ],
)
def test_ordinary_text_is_unchanged(text: str) -> None:
    assert visible(text) == text


def test_clean_text_is_not_copied() -> None:
    text = "".join(["a long reply, ", "которая чиста, ", "日本語 🎉\n"]) * 100
    assert visible(text) is text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[2J", "␛[2J"),
        ("\x00\x07\x7f", "␀␇␡"),
        ("\x9d52;c;AAAA\x9c", "⟨U+009D⟩52;c;AAAA⟨U+009C⟩"),
        ("a\x85b", "a⟨U+0085⟩b"),
        ("one\r\ntwo", "one\ntwo"),
        ("over\rwritten", "over␍written"),
        ("\r\r\n", "␍\n"),
        ("a\u2028b\u2029c", "a\nb\nc"),
        ("user\u202etxt.exe", "user⟨RLO⟩txt.exe"),
        ("\u2066a\u2069", "⟨LRI⟩a⟨PDI⟩"),
        ("a" + "\u200b" * 500 + "b", "a\u200bb"),
        ("e" + "\u0301" * 9, "e" + "\u0301" * 8),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 8),
        ("e" + "\u0301\u200b" * 50, "e" + "\u0301\u200b" * 4),
        ("hi\U000e0068\U000e0069!", "hi⟨tags⟩!"),
        ("🏴\U000e0067\U000e0062", "🏴⟨tags⟩"),
        ("x\ud83dy", "x\ufffdy"),
        ("\u1100" + "\u1161" * 100, "\u1100" + "\u1161" * 8),
    ],
)
def test_how_each_danger_is_displayed(raw: str, shown: str) -> None:
    assert visible(raw) == shown


def test_no_mark_of_any_script_stacks_up() -> None:
    for code in range(sys.maxunicode + 1):
        mark = chr(code)
        if unicodedata.category(mark) in ("Mn", "Me"):
            assert visible("e" + mark * 20).count(mark) <= 8, f"U+{code:04X}"


def test_no_invisible_character_floods() -> None:
    """Format characters, variation selectors and the code points that Unicode reserves for more of them.

    Source: https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point. Fillers that take a cell are left
    out.
    """
    visible_formats = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
    formats = {
        code
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) == "Cf" and not 0x13430 <= code <= 0x1343F
    }
    ignorable = {
        0x34F,
        0x17B4,
        0x17B5,
        *range(0x180B, 0x1810),
        0x2065,
        *range(0xFE00, 0xFE10),
        *range(0xFFF9, 0xFFFC),
    }
    for code in (formats | ignorable | set(range(0xE0000, 0xE1000))) - visible_formats - {0xAD}:
        char = chr(code)
        assert visible("a" + char * 20 + "b").count(char) <= 2, f"U+{code:04X}"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\nb\tc", "a↵b c"),
        ("я\nb\tc", "я↵b c"),
        ("a\r\nb\nc\td\u2028e", "a↵b↵c d↵e"),
    ],
)
def test_without_newlines_line_ends_and_tabs_are_one_cell(raw: str, shown: str) -> None:
    assert visible(raw, newlines=False) == shown
    assert visible(raw) == raw.replace("\r\n", "\n").replace("\u2028", "\n")


@given(st.lists(texts, max_size=8))
def test_text_shown_piece_by_piece_looks_the_same_as_whole(pieces: list[str]) -> None:
    shown, waiting = "", ""
    for piece in pieces:
        waiting += piece
        cut = showable_length(waiting)
        shown += visible(waiting[:cut])
        waiting = waiting[cut:]
    assert shown + visible(waiting) == visible("".join(pieces))


def test_little_of_ordinary_text_has_to_wait() -> None:
    for text in ("plain", "Привет", "日本語", "สวัสดี", "line\n", "नमस्ते"):
        assert len(text) - showable_length(text) <= 1


@given(texts)
def test_storable_text_survives_utf8_and_changes_nothing_else(text: str) -> None:
    kept = storable(text)
    assert kept.encode().decode() == kept
    assert "\x00" not in kept
    pairs_joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert kept == pairs_joined.replace("\x00", "\ufffd")


@given(texts, st.integers(1, 40))
def test_one_line_is_short_and_single(text: str, limit: int) -> None:
    line = one_line(text, max_chars=limit)
    assert len(line) <= limit
    assert not set(line) & set("\n\r\t\x1b\u2028")


def test_one_line_runs_white_space_together_and_tells_that_it_cut() -> None:
    assert one_line("  a \n\n b\tc ") == "a b c"
    assert one_line("abcdef", max_chars=4) == "abc…"
    assert one_line("a" * 4, max_chars=4) == "aaaa"
    assert one_line(" " * 1000 + "word") == "word"


def test_the_first_line_is_the_first_that_is_not_blank() -> None:
    assert first_line("\n \n  Hello \x1b there\nmore") == "Hello ␛ there"
    assert first_line(" \n ") == ""
    assert first_line("word " * 50, 10) == "word word…"


@given(texts)
def test_a_file_name_is_safe_whatever_the_title(title: str) -> None:
    name = file_name(title, suffix=".md")
    stem = name.removesuffix(".md")
    assert 3 < len(name.encode()) <= MAX_FILE_NAME_BYTES
    assert not set(name) & set('/\\:*?"<>|\x00\n\x7f')
    assert ".." not in stem
    assert stem == stem.strip(" .")
    assert not stem.startswith("-")
    assert name.isprintable()


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Rust lifetimes explained", "Rust lifetimes explained"),
        ("../../etc/passwd", "etc passwd"),
        ("-rf", "rf"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("COM¹", "_COM¹"),
        ("console", "console"),
        ("a\x00b\x1b", "ab"),
        ("trailing. . .", "trailing"),
        ("", "conversation"),
        ("...", "conversation"),
        (".bashrc", "bashrc"),
        ("C:\\Windows", "C Windows"),
        ("\u202egpj.exe", "gpj.exe"),
        ("漢" * 100, "漢" * 40),
    ],
)
def test_file_names_of_known_traps(title: str, name: str) -> None:
    assert file_name(title) == name
