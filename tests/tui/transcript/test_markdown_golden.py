"""What each construct looks like, at a narrow and at a usual width."""

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
            "*not em* & \xa9 soft break and\n"
            "a hard\n"
            "break, then\n"
            "another and <kbd>Ctrl</kbd>."
        ),
        (
            "em strong both gone code *not em* & \xa9 soft break and a hard\n"
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
            "\u2022 one\n"
            "\u2022 two with words enough to\n"
            "  wrap around the edge\n"
            "  \u25e6 nested\n"
            "    1. deep\n"
            "    2. deeper\n"
            "\u2022 three\n"
            "\n"
            "9. nine\n"
            "10. ten with words enough to\n"
            "    wrap around the edge"
        ),
        (
            "\u2022 one\n"
            "\u2022 two with words enough to wrap around the edge\n"
            "  \u25e6 nested\n"
            "    1. deep\n"
            "    2. deeper\n"
            "\u2022 three\n"
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
            "\u2610 open\n"
            "\u2611 done\n"
            "\n"
            "1. ☑ numbered"
        ),
        (
            "\u2610 open\n"
            "\u2611 done\n"
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
            " python              \u29c9 copy\n"
            " def f(x):\n"
            "     return x  # a comment\n"
            "     ↳ that does not fit"
        ),
        (
            " python                                              \u29c9 copy\n"
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
            "\u2022 item\n"
            "                     \u29c9 copy\n"
            "   code\n"
            "• next"
        ),
        (
            "\u2022 item\n"
            "                                                     \u29c9 copy\n"
            "   code\n"
            "• next"
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
            "                     \u29c9 copy\n"
            " code\n"
            "   more"
        ),
        (
            "text\n"
            "\n"
            "                                                     \u29c9 copy\n"
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
            "\u258e a quote with words enough\n"
            "\u258e to wrap around the edge\n"
            "\u258e\n"
            "\u258e \u258e nested\n"
            "\n"
            "▎ • item"
        ),
        (
            "\u258e a quote with words enough to wrap around the edge\n"
            "\u258e\n"
            "\u258e \u258e nested\n"
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
            "name \u2502     meaning      \u2502  n\n"
            "\u2500\u2500\u2500\u2500\u2500\u253c\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u253c\u2500\u2500\u2500\n"
            "a    \u2502 the first letter \u2502  1\n"
            "     \u2502 of the alphabet  \u2502\n"
            "\u2500\u2500\u2500\u2500\u2500\u253c\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u253c\u2500\u2500\u2500\n"
            "日本 │       code       │ 20"
        ),
        (
            "name \u2502             meaning              \u2502  n\n"
            "\u2500\u2500\u2500\u2500\u2500\u253c\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u253c\u2500\u2500\u2500\n"
            "a    \u2502 the first letter of the alphabet \u2502  1\n"
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
            "a \u2502 b\n"
            "\u2500\u2500\u253c\u2500\u2500\n"
            "1 \u2502 2\n"
            "3 │ 4"
        ),
        (
            "a \u2502 b\n"
            "\u2500\u2500\u253c\u2500\u2500\n"
            "1 \u2502 2\n"
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
            "\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\n"
            "identifier: b\n"
            "description: short\n"
            "responsible: c"
        ),
        (
            "identifier      \u2502 description           \u2502 responsible\n"
            "\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u253c\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u253c\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\n"
            "alpha-numeric-1 \u2502 incomprehensibilities \u2502 administrator\n"
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
            "\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\n"
            "\n"
            "b"
        ),
        (
            "a\n"
            "\n"
            "\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\n"
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
            "It costs $5, or $6 with x\xb2 +\n"
            "\u03b1\u1d62.\n"
            "\n"
            "  (a+b)/2 \u2264 \u221an\n"
            "  ∑ᵢ₌₁ⁿ ℝ"
        ),
        (
            "It costs $5, or $6 with x\xb2 + \u03b1\u1d62.\n"
            "\n"
            "  (a+b)/2 \u2264 \u221an\n"
            "  ∑ᵢ₌₁ⁿ ℝ"
        ),
    ),
    "definitions": (
        (
            '[home]: https://example.org "Home"\n'
            "\n"
            "See [home]."
        ),
        (
            "[home]: https://example.org\n"
            '"Home"\n'
            "\n"
            "See home."
        ),
        (
            '[home]: https://example.org "Home"\n'
            "\n"
            "See home."
        ),
    ),
    "wide letters": (
        (
            "日本語の文章はどこでも折り返せます。句読点、は行頭に来ません。"
        ),
        (
            "\u65e5\u672c\u8a9e\u306e\u6587\u7ae0\u306f\u3069\u3053\u3067\u3082\u6298\u308a\u8fd4\n"
            "\u305b\u307e\u3059\u3002\u53e5\u8aad\u70b9\u3001\u306f\u884c\u982d\u306b\u6765\u307e\n"
            "せん。"
        ),
        (
            "\u65e5\u672c\u8a9e\u306e\u6587\u7ae0\u306f\u3069\u3053\u3067\u3082\u6298\u308a\u8fd4\u305b\u307e\u3059\u3002\u53e5\u8aad\u70b9\u3001\u306f\u884c\u982d\u306b\u6765\u307e\u305b\n"
            "ん。"
        ),
    ),
    "right to left": (
        (
            "שלום עולם and مرحبا بالعالم with words enough to wrap"
        ),
        (
            "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd and \u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645\n"
            "with words enough to wrap"
        ),
        (
            "שלום עולם and مرحبا بالعالم with words enough to wrap"
        ),
    ),
    "emoji": (
        (
            "\U0001f469\u200d\U0001f469\u200d\U0001f467 family, \U0001f1e9\U0001f1ea flag, \U0001f44d\U0001f3fd thumb, e\u0301 accent, \u2764\ufe0f heart to wrap around"
        ),
        (
            "\U0001f469\u200d\U0001f469\u200d\U0001f467 family, \U0001f1e9\U0001f1ea flag, \U0001f44d\U0001f3fd\n"
            "thumb, e\u0301 accent, \u2764\ufe0f heart to\n"
            "wrap around"
        ),
        (
            "\U0001f469\u200d\U0001f469\u200d\U0001f467 family, \U0001f1e9\U0001f1ea flag, \U0001f44d\U0001f3fd thumb, e\u0301 accent, \u2764\ufe0f heart to wrap\n"
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
def test_a_construct_in_a_narrow_column(name: str) -> None:
    source, narrow, _ = CASES[name]
    assert show(source, NARROW) == narrow


@pytest.mark.parametrize("name", CASES)
def test_a_construct_at_a_usual_width(name: str) -> None:
    source, _, usual = CASES[name]
    assert show(source, USUAL) == usual
