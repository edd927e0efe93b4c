"""How each construct looks, at a narrow and at a usual width."""

from __future__ import annotations

import pytest

from support.markdown_texts import show

NARROW, USUAL = 28, 60

CASES = {
    "headings": (
        (
            "# One\n"
            "\n"
            "Some text under it.\n"
            "\n"
            "## Two\n"
            "### Three\n"
            "text\n"
            "\n"
            "Underlined\n"
            "---"
        ),
        (
            "One\n"
            "━━━\n"
            "\n"
            "Some text under it.\n"
            "\n"
            "Two\n"
            "\n"
            "Three\n"
            "\n"
            "text\n"
            "\n"
            "Underlined"
        ),
        (
            "One\n"
            "━━━\n"
            "\n"
            "Some text under it.\n"
            "\n"
            "Two\n"
            "\n"
            "Three\n"
            "\n"
            "text\n"
            "\n"
            "Underlined"
        ),
    ),
    "inline": (
        (
            "*em* **strong** ***both*** ~~gone~~ `code` \\*not em\\* &amp; &copy;\n"
            "soft break and a hard  \n"
            "break, then <br>another and <kbd>Ctrl</kbd>."
        ),
        (
            "em strong both gone code\n"
            "*not em* & © soft break and\n"
            "a hard\n"
            "break, then\n"
            "another and <kbd>Ctrl</kbd>."
        ),
        (
            "em strong both gone code *not em* & © soft break and a hard\n"
            "break, then\n"
            "another and <kbd>Ctrl</kbd>."
        ),
    ),
    "links": (
        (
            "[text](https://example.org) <https://example.org/x> https://example.org/y. [mail"
            "](mailto:a@example.org)\n"
            "[bank.example](https://evil.example/) [local](notes.md) [bad](javascript:x) ![ca"
            "t](https://example.org/c.png)"
        ),
        (
            "text https://example.org/x\n"
            "https://example.org/y. mail\n"
            "bank.example (evil.example)\n"
            "local (notes.md)\n"
            "[bad](javascript:x) [image:\n"
            "cat]"
        ),
        (
            "text https://example.org/x https://example.org/y. mail\n"
            "bank.example (evil.example) local (notes.md)\n"
            "[bad](javascript:x) [image: cat]"
        ),
    ),
    "lists": (
        (
            "- one\n"
            "- two with words enough to wrap around the edge\n"
            "  - nested\n"
            "    1. deep\n"
            "    2. deeper\n"
            "- three\n"
            "\n"
            "9. nine\n"
            "10. ten with words enough to wrap around the edge"
        ),
        (
            "• one\n"
            "• two with words enough to\n"
            "  wrap around the edge\n"
            "  ◦ nested\n"
            "    1. deep\n"
            "    2. deeper\n"
            "• three\n"
            "\n"
            "9. nine\n"
            "10. ten with words enough to\n"
            "    wrap around the edge"
        ),
        (
            "• one\n"
            "• two with words enough to wrap around the edge\n"
            "  ◦ nested\n"
            "    1. deep\n"
            "    2. deeper\n"
            "• three\n"
            "\n"
            "9. nine\n"
            "10. ten with words enough to wrap around the edge"
        ),
    ),
    "loose list": (
        (
            "1. one\n"
            "\n"
            "   paragraph of one\n"
            "2. two"
        ),
        (
            "1. one\n"
            "\n"
            "   paragraph of one\n"
            "2. two"
        ),
        (
            "1. one\n"
            "\n"
            "   paragraph of one\n"
            "2. two"
        ),
    ),
    "tasks": (
        (
            "- [ ] open\n"
            "- [x] done\n"
            "1. [X] numbered"
        ),
        (
            "☐ open\n"
            "☑ done\n"
            "\n"
            "1. ☑ numbered"
        ),
        (
            "☐ open\n"
            "☑ done\n"
            "\n"
            "1. ☑ numbered"
        ),
    ),
    "fence": (
        (
            "```python\n"
            "def f(x):\n"
            "    return x  # a comment that does not fit\n"
            "```"
        ),
        (
            " python              ⧉ copy\n"
            " def f(x):\n"
            "     return x  # a comment\n"
            "     ↳ that does not fit"
        ),
        (
            " python                                              ⧉ copy\n"
            " def f(x):\n"
            "     return x  # a comment that does not fit"
        ),
    ),
    "fence in list": (
        (
            "- item\n"
            "  ```\n"
            "  code\n"
            "  ```\n"
            "- next"
        ),
        (
            "• item\n"
            "                     ⧉ copy\n"
            "   code\n"
            "\n"
            "• next"
        ),
        (
            "• item\n"
            "                                                     ⧉ copy\n"
            "   code\n"
            "\n"
            "• next"
        ),
    ),
    "text after code in a list": (
        (
            "1. item\n"
            "   ```\n"
            "   code\n"
            "   ```\n"
            "   text\n"
            "2. next"
        ),
        (
            "1. item\n"
            "                     ⧉ copy\n"
            "    code\n"
            "\n"
            "   text\n"
            "2. next"
        ),
        (
            "1. item\n"
            "                                                     ⧉ copy\n"
            "    code\n"
            "\n"
            "   text\n"
            "2. next"
        ),
    ),
    "notes": (
        (
            "> [!NOTE]\n"
            "> Read this *first*.\n"
            "\n"
            "> [!warning]\n"
            ">\n"
            "> - Mind the gap.\n"
            "\n"
            "> [!OTHER]\n"
            "> is a quote."
        ),
        (
            "▎ Note\n"
            "▎ Read this first.\n"
            "\n"
            "▎ Warning\n"
            "▎ • Mind the gap.\n"
            "\n"
            "▎ [!OTHER] is a quote."
        ),
        (
            "▎ Note\n"
            "▎ Read this first.\n"
            "\n"
            "▎ Warning\n"
            "▎ • Mind the gap.\n"
            "\n"
            "▎ [!OTHER] is a quote."
        ),
    ),
    "indented code": (
        (
            "text\n"
            "\n"
            "    code\n"
            "      more"
        ),
        (
            "text\n"
            "\n"
            "                     ⧉ copy\n"
            " code\n"
            "   more"
        ),
        (
            "text\n"
            "\n"
            "                                                     ⧉ copy\n"
            " code\n"
            "   more"
        ),
    ),
    "quote": (
        (
            "> a quote with words enough to wrap around the edge\n"
            ">\n"
            "> > nested\n"
            "\n"
            "> - item"
        ),
        (
            "▎ a quote with words enough\n"
            "▎ to wrap around the edge\n"
            "▎\n"
            "▎ ▎ nested\n"
            "\n"
            "▎ • item"
        ),
        (
            "▎ a quote with words enough to wrap around the edge\n"
            "▎\n"
            "▎ ▎ nested\n"
            "\n"
            "▎ • item"
        ),
    ),
    "table": (
        (
            "| name | meaning | n |\n"
            "|:-----|:-------:|--:|\n"
            "| a | the first letter of the alphabet | 1 |\n"
            "| 日本 | `code` | 20 |"
        ),
        (
            "name │     meaning      │  n\n"
            "─────┼──────────────────┼───\n"
            "a    │ the first letter │  1\n"
            "     │ of the alphabet  │\n"
            "─────┼──────────────────┼───\n"
            "日本 │       code       │ 20"
        ),
        (
            "name │             meaning              │  n\n"
            "─────┼──────────────────────────────────┼───\n"
            "a    │ the first letter of the alphabet │  1\n"
            "日本 │               code               │ 20"
        ),
    ),
    "narrow table": (
        (
            "| a | b |\n"
            "|---|---|\n"
            "| 1 | 2 |\n"
            "| 3 | 4 |"
        ),
        (
            "a │ b\n"
            "──┼──\n"
            "1 │ 2\n"
            "3 │ 4"
        ),
        (
            "a │ b\n"
            "──┼──\n"
            "1 │ 2\n"
            "3 │ 4"
        ),
    ),
    "table too wide": (
        (
            "| identifier | description | responsible |\n"
            "|---|---|---|\n"
            "| alpha-numeric-1 | incomprehensibilities | administrator |\n"
            "| b | short | c |"
        ),
        (
            "identifier: alpha-numeric-1\n"
            "description:\n"
            "  incomprehensibilities\n"
            "responsible: administrator\n"
            "────────────\n"
            "identifier: b\n"
            "description: short\n"
            "responsible: c"
        ),
        (
            "identifier      │ description           │ responsible\n"
            "────────────────┼───────────────────────┼──────────────\n"
            "alpha-numeric-1 │ incomprehensibilities │ administrator\n"
            "b               │ short                 │ c"
        ),
    ),
    "rule": (
        (
            "a\n"
            "\n"
            "---\n"
            "\n"
            "b"
        ),
        (
            "a\n"
            "\n"
            "────────────────────────────\n"
            "\n"
            "b"
        ),
        (
            "a\n"
            "\n"
            "────────────────────────────────────────────────────────────\n"
            "\n"
            "b"
        ),
    ),
    "html": (
        (
            "<details>\n"
            "<summary>More</summary>\n"
            "text\n"
            "</details>"
        ),
        (
            "<details>\n"
            "<summary>More</summary>\n"
            "text\n"
            "</details>"
        ),
        (
            "<details>\n"
            "<summary>More</summary>\n"
            "text\n"
            "</details>"
        ),
    ),
    "formula": (
        (
            "It costs $5, or $6 with $x^2 + \\alpha_i$.\n"
            "\n"
            "$$\n"
            "\\frac{a+b}{2} \\le \\sqrt{n}\n"
            "\\sum_{i=1}^n \\mathbb{R}\n"
            "$$"
        ),
        (
            "It costs $5, or $6 with x² +\n"
            "αᵢ.\n"
            "\n"
            "  (a+b)/2 ≤ √n\n"
            "  ∑ᵢ₌₁ⁿ ℝ"
        ),
        (
            "It costs $5, or $6 with x² + αᵢ.\n"
            "\n"
            "  (a+b)/2 ≤ √n\n"
            "  ∑ᵢ₌₁ⁿ ℝ"
        ),
    ),
    "definitions": (
        (
            "[home]: https://example.org \"Home\"\n"
            "\n"
            "See [home]."
        ),
        (
            "[home]: https://example.org\n"
            "\"Home\"\n"
            "\n"
            "See home."
        ),
        (
            "[home]: https://example.org \"Home\"\n"
            "\n"
            "See home."
        ),
    ),
    "wide letters": (
        (
            "日本語の文章はどこでも折り返せます。句読点、は行頭に来ません。"
        ),
        (
            "日本語の文章はどこでも折り返\n"
            "せます。句読点、は行頭に来ま\n"
            "せん。"
        ),
        (
            "日本語の文章はどこでも折り返せます。句読点、は行頭に来ませ\n"
            "ん。"
        ),
    ),
    "right to left": (
        (
            "שלום עולם and مرحبا بالعالم with words enough to wrap"
        ),
        (
            "שלום עולם and مرحبا بالعالم\n"
            "with words enough to wrap"
        ),
        (
            "שלום עולם and مرحبا بالعالم with words enough to wrap"
        ),
    ),
    "emoji": (
        (
            "👩\u200d👩\u200d👧 family, 🇩🇪 flag, 👍🏽 thumb, e\u0301 accent, ❤\ufe0f heart to wrap around"
        ),
        (
            "👩\u200d👩\u200d👧 family, 🇩🇪 flag, 👍🏽\n"
            "thumb, e\u0301 accent, ❤\ufe0f heart to\n"
            "wrap around"
        ),
        (
            "👩\u200d👩\u200d👧 family, 🇩🇪 flag, 👍🏽 thumb, e\u0301 accent, ❤\ufe0f heart to wrap\n"
            "around"
        ),
    ),
    "controls": (
        (
            "\x1b[31mred\x00 \u202eevil\u202c end"
        ),
        (
            "␛[31mred␀ ⟨RLO⟩evil⟨PDF⟩ end"
        ),
        (
            "␛[31mred␀ ⟨RLO⟩evil⟨PDF⟩ end"
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_construct_at_a_narrow_width(name: str) -> None:
    source, narrow, _ = CASES[name]
    assert show(source, NARROW) == narrow


@pytest.mark.parametrize("name", CASES)
def test_a_construct_at_a_usual_width(name: str) -> None:
    source, _, usual = CASES[name]
    assert show(source, USUAL) == usual
