"""Formulas, highlighting, wrapping, column widths and colours, each alone."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.lexers import get_all_lexers
from rich.cells import cell_len, get_character_cell_size

from gptalk_client.links import is_openable
from gptalk_client.text import is_single
from gptalk_tui.markdown.block_builder import parse
from gptalk_tui.markdown.highlight import code_lines, language_of
from gptalk_tui.markdown.inline import host_of
from gptalk_tui.markdown.latex import to_unicode
from gptalk_tui.markdown.pieces import Piece
from gptalk_tui.markdown.splitter import split
from gptalk_tui.widgets.transcript.colours import contrast, readable
from gptalk_tui.widgets.transcript.layout import layout
from gptalk_tui.widgets.transcript.lines import Line
from gptalk_tui.widgets.transcript.styles import DARK, LIGHT, SYNTAX_NAMES, StyleTable
from gptalk_tui.widgets.transcript.table_layout import column_widths
from gptalk_tui.widgets.transcript.wrap import wrap
from support.markdown_texts import CODE, show, texts


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r"\alpha + \beta", "α + β"),
        ("x^2", "x²"),
        ("x_i", "xᵢ"),
        ("x^{10}", "x¹⁰"),
        ("e^{i\\pi}", "e^(iπ)"),
        (r"\frac{a}{b}", "a/b"),
        (r"\frac{a+1}{b}", "(a+1)/b"),
        (r"\sqrt{2}", "√2"),
        (r"\sqrt{x+1}", "√(x+1)"),
        (r"\sqrt[3]{x}", "∛x"),
        (r"a \le b \ne c", "a ≤ b ≠ c"),
        (r"f: A \to B", "f: A → B"),
        (r"x \in \mathbb{R}^n", "x ∈ ℝⁿ"),
        (r"\text{if } x > 0", "if x > 0"),
        (r"\sum_{i=1}^{n} i", "∑ᵢ₌₁ⁿ i"),
        (r"\left( x \right)", "( x )"),
        (r"\begin{cases} a & b \\ c \end{cases}", "a  b\nc"),
        (r"\hat{x}", "x\u0302"),
        (r"\unknown{x}", r"\unknownx"),
        (r"90^\circ", "90°"),
        ("f'(x)", "f′(x)"),
        ("\\", "\\"),
        ("x^", "x^"),
        ("{", ""),
    ],
)
def test_formulas(formula: str, text: str) -> None:
    assert to_unicode(formula) == text


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5.",
        "From $5 to $10.",
        "$5, $6 and $7",
        "US$5 and A$6",
        "$1,000 (about $900 net) or $2",
        "between $5-$10 or $5/$10",
        "set $HOME and $PATH",
        "$HOME/bin:$PATH",
        "five $ and six $",
    ],
)
def test_prices_and_variables_are_left_alone(text: str) -> None:
    assert show(text, 80) == text


def test_formulas_in_code_are_left_alone() -> None:
    assert show("`$x^2$` and $x^2$", 80) == "$x^2$ and x²"
    assert "$x^2$" in show("```\n$x^2$\n```", 80)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="\\{}^_$ abfrcsqt123[]&", max_size=60))
def test_any_formula_keeps_its_letters_and_digits(formula: str) -> None:
    kept = [each for each in normalize("NFKD", to_unicode(formula)) if each.isalnum()]
    written = [each for each in formula if each.isalnum()]
    if "\\" in formula:  # a command becomes a sign
        assert len(kept) <= len(written) + formula.count("\\")
    else:
        assert kept == written


def test_code_is_highlighted_and_complete() -> None:
    lines = code_lines("def f():\n\treturn 'x'  # y\n", "python")
    assert [line.plain for line in lines] == ["def f():", "\treturn 'x'  # y"]
    assert lines[1].shown == "    return 'x'  # y"
    named = {
        line.shown[before : span.end].strip(): span.style
        for line in lines
        for before, span in zip([0, *(s.end for s in line.spans)], line.spans, strict=False)
    }
    assert named["def"] == named["return"] == "code.keyword"
    assert named["f"] == "code.function"
    assert named["'x'"] == "code.string"
    assert named["# y"] == "code.comment"


@pytest.mark.parametrize("language", ["", "no-such-language", "text", "<script>"])
def test_an_unknown_language_is_plain(language: str) -> None:
    assert {span.style for line in code_lines("a = 1\n\nb", language) for span in line.spans} == {"fence"}


@pytest.mark.parametrize(
    ("info", "language"),
    [("python", "python"), ("{.rust}", "rust"), ("js title=x", "js"), ("", ""), ("c++,ignore", "c++")],
)
def test_the_language_is_the_first_word(info: str, language: str) -> None:
    assert language_of(info) == language


def test_a_string_across_pieces_is_still_a_string() -> None:
    text = '```python\nx = """\n' + "word for word\n" * 40 + '"""\ny = 1\n```\n'
    styles = [
        span.style
        for piece in split(text)
        for block in parse(piece).blocks
        for line in getattr(block, "lines", [])
        for span in line.spans
        if line.shown.startswith("word")
    ]
    assert len(styles) == 40
    assert set(styles) <= {"code.string", "code.comment"}


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("python", "x = f('a', {n})  # b"),
        ("rust", "let x = a::<B>('c', {n}); // d"),
        ("js", "const x = `a ${{n}}`; // {n}"),
        ("c", 'int x = {n}; /* a */ char *s = "b";'),
        ("html", "<p class='a'>b {n}</p> <!-- c -->"),
        ("bash", "echo \"$x\" 'y' # {n}"),
    ],
)
def test_a_cut_does_not_change_the_colours(language: str, line: str) -> None:
    lines = [line.replace("{n}", str(n)) for n in range(60)]
    whole = [found.spans for found in code_lines("\n".join(lines), language)]
    parts = [
        found.spans
        for start in range(0, 60, 20)
        for found in code_lines(
            "\n".join(lines[start : start + 20]),
            language,
            "".join(f"{before}\n" for before in lines[max(0, start - 20) : start]),
        )
    ]
    assert parts == whole


def test_no_lexer_fails_on_a_cut_block() -> None:
    """C#, Nemerle and Inform build their rules differently from other lexers."""
    line = "x = 'a' + b(1, 2);  // c"
    for name, aliases, _, _ in get_all_lexers(plugins=False):
        if aliases:
            cut = code_lines(line, aliases[0], f"{line}\n" * 3)
            assert [each.plain for each in cut] == [line], name


def test_a_comment_opened_in_the_lead_continues() -> None:
    (line,) = code_lines("still a comment */", "js", "let a = 1;\n/* begins\n")
    assert {span.style for span in line.spans} == {"code.comment"}


def test_a_here_document_opened_in_the_lead_continues() -> None:
    inside, end = code_lines("if it is text\nEOF", "bash", "x=1\ncat <<EOF\nfirst\n")
    assert {span.style for line in (inside, end) for span in line.spans} == {"code.string"}


def test_pieces_of_a_fence_contain_all_its_code() -> None:
    inside = "".join(f"  {line}".rstrip() + "\n" for line in CODE.split("\n")[:-1])
    text = f"- item\n\n  ```python\n{inside}  ```\n"
    blocks = [block for piece in split(text) for block in parse(piece).blocks if hasattr(block, "source")]
    assert len(blocks) > 2
    assert "".join(block.source for block in blocks) == CODE
    assert len({block.ident for block in blocks}) == 1
    assert [block.has_header for block in blocks] == [True] + [False] * (len(blocks) - 1)


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet="ab cd-日本。、👩\u200d\ufe0f❤e\u0301 ", max_size=80),
    st.integers(2, 20),
    st.integers(2, 20),
    st.booleans(),
)
def test_wrapped_lines_fit_and_lose_only_spaces(text: str, first: int, rest: int, is_code: bool) -> None:
    lines = wrap(text, first, rest, is_code=is_code)
    kept = "".join(text[start:end] for start, end in lines)
    if is_code:
        assert kept == text
    else:
        assert kept.replace(" ", "") == text.replace(" ", "")
    for number, (start, end) in enumerate(lines):
        assert cell_len(text[start:end]) <= (rest if number else first)
    assert lines == sorted(lines)


def test_a_wide_letter_at_the_edge_goes_to_the_next_line() -> None:
    assert [("abc日本"[start:end]) for start, end in wrap("abc日本", 4, 4)] == ["abc", "日本"]


def test_characters_assumed_to_take_one_cell_do() -> None:
    single = [character for character in map(chr, range(0x20000)) if is_single(character)]
    assert len(single) > 500
    assert {get_character_cell_size(character) for character in single} == {1}
    assert all(cell_len(character + "\u0061") == 2 for character in single)


@pytest.mark.parametrize(
    ("natural", "minimum", "room", "widths"),
    [
        ([4, 6], [4, 6], 20, [4, 6]),
        ([4, 40], [4, 8], 20, [4, 16]),
        ([30, 30], [5, 5], 20, [10, 10]),
        ([3, 3], [3, 3], 5, None),
        ([40, 4], [30, 4], 24, [20, 4]),
    ],
)
def test_column_widths(natural: list[int], minimum: list[int], room: int, widths: list[int] | None) -> None:
    assert column_widths(natural, minimum, room) == widths


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=8), st.integers(1, 120)
)
def test_columns_never_exceed_the_room(columns: list[tuple[int, int]], room: int) -> None:
    natural = [max(pair) for pair in columns]
    minimum = [min(pair) for pair in columns]
    widths = column_widths(natural, minimum, room)
    if widths is not None:
        assert sum(widths) <= room
        assert all(1 <= width <= wanted for width, wanted in zip(widths, natural, strict=True))


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("code_background", [None, "#000000", "#ffffff", "#2d333b", "#fdf6e3", "#808080"])
def test_all_text_is_readable(dark: bool, code_background: str | None) -> None:
    given_colours = {"code_background": code_background} if code_background else {}
    page = (DARK if dark else LIGHT)["background"]
    styles = StyleTable(given_colours, dark=dark)
    for name, style in styles.items():
        if name in ("line", "bar") or style.color is None:
            continue
        background = style.bgcolor.name if style.bgcolor else page
        assert contrast(style.color.name, background) >= 4.5, name
    assert {f"code.{name}" for name in SYNTAX_NAMES} <= set(styles)


def test_every_style_of_a_painted_text_is_in_the_table() -> None:
    text = "# h\n\n> *q* [l](https://x.y) `c`\n\n- [x] a ~~b~~\n\n```py\nx = 1\n```\n\n|a|\n|-|\n|b|\n\n<p>\n"
    known, styles = set(StyleTable(dark=False)), StyleTable(dark=False)
    for piece in split(text):
        layout(parse(piece), styles, text_width=40, full_width=40)
    looked_up = set(styles) - known
    assert looked_up
    assert {part for name in looked_up for part in name.split(" ")} <= known


def test_contrast_follows_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert readable("#000000", "#ffffff") == "#000000"
    assert contrast(readable("#222222", "#000000"), "#000000") >= 4.5


@pytest.mark.parametrize(
    ("url", "opens", "host"),
    [
        ("https://Example.org:8080/x", True, "example.org"),
        ("HTTP://x.y", True, "x.y"),
        ("mailto:a@example.org?subject=x", True, "a@example.org"),
        ("https://user:secret@evil.example/", True, "evil.example"),
        ("javascript:alert(1)", False, "javascript:alert(1)"),
        ("file:///etc/passwd", False, "file:///etc/passwd"),
        ("https://[", True, "https://["),
    ],
)
def test_only_web_and_mail_addresses_open(url: str, opens: bool, host: str) -> None:
    assert is_openable(url) is opens
    assert host_of(url) == host


def test_inline_code_has_its_backticks_where_colours_are_the_terminals_own() -> None:
    text = "Call `f(x)` now.\n\n| a |\n|---|\n| `b` |"
    shown = [line for piece in split(text) for line in texts(_lines(piece, shows_ticks=True))]
    assert "Call `f(x)` now." in shown
    assert any("`b`" in line for line in shown)
    assert parse(split(text)[0], shows_ticks=True).plain == parse(split(text)[0]).plain == ["Call f(x) now."]


def _lines(piece: Piece, *, shows_ticks: bool) -> list[Line]:
    styles = StyleTable()
    return layout(parse(piece, shows_ticks=shows_ticks), styles, text_width=40, full_width=40).lines
