"""The mapping between cells and characters: what a selection of cells copies."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from gptalk_tui.markdown.block_builder import parse, parse_plain
from gptalk_tui.markdown.pieces import Piece
from gptalk_tui.markdown.splitter import split
from gptalk_tui.widgets.transcript.layout import layout
from gptalk_tui.widgets.transcript.lines import Line
from support.markdown_texts import AWKWARD, ORDINARY, STYLES, documents

CORPUS = {**ORDINARY, **{name: text[:5000] for name, text in AWKWARD.items()}}


def painted(piece: Piece, width: int) -> tuple[list[Line], list[str]]:
    blocks = parse(piece)
    return layout(blocks, STYLES, text_width=width, full_width=width).lines, blocks.plain


def check(text: str, width: int) -> None:
    """Check that each line shows a part of its logical line, and that the parts are in order."""
    for piece in split(text):
        lines, plain = painted(piece, width)
        assert {line.logical for line in lines} <= set(range(len(plain)))
        assert [line.logical for line in lines] == sorted(line.logical for line in lines)
        reached: dict[int, int] = {}
        for line in lines:
            end = line.start + line.length
            assert 0 <= line.start <= end <= len(plain[line.logical])
            if line.runs is None and line.length:
                shown = line.strip.text[line.indent :]
                # Bullets and numbers are copied as written, everything else as shown.
                letters = [each if each.isalpha() else " " for each in plain[line.logical][line.start : end]]
                assert [each if each.isalpha() else " " for each in shown[: line.length]] == letters
                assert line.start >= reached.get(line.logical, 0)
                reached[line.logical] = end
            for run in line.runs or ():
                assert run.cells > 0
                assert 0 <= run.start <= run.start + run.length <= len(plain[line.logical])
                assert run.x + run.cells <= line.strip.cell_length
            for x in range(-1, line.strip.cell_length + 2):
                offset = line.offset_at(x)
                assert 0 <= offset <= len(plain[line.logical])
            offsets = [line.offset_at(x) for x in range(line.strip.cell_length + 1)]
            assert offsets == sorted(offsets)
            for x0, x1 in line.cells_of(0, len(plain[line.logical])):
                assert 0 <= x0 < x1 <= line.strip.cell_length


@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.parametrize("width", [20, 47, 100])
def test_lines_of_the_corpus_map_to_their_text(name: str, width: int) -> None:
    check(CORPUS[name], width)


@settings(max_examples=100, deadline=None)
@given(documents)
def test_lines_of_random_documents_map_to_their_text(text: str) -> None:
    check(text, 31)


def copied(text: str, width: int) -> str:
    """Return what is copied with everything selected."""
    parts = []
    for piece in split(text):
        parts.append("" if piece.joins_previous or not parts else "\n")
        parts.append("\n".join(parse(piece).plain))
    return "".join(parts)


def test_a_copy_drops_gutters_and_wraps_but_keeps_markers() -> None:
    text = (
        "A *long* paragraph of words\nthat wraps.\n\n- one\n- [x] two\n  1. three\n\n"
        "> quoted\n\n```py\n\tx = 1\n```\n\n| a | b |\n|---|---|\n| *1* | 2 |\n"
    )
    assert copied(text, 20) == (
        "A long paragraph of words that wraps.\n\n- one\n- [x] two\n1. three\n\nquoted\n\n\tx = 1\n\n"
        "| a | b |\n|---|---|\n| *1* | 2 |"
    )


def test_cells_of_a_wrapped_word() -> None:
    lines, plain = painted(Piece("- alpha beta gamma", 0), 10)
    assert [line.strip.text for line in lines] == ["• alpha", "  beta", "  gamma"]
    start = plain[0].index("beta")
    assert plain[0] == "- alpha beta gamma"
    assert [line.cells_of(start, start + 4) for line in lines] == [[], [(2, 6)], []]
    assert lines[1].offset_at(2) == start
    assert lines[1].offset_at(0) == start
    assert lines[1].offset_at(4) == start + 2
    assert lines[1].offset_at(9) == start + 4


def test_cells_of_wide_letters() -> None:
    lines, _ = painted(Piece("日本語x", 0), 20)
    assert lines[0].cells_of(1, 3) == [(2, 6)]
    assert [lines[0].offset_at(x) for x in range(8)] == [0, 0, 1, 1, 2, 2, 3, 4]


def test_a_tab_in_code_is_one_character() -> None:
    lines, plain = painted(Piece("```\n\tx\n```", 0), 20)
    code = lines[1]
    assert plain == ["\tx"]
    assert code.offset_at(1) == 0
    assert code.offset_at(5) == 1
    assert code.cells_of(0, 1) == [(1, 5)]
    assert code.cells_of(1, 2) == [(5, 6)]


def test_cells_of_an_unwrapped_table_row_map_to_their_words() -> None:
    lines, plain = painted(Piece("| ab | cd |\n|---|---|\n| **xy** | z |", 0), 40)
    row = lines[2]
    assert row.strip.text.rstrip() == "xy │ z"
    start = plain[2].index("xy")
    assert [row.offset_at(0), row.offset_at(1)] == [start, start + 1]
    assert row.cells_of(start, start + 2) == [(0, 2)]


def test_a_wrapped_table_row_is_selected_as_a_whole() -> None:
    lines, plain = painted(Piece("| a | b |\n|---|---|\n| one two three four five | six seven |", 0), 22)
    row = [line for line in lines if line.logical == 2]
    assert len(row) > 1
    for line in row:
        assert line.cells_of(3, 4) == [(0, line.strip.cell_length)]
        assert {line.offset_at(x) for x in range(23)} == {0, len(plain[2])}


def test_links_and_code_areas() -> None:
    text = (
        "see https://example.org/a, or [it](https://example.org/x) "
        "[no](javascript:alert(1)) [file](a.md)\n\n```rust\nfn x() {}\n```\n"
    )
    found = [layout(parse(piece), STYLES, text_width=100, full_width=100) for piece in split(text)]
    links = [link for painted in found for link in painted.links]
    assert [link.url for link in links] == ["https://example.org/a", "https://example.org/x"]
    words = [found[0].lines[link.line].strip.text[link.x0 : link.x1] for link in links]
    assert words == ["https://example.org/a", "it"]
    area = found[1].codes[0]
    assert (area.language, area.source, area.ident) == ("rust", "fn x() {}\n", text.index("```rust"))
    header = found[1].lines[1]
    assert (area.first_line, area.last_line) == (1, 2)
    assert header.strip.text[area.copy_x0 : area.copy_x1] == "⧉ copy"


def test_only_web_and_mail_definitions_are_links() -> None:
    text = "[a]: https://x.y\n[b]: javascript:x\n[c]: file:///x\n[d]: notes.md\n[e]: mailto:a@x.y\n"
    [piece] = split(text)
    painted = layout(parse(piece), STYLES, text_width=80, full_width=80)
    assert [link.url for link in painted.links] == ["https://x.y", "mailto:a@x.y"]


def test_plain_text_is_shown_as_written() -> None:
    text = "# not *a* heading\n\n  - indented\n\tx\x1b[2J"
    blocks = parse_plain(Piece(text, 0))
    lines = layout(blocks, STYLES, text_width=40, full_width=40).lines
    assert [line.strip.text for line in lines] == ["# not *a* heading", "", "  - indented", "    x␛[2J"]
    assert blocks.plain == ["# not *a* heading", "", "  - indented", "\tx␛[2J"]
