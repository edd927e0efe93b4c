"""Which parts of a prompt are shown as one line."""

from __future__ import annotations

import pytest

from gptalk_tui.chat.attachments import fenced
from gptalk_tui.markdown.block_builder import parse_plain
from gptalk_tui.markdown.chips import find_chips
from gptalk_tui.markdown.plain_splitter import PlainSplitter

PASTE = "".join(f"line {number}\n" for number in range(120))


def shown(text: str, *pastes: str) -> list[str]:
    """Return the lines that are shown of a prompt."""
    splitter = PlainSplitter(find_chips(text, pastes))
    splitter.push(text)
    splitter.finish()
    assert "".join(piece.source for piece in splitter.pieces) == text
    return [block.shown for piece in splitter.pieces for block in parse_plain(piece).blocks]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ["short"]),
        ("```py a.py\nx\n```", ["[a.py · 2 characters]"]),
        ("no file:\n```py\nx\n```", ["no file:", "```py", "x", "```"]),
        (PASTE, ["[long text · 120 lines]"]),
        (f"What is this?\n{PASTE}", ["What is this?", "[long text · 120 lines]"]),
        (f"Look.\n\n{PASTE}\nThoughts?", ["Look.", "", "[long text · 120 lines]", "", "Thoughts?"]),
        ("x" * 5_000, ["[long text · 5 kB]"]),
    ],
)
def test_files_and_long_parts_are_shown_as_one_line(text: str, lines: list[str]) -> None:
    assert shown(text) == lines


def test_files_that_were_added_to_a_prompt_are_named_with_their_size() -> None:
    text = "Compare @a.py and @b.md" + fenced("a.py", "x = 1\n" * 500) + fenced("b.md", "````\nfence\n````\n")
    assert shown(text) == ["Compare @a.py and @b.md", "", "[a.py · 3 kB]", "[b.md · 16 characters]"]


def test_a_paste_that_is_known_is_found_wherever_it_is() -> None:
    assert shown(f"see {PASTE} and answer", PASTE) == ["see", "[pasted text · 120 lines]", " and answer"]


def test_copying_the_line_copies_all_of_it() -> None:
    [chip] = find_chips(PASTE)
    splitter = PlainSplitter([chip])
    splitter.push(PASTE)
    splitter.finish()
    assert parse_plain(splitter.pieces[0]).plain == [PASTE.rstrip("\n")]
