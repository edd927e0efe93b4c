"""The web page: it asks nobody for anything, and nothing that a message says becomes markup."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gptalk_client.models import Conversation, Message, Role, Status
from gptalk_client.transcripts.formats import FORMATS
from gptalk_client.transcripts.transcript import Transcript

CONVERSATION = Conversation(
    "c" * 32, "A <title>", 1_769_850_300_120, 0, model="gpt-4", system_prompt="<b>Be</b> brief."
)
HARMLESS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "h3", "h4", "h5", "h6", "p",
    "time", "article", "div", "span", "button", "pre", "code", "a", "em", "strong", "s", "ul", "ol", "li",
    "blockquote",
    "table", "thead", "tbody", "tr", "th", "td", "hr", "br", "script",
}  # fmt: skip
ATTRIBUTES = {
    "charset", "http-equiv", "content", "name", "datetime", "class", "dir", "type", "href", "title", "rel",
    "start",
}  # fmt: skip


class Reader(HTMLParser):
    """Gathers what a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def page(content: str, role: Role = Role.ASSISTANT, status: Status = Status.COMPLETE) -> str:
    message = Message("m", CONVERSATION.id, None, role, content, status, 1_769_850_300_120)
    return "".join(FORMATS["html"].export([Transcript(CONVERSATION, [message])]))


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def test_the_policy_allows_exactly_its_own_style_and_script() -> None:
    html = page("hello")
    metas = [attrs for tag, attrs in read(html).tags if tag == "meta"]
    hashes = []
    for tag in ("style", "script"):
        (source,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        hashes.append(f"{tag}-src 'sha256-{digest}'")
    assert metas[1] == {
        "http-equiv": "Content-Security-Policy",
        "content": "; ".join(["default-src 'none'", *hashes, "base-uri 'none'", "form-action 'none'"]),
    }
    assert {"name": "referrer", "content": "no-referrer"} in metas
    assert html.index("Content-Security-Policy") < html.index("<style>")


def test_code_is_highlighted_and_can_be_copied() -> None:
    html = page("```python\nprint('<b>')\n```")
    assert (
        '<div class="code"><span class="language">python</span><button type="button">Copy</button>'
        '<pre dir="ltr"><code><span class="nb">print' in html
    )
    assert "prefers-color-scheme: dark" in html
    assert "print('<b>')\n" in read(html).text
    assert "no such &lt;language&gt;" in page("```nonsense\nno such <language>\n```")


def test_a_cell_is_aligned_by_a_class() -> None:
    html = page("|a|b|\n|--:|---|\n|1|2|")
    assert '<td class="right">1</td>' in html
    assert "<td>2</td>" in html


@pytest.mark.parametrize(
    "formula",
    [
        r"$e^{-x^2}\,dx$",
        r"\(a_1 * b_2 * c_{3}\)",
        r"$a<b \;\&\; `c`$",
        r"\[x = \begin{pmatrix} 1 \\ 2 \end{pmatrix}\]",
        "$$\n\\int_0^1 \\!\\frac{a}{b}\\,dx\n- [x](y)\n$$",
        "$$\nnever_closed \\, _here_",
    ],
)
def test_a_formula_is_shown_as_written(formula: str) -> None:
    assert formula in read(page(f"Look:\n\n{formula}")).text
    if "\n" not in formula:
        assert f"so {formula} holds" in read(page(f"- so {formula} holds")).text


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="\\{}[]()^_*~`<>&!#|-=+ab12,; \n", min_size=1).map(lambda text: text.strip()))
def test_no_character_of_a_formula_is_lost(formula: str) -> None:
    source = "$$" + " ".join(formula.split()) + "$$"
    inside = source.strip("$").strip()
    if inside:
        assert inside in read(page(source)).text


def test_prices_are_not_formulas() -> None:
    assert "math" not in {attrs.get("class") for _, attrs in read(page("From $5 to $10, or *$6*.")).tags}


def test_what_a_person_typed_is_shown_as_typed() -> None:
    html = page("# no heading\n\n  <i>kept</i>", Role.USER)
    assert '<div class="text plain" dir="auto"># no heading\n\n  &lt;i&gt;kept&lt;/i&gt;</div>' in html
    assert "<h1>A &lt;title&gt;</h1>" in html
    assert "&lt;b&gt;Be&lt;/b&gt; brief." in html
    assert "␛[2J⟨RLO⟩evil" in read(page("\x1b[2J\u202eevil", Role.USER)).text


def test_another_branch_is_named_by_what_it_follows_as_text() -> None:
    roots = [
        Message(f"m{number}", CONVERSATION.id, parent, Role.USER, "<img src=x>", Status.COMPLETE, number)
        for number, parent in enumerate([None, "m0", "m0"])
    ]
    html = "".join(FORMATS["html"].export([Transcript(CONVERSATION, roots)], all_branches=True))
    assert "after “&lt;img src=x&gt;”" in html
    assert "img" not in [tag for tag, _ in read(html).tags]


def test_another_branch_is_folded() -> None:
    tree = [
        Message(f"m{number}", CONVERSATION.id, parent, Role.USER, f"text {number}", Status.COMPLETE, number)
        for number, parent in enumerate([None, "m0", "m0"])
    ]
    html = "".join(FORMATS["html"].export([Transcript(CONVERSATION, tree)], all_branches=True))
    assert html.count("<details") == html.count("</details>") == 1
    folded = html[html.index("<details") : html.index("</details>")]
    assert "text 1" in folded
    assert "text 2" not in folded


@pytest.mark.parametrize(
    ("source", "shown", "links"),
    [
        ("- [ ] buy\n- [x] sell\n- [y] no", "☐ buy\n☑ sell\n[y] no", []),
        ("[x] outside of a list", "[x] outside of a list", []),
        ("See https://a.example/b_(c).", "See https://a.example/b_(c).", ["https://a.example/b_(c)"]),
        ("`https://a.example` and [https://b.example](https://c.example)", "https://a.example and https://b.example",
         ["https://c.example"]),
        ("![a dog](https://a.example/dog.png)", "[image: a dog]", ["https://a.example/dog.png"]),
        ("[![dog](https://a.example/dog.png)](https://b.example)", "[image: dog]", ["https://b.example"]),
        ("Iron[^1].\n\n[^1]: anatolia", "Iron[^1].\n[^1]: anatolia", []),
        ("[a][b]\n\n[b]: https://b.example", "a", ["https://b.example"]),
        (r"\(e^{-x^2}\,dx\)", r"\(e^{-x^2}\,dx\)", []),
    ],
)  # fmt: skip
def test_the_page_shows_what_the_screen_shows(source: str, shown: str, links: list[str]) -> None:
    html = page(source)
    body = html[html.rindex('<div class="text"') :].partition("</article>")[0]
    reader = read(body)
    assert shown in re.sub("\n+", "\n", reader.text)
    assert [attrs["href"] for tag, attrs in reader.tags if tag == "a"] == links


def test_very_long_code_is_shown_without_colours() -> None:
    code = "x = 1\n" * 20_000
    html = page(f"```python\n{code}```")
    assert '<span class="nb"' not in html
    assert '<span class="o"' not in html
    assert code in read(html).text


def test_ending_is_shown() -> None:
    assert '<p class="ending">Stopped.</p>' in page("x", status=Status.STOPPED)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("```\n<img src=x onerror=alert(1)>\n```", "<img src=x onerror=alert(1)>"),
        ("    <img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("`<img src=x onerror=alert(1)>`", "<img src=x onerror=alert(1)>"),
        ("![<img src=x onerror=alert(1)>](y)", "[image: <img src=x onerror=alert(1)>] (y)"),
        ("[click](javascript:'&amp;lt;')", "click (javascript:'&lt;')"),
        ("![dog](data:image/png;base64,x)", "[image: dog] (data:image/png;base64,x)"),
        ("[click](javascript:alert(1))", "click (javascript:alert(1))"),
        ("[click](data:text/html,x)", "click (data:text/html,x)"),
        ("[click](file:///etc/passwd)", "click (file:///etc/passwd)"),
        ("[click](//evil.example)", "click (//evil.example)"),
        ("<javascript:alert(1)>", "javascript:alert(1)"),
        ("\x1b[2J\u202eevil", "␛[2J⟨RLO⟩evil"),
    ],
)
def test_message_text_is_never_markup(source: str, shown: str) -> None:
    reader = read(page(source))
    assert shown in reader.text
    assert [tag for tag, _ in reader.tags if tag in ("img", "a", "iframe", "svg")] == []
    assert [tag for tag, _ in reader.tags].count("script") == 1


def test_safe_links_stay_links_and_send_no_referrer() -> None:
    reader = read(
        page('[a](https://x.example/?a="b"&c) <mailto:me@x.example> [b](https://x.example/&amp;lt;)')
    )
    links = [attrs for tag, attrs in reader.tags if tag == "a"]
    assert [each["href"] for each in links] == [
        "https://x.example/?a=%22b%22&c", "mailto:me@x.example", "https://x.example/&lt;",
    ]  # fmt: skip
    assert all(each["rel"] == "noopener noreferrer nofollow" for each in links)


hostile = st.lists(
    st.sampled_from([
        "<", ">", '"', "'", "&", "](", "[", "![", "(", ")", "`", "```", "\n", "javascript:", "https://x",
        "onerror=",
        "<script>", "</style>", "</article>", "</code>", "|", "-", "a", " ", "&lt;", "<!--", "-->", "\x00",
        "|a|\n|-:|\n|b|\n",
    ]),
    max_size=25,
)  # fmt: skip


@settings(deadline=None)
@given(hostile.map("".join), st.sampled_from([Role.USER, Role.ASSISTANT]))
def test_no_text_becomes_a_tag_or_attribute_that_does_something(text: str, role: Role) -> None:
    conversation = replace(CONVERSATION, title=text, system_prompt=text, model=text)
    message = Message("m", CONVERSATION.id, None, role, text, Status.FAILED, 0, error=text)
    html = "".join(FORMATS["html"].export([Transcript(conversation, [message])], all_branches=True))
    reader = read(html)
    assert {tag for tag, _ in reader.tags} <= HARMLESS
    assert {name for _, attrs in reader.tags for name in attrs} <= ATTRIBUTES
    links = [str(attrs["href"]) for _, attrs in reader.tags if "href" in attrs]
    assert all(each.startswith(("http://", "https://", "mailto:")) for each in links)
    assert html.endswith("</script></body></html>\n")
