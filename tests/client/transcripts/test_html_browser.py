"""The exported page in a real browser: it asks nobody for anything, and runs its own script and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gptalk_client.models import Conversation, Message, Role, Status
from gptalk_client.transcripts.formats import FORMATS
from gptalk_client.transcripts.transcript import Transcript
from support.chromium import Chromium, RecordingServer, chromium

CONVERSATION = Conversation("c" * 32, "A page", 1_769_850_300_120, 0, model="gpt-4")
CODE = "print('<b>')\n\nprint(\"&amp;\")  # Привет\n"
OWNED = "document.title='owned'"


@pytest.fixture(scope="module")
def server() -> Iterator[RecordingServer]:
    with RecordingServer().running() as server:
        yield server


@pytest.fixture(scope="module")
def browser(server: RecordingServer) -> Iterator[Chromium]:
    with chromium(proxy=server.url) as browser:
        yield browser


def exported(*contents: str, conversation: Conversation = CONVERSATION) -> str:
    said = [(text, role) for text in contents for role in (Role.USER, Role.ASSISTANT)]
    messages = [
        Message(f"m{at}", CONVERSATION.id, f"m{at - 1}" if at else None, role, text, Status.COMPLETE, 0)
        for at, (text, role) in enumerate(said)
    ]
    return "".join(FORMATS["html"].export([Transcript(conversation, messages)], all_branches=True))


def show(browser: Chromium, server: RecordingServer, page: str, *, scheme: str = "light") -> list[str]:
    """Open a page; return what was asked of anybody."""
    server.pages["/page.html"] = page
    server.requests.clear()
    browser.open(f"{server.url}/page.html", scheme=scheme)
    return server.requests


def hostile(url: str) -> list[str]:
    """Return texts that ask for something at an address, or run something, wherever text becomes markup."""
    return [
        f"<script>{OWNED}</script>",
        f'<img src="{url}/1.png" onerror="{OWNED}"><svg onload="{OWNED}">',
        f"![a]({url}/2.png) [![b]({url}/3.png)](javascript:{OWNED})",
        f"</div></article></main></style></title><script>{OWNED}</script><script src='{url}/4.js'></script>",
        f"<link rel=prefetch href={url}/5><link rel=stylesheet href={url}/6.css>",
        f"<style>@import '{url}/7.css'</style>",
        f"<meta http-equiv=refresh content='0;url={url}/8'><iframe src={url}/9></iframe><base href={url}/10/>",
        f'```"><script>{OWNED}</script>\n</code></pre><script>{OWNED}</script>\n```',
        f"|a|\n|-|\n|<img src=x onerror={OWNED}>|\n\n<details open ontoggle={OWNED}>x",
        f"<a href='{url}/11' ping='{url}/12'>x</a> <{url}/13> {url}/14",
        f"&lt;script&gt;{OWNED}&lt;/script&gt; \x00<scr\x00ipt>{OWNED}</scr\x00ipt>",
    ]


# What a page asks for when nothing keeps it from doing so: the controls of the tests below.
RUNS = f'<img src=/probe.png onerror="{OWNED}"><script>{OWNED}</script><script src=/probe.js></script>'


def without_policy(page: str) -> str:
    # An icon of its own, since a browser that may looks for one by itself.
    icon = '<link rel="icon" href="data:,">'
    changed, count = re.subn('<meta http-equiv="Content-Security-Policy"[^>]*>', icon, page)
    assert count == 1
    return changed


def test_hostile_conversation_makes_no_request_and_runs_no_script(
    browser: Chromium, server: RecordingServer
) -> None:
    texts = [*hostile(server.url), *hostile("https://evil.example")]
    title = f"</title><script>{OWNED}</script>"
    conversation = replace(CONVERSATION, title=title, model=texts[1], system_prompt="\n".join(texts))
    asked = show(browser, server, exported(*texts, conversation=conversation))
    assert asked == ["/page.html"]
    assert browser.evaluate("document.title") == title
    assert browser.evaluate("document.querySelectorAll('script').length") == 1
    assert browser.evaluate("document.querySelectorAll('img, iframe, link, base, svg, details').length") == 0


def test_the_markup_alone_keeps_it_so_without_the_policy(browser: Chromium, server: RecordingServer) -> None:
    texts = [*hostile(server.url), *hostile("https://evil.example")]
    assert show(browser, server, without_policy(exported(*texts))) == ["/page.html"]
    assert browser.evaluate("document.title") == "A page"


def test_the_policy_alone_keeps_it_so_whatever_the_markup(browser: Chromium, server: RecordingServer) -> None:
    page = exported("x").replace("</main>", f"{RUNS}</main>")
    assert show(browser, server, page) == ["/page.html"]
    assert browser.evaluate("document.title") == "A page"
    asked = show(browser, server, without_policy(page))
    assert {"/probe.png", "/probe.js"} <= set(asked)
    assert browser.evaluate("document.title") == "owned"


def test_the_copy_button_copies_the_code_as_it_was_written(
    browser: Chromium, server: RecordingServer
) -> None:
    show(browser, server, exported(f"```python\n{CODE}```"))
    browser.call(
        "Browser.grantPermissions",
        origin=server.url,
        permissions=["clipboardReadWrite", "clipboardSanitizedWrite"],
    )
    browser.call("Page.bringToFront")
    changed = (
        "new Promise(done => { const button = document.querySelector('.code > button');"
        "new MutationObserver(() => done(button.textContent)).observe(button, {childList: true}) })"
    )
    browser.evaluate(f"window.changed = {changed}; 1")
    browser.click(".code > button")
    assert browser.evaluate("window.changed") == "Copied"
    assert browser.evaluate("navigator.clipboard.readText()") == CODE


def test_code_can_be_copied_where_there_is_no_clipboard_to_ask(
    browser: Chromium, server: RecordingServer
) -> None:
    show(browser, server, exported(f"```\n{CODE}```"))
    browser.evaluate(
        "navigator.clipboard.writeText = () => Promise.reject(new Error('no'));"
        "window.copied = new Promise(done =>"
        "document.addEventListener('copy', () => done(String(getSelection())))); 1"
    )
    browser.click(".code > button")
    assert browser.evaluate("window.copied") == CODE.rstrip("\n")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_colours_of_code_can_be_read_in_light_and_dark(
    browser: Chromium, server: RecordingServer, scheme: str
) -> None:
    code = 'def f(a: int = 1) -> str:  # a comment\n    """Doc."""\n    return f"{a!r}" + None @ True'
    show(
        browser,
        server,
        exported(f"text [a](https://x.example) `c`\n\n> q\n\n```python\n{code}\n```"),
        scheme=scheme,
    )
    pairs = browser.evaluate(
        """(() => {
          const behind = (element) => {
            for (; element; element = element.parentElement) {
              const colour = getComputedStyle(element).backgroundColor;
              if (colour !== 'rgba(0, 0, 0, 0)') return colour;
            }
          };
          return [...document.querySelectorAll('main *')]
            .filter((element) => [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
            .map((e) => [e.tagName + '.' + e.className, getComputedStyle(e).color, behind(e)]);
        })()"""
    )
    assert len(pairs) > 20
    poor = {(name, text, back) for name, text, back in pairs if contrast(text, back) < 4.5}
    assert poor == set()


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 counts it, from 1 to 21."""

    def luminance(colour: str) -> float:
        channels = [int(each) / 255 for each in re.findall(r"\d+", colour)[:3]]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
