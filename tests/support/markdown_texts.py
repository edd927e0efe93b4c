"""Markdown for the transcript's tests: ordinary replies, awkward ones, and random mixtures of both."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from gptalk_tui.markdown.block_builder import parse
from gptalk_tui.markdown.pieces import Piece
from gptalk_tui.markdown.splitter import split
from gptalk_tui.widgets.transcript.layout import layout
from gptalk_tui.widgets.transcript.lines import Line
from gptalk_tui.widgets.transcript.styles import StyleTable

STYLES = StyleTable()

CODE = "".join(f"def function_{n}(a, b):\n    return a + b * {n}\n\n" for n in range(30))
ROWS = "".join(f"| row {n} | {'word ' * (n % 7)}| {n * 1000} |\n" for n in range(95))

ORDINARY = {
    "paragraphs": "One paragraph\nof two lines.\n\nAnother one, *with* **some** `code`.\n",
    "headings": "# One\n## Two\n\ntext\n\nSetext\n======\n\nSecond\n---\ntext\n",
    "tight list": "Here:\n- one\n- two\n  - nested\n    - deeper\n- three\n\nDone.\n",
    "loose list": "1. one\n\n2. two\n\n   with a paragraph\n\n3. three\n",
    "numbers go on": "7. seven\n7. eight\n7. nine\n7. ten\n7. eleven\n",
    "list after list": "- a\n- b\n\n1. x\n2. y\n\n* c\n+ d\n",
    "fence in list": "1. Install:\n   ```sh\n   pip install x\n   ```\n"
    "2. Run:\n\n   ```python\n   import x\n\n   x.run()\n   ```\n   and look.\n3. Done\n",
    "quotes": "> quoted\n> on\nlazily\n\n> > nested\n>\n"
    "> - list\n>   more\n>\n> ```\n> code\n> ```\n\nafter\n",
    "list in quote in list": "- a\n  > quote\n  > - item\n  >\n  > text\n- b\n",
    "rules": "a\n\n---\n\nb\n***\nc\n",
    "table": "Before\n\n| a | b | c |\n|:--|:-:|--:|\n| 1 | *two* | `3` |\n| long long cell | x | y |\n\nAfter\n",
    "long table": f"| name | words | number |\n|---|---|--:|\n{ROWS}\nAfter\n",
    "long fence": f"Look:\n\n```python\n{CODE}```\n\nThat is it.\n",
    "unclosed fence": f"Look:\n\n```python\n{CODE}",
    "long fence in list": "- item\n\n  ```\n" + "".join(f"  line {n}\n" for n in range(80))
    + "  ```\n\n  after\n- next\n",
    "indented code": "text\n\n    code\n\n    more\n\ntext\n",
    "html": "<div>\n<p>hi</p>\n</div>\n\ntext <b>bold</b> <br> break\n\n<!-- a\n\nb -->\n\nend\n",
    "hard breaks": "one  \ntwo\\\nthree\n",
    "tasks": "- [ ] open\n- [x] done\n  1. [ ] nested\n",
    "formulas": "Costs $5 or $6.\n\n$$\na\n- b\n= c\n$$\n\n"
    "and \\(x^2\\) or $\\alpha_1$.\n\n\\[\n\\frac{1}{2}\n\\]\nend\n",
    "definitions first": "[home]: https://example.org/a\n\nSee [home] and [that][home].\n",
    "wide": "日本語の文章です。\n折り返します。\n\n- 👩‍👩‍👧 семья\n- שלום עולם\n- e\u0301a\u0308\n",
    "deep list": "".join("  " * n + f"- level {n}\n" for n in range(9)) + "\nend\n",
    "big item": "1. start\n" + "".join(f"   - nested {n} {'word ' * 12}\n" for n in range(60)) + "2. next\n",
    "big quote": "\n>\n".join(f"> paragraph {n} {'word ' * 20}" for n in range(40)) + "\n\nend\n",
    "long indented code": "\n\n".join(f"    line {n}" for n in range(70)) + "\n\nend\n",
    "long comment": "<!--\n" + "\n\n".join(f"note {n} {'word ' * 15}" for n in range(70)) + "\n-->\n\nend\n",
    "item of paragraphs": "- item\n\n"
    + "\n\n".join(f"  part {n} {'word ' * 12}" for n in range(70)) + "\n  - in it\n",
    "tabs": "-\titem\n\n\tmore\n\n```make\nall:\n\techo\t1\n```\n",
}  # fmt: skip
"""Documents whose pieces, painted, are what the whole document painted at once is."""

AWKWARD = {
    "table cut in a row": "| a | b |\n|---|---|\n| 1 | 2",
    "delimiter row cut": "| a | b |\n|---|--",
    "emphasis cut": "some *emphasis and **more",
    "link cut": "a [link](https://exam",
    "definition after its use": "See [home].\n\n[home]: https://example.org\n\n[home] again\n",
    "carriage returns": "a\r\n\r\n- b\r\n- c\r\n\r\n```\r\ncode\r\n```\r\nd\r\n",
    "line separators": "a\u2028- b\u2029c\n\n# d\n",
    "controls": "\x1b[2J a\x00b\n\n- \x9b31m\n\n\u202eevil\u202c\n",
    "long line": "word " * 3000 + "\n\nend",
    "long line without a space": "x" * 20000 + "\nnext",
    "long line of wide letters": "日" * 9000,
    "long line in a fence": "```\n" + "y" * 10000 + "\nshort\n```\nafter",
    "long line in an item": "- " + "z" * 9000 + "\n  more\n- next\n",
    "long paragraph": "some words on a line\n" * 500 + "\n| a |\n|---|\n| b |\n",
    "long html": "<div>\n" + "<p class='x'>text</p>\n" * 400 + "</div>\n\nend",
    "nothing but blank lines": "\n\n  \n\t\n",
    "deeper than is read": "> " * 40 + "deep\n\ntext",
    "empty items": "-\n\n-\n1.\n\n2. x\n>\n>\n",
}

_FRAGMENTS = [
    "text here", "more *words* on a line", "- item", "  nested text", "  - nested", "    - deep", "1. one",
    "2. two", "10. ten", "   text in an item", "3) three", "* star", "> quote", "> - item", "> > nested", "> ```",
    "```", "```py", "~~~", "    indented", "\tTab", "# head", "===", "---", "***", "| a | b |", "|---|---|",
    "| 1 | 2 |", "<div>", "</div>", "<!-- c", "-->", "", "", "", "", "  ", "$$", "x = 1", "\\[", "\\]",
    "[a]: https://x.y", "see [a]", "- [ ] task", "1. ```sh", "   ```", "-", ">", "hard  ", "-      code",
    "`a", "b`", "<pre>", "> | a | b |", "> |---|---|", "> | c | d |",
    "日本語", "👩‍👩‍👧", "a\u0301\u0302", "$5 and $6",
]  # fmt: skip

documents = st.lists(st.sampled_from(_FRAGMENTS), min_size=1, max_size=14).map("\n".join)
"""Random mixtures of lines that mean something to Markdown."""


def mixture(size: int) -> str:
    """Return a long reply with a bit of everything, at least `size` characters long."""
    parts: list[str] = []
    length = number = 0
    texts = list(ORDINARY.values())
    while length < size:
        part = f"## Part {number}\n\n{texts[number % len(texts)]}\n\n"
        parts.append(part)
        length += len(part)
        number += 1
    return "".join(parts)


def paint(pieces: Iterable[Piece], width: int) -> list[Line]:
    """Return the lines of all pieces."""
    lines: list[Line] = []
    for piece in pieces:
        lines.extend(layout(parse(piece), STYLES, text_width=width, full_width=width).lines)
    return lines


def texts(lines: Iterable[Line]) -> list[str]:
    """Return what the lines show, without blank cells at their ends and blank lines at the end."""
    shown = [line.strip.text.rstrip() for line in lines]
    while shown and not shown[-1]:
        shown.pop()
    return shown


def show(text: str, width: int) -> str:
    """Return a message as it is painted."""
    return "\n".join(texts(paint(split(text), width)))
