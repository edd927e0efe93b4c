"""Text meant to break a renderer: bounded work, no crash, nothing lost, no control characters."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from gptalk_tui.markdown.block_builder import parse
from gptalk_tui.markdown.splitter import PIECE_CHARS, split
from gptalk_tui.widgets.transcript.layout import layout
from support.markdown_texts import STYLES, paint, show, texts

HOSTILE = {
    "quotes": ">" * 20_000,
    "quotes with spaces": "> " * 10_000,
    "growing quotes": "\n".join(">" * n for n in range(200)),
    "brackets": "[" * 20_000,
    "images": "![" * 10_000,
    "half links": "[a](b" * 4_000,
    "nested links": "[[a](b)" * 3_000,
    "stars": "*" * 20_000,
    "alternating emphasis": "*_" * 10_000,
    "underscores": "_a" * 10_000,
    "strikes": "~~a" * 7_000,
    "backticks": "`" * 20_000,
    "growing backticks": "".join("`" * n + "x" for n in range(1, 200)),
    "dollars": "$a" * 10_000,
    "formula openers": "\\(" * 10_000,
    "nested fractions": "$" + "\\frac{" * 150 + "$ \\[" + "{" * 900 + "\\]",
    "backslashes": "\\" * 20_000,
    "entities": "&amp;" * 4_000,
    "angle brackets": "<" * 20_000,
    "tags": "<a " * 7_000,
    "comments": "<!--" * 5_000,
    "declarations": "<!A " * 5_000 + "\n" + "<?x " * 5_000,
    "nested list markers": "- " * 10_000,
    "numbers": "1. " * 7_000,
    "mixed containers": "> - 1. " * 3_000,
    "deepening list": "\n".join("  " * n + "- a" for n in range(200)),
    "pipes": "|" * 20_000,
    "wide table": "|" + "a|" * 200 + "\n|" + "-|" * 200 + "\n" + ("|" + "b|" * 200 + "\n") * 3,
    "table with missing cells": "|a|b|c|\n|-|-|-|\n" + "|x\n" * 100,
    "hashes": "#" * 20_000,
    "one long word": "x" * 200_000,
    "wide letters": "日" * 50_000,
    "joined emoji": "👩\u200d" * 5_000,
    "marks": "a" + "\u0301" * 5_000,
    "variation selectors": "\ufe0f" * 5_000,
    "flags": "🇩" * 5_000,
    "spaces": " " * 50_000,
    "tabs": "\t" * 20_000,
    "blank lines": "\n" * 20_000,
    "fence of spaces": "```" + " " * 20_000 + "\nx",
    "fence info": "```" + "a" * 20_000 + "\nx",
    "unknown language": "```no-such-language\nx\n```",
    "addresses": "https://a.b/c " * 2_000,
    "mail addresses": "<a@b.c>" * 2_000,
    "definitions": "\n".join(f"[a{n}]: https://x.y/{n}" for n in range(1_000)),
    "escape sequences": "\x1b[2J\x1b]52;c;aGk=\x07\x9b31m\x00\x7f" * 300,
    "escape in code": "```\n\x1b[2J\n```\n`\x1b]0;x\x07`\n",
    "escape in a link": "[\x1b[2J](https://x.y/\x1b[2J) https://x.y/\x9b",
    "bidirectional": "\u202e\u2066abc\u2069" * 500,
    "escape as entity": "&#27;[2J &#x9b;31m &#0; &#8238;x &#10; &Tab;",
    "entity in a link": "[a](https://x.y/&#27;[2J) ![&#27;](https://x.y)",
    "entity in fence info": "```py&#27;[2J\nx\n```",
    "surrogates": "\ud800a\udfff",
    "emphasis inside a grapheme": "👩**\u200d👧 x** 👍*🏽 y*",
}  # fmt: skip
_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("width", [1, 3, 12, 40])
def test_hostile_text_is_painted_within_its_width(name: str, width: int) -> None:
    text = HOSTILE[name] if width > 12 else HOSTILE[name][:600]
    for piece in split(text):
        assert len(piece.source) <= 2 * PIECE_CHARS
        blocks = parse(piece)
        painted = layout(blocks, STYLES, text_width=width, full_width=width)
        for line in painted.lines:
            # A wide letter does not fit into one cell; the widget crops it.
            assert cell_len(line.strip.text) == line.strip.cell_length <= max(width, 2)
            assert not _OBEYED.search(line.strip.text)
        assert not any("\n" in plain or _OBEYED.search(plain.replace("\t", "")) for plain in blocks.plain)
        assert not any(_OBEYED.search(link.url) for link in painted.links)


@pytest.mark.parametrize(
    "name",
    ["quotes with spaces", "deepening list", "brackets", "alternating emphasis", "one long word", "pipes"],
)
def test_no_letter_of_hostile_text_is_lost(name: str) -> None:
    text = HOSTILE[name][:9000] + "end of it"
    shown = "".join("".join(texts(paint(split(text), 60))).split())
    assert shown.endswith("endofit")
    if name in ("one long word", "brackets", "pipes"):
        assert shown == "".join(text.split())


def test_deeply_nested_text_is_shown() -> None:
    assert "innermost" in show("> " * 500 + "innermost", 60)
    assert "innermost" in show(
        "".join("  " * n + "- a\n" for n in range(100)) + "  " * 100 + "- innermost", 60
    )


def test_quotes_leave_room_for_text_in_a_narrow_column() -> None:
    lines = show("> " * 10 + "some words in a deep quote", 20).split("\n")
    assert [line.strip("▎ ") for line in lines] == ["some words", "in a deep", "quote"]
    assert all(cell_len(line) <= 20 for line in lines)
