"""A web page: one file that makes no requests, in light and dark.

Its policy allows its own style and its own script, by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from importlib import resources

from gptalk_client.models import Message, Role, iso_utc
from gptalk_client.text import one_line, visible
from gptalk_client.transcripts.exporters.html_markdown import parser
from gptalk_client.transcripts.transcript import Transcript, branches, ending, speaker, thought_for


def export(transcripts: Iterable[Transcript], *, all_branches: bool = False) -> Iterator[str]:
    """Yield the page in pieces."""
    is_first = True
    for transcript in transcripts:
        conversation = transcript.conversation
        title = escape(one_line(conversation.title, max_chars=500) or "Untitled")
        if is_first:
            yield _head(title)
            is_first = False
        about = [conversation.model, conversation.provider]
        yield f"<header><h1>{title}</h1><p>{_time(conversation.created_at_ms)}"
        yield "".join(f" · {escape(one_line(each))}" for each in about if each) + "</p></header>\n"
        if conversation.system_prompt:
            yield f'<article class="system"><h2>System</h2>{_plain(conversation.system_prompt)}</article>\n'
        for number, branch in enumerate(branches(transcript, every=all_branches), 1):
            if number > 1:
                summary = f"<summary>Branch {number}, {escape(branch.begins)}</summary>"
                yield f'<details class="branch">{summary}\n'
            for message in branch.messages:
                yield _article(message)
            if number > 1:
                yield "</details>\n"
    if is_first:
        yield _head("No conversations")
    yield f"</main><script>{_asset('page.js')}</script></body></html>\n"


def _head(title: str) -> str:
    style, script = _style(), _asset("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash_of(style)}'; script-src '{_hash_of(script)}';"
        " base-uri 'none'; form-action 'none'"
    )
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{style}</style></head>\n<body><main>\n"
    )


def _article(message: Message) -> str:
    end = ending(message)
    body = _plain(message.content) if message.role is Role.USER else _rendered(message.content)
    note = f'<p class="ending">{escape(one_line(end, max_chars=500))}</p>' if end else ""
    return (
        f'<article class="{message.role.value}"><h2>{speaker(message)} {_time(message.created_at_ms)}</h2>'
        f"{_folded(message)}{body}{note}</article>\n"
    )


def _folded(message: Message) -> str:
    if not message.reasoning:
        return ""
    summary = f"<summary>{thought_for(message)}</summary>"
    return f"<details>{summary}{_plain(message.reasoning)}</details>"


def _time(time_ms: int) -> str:
    iso = iso_utc(time_ms)
    return f'<time datetime="{iso}">{iso[:10]} {iso[11:16]} UTC</time>'


def _plain(text: str) -> str:
    """Return what a person typed, exactly as it was typed."""
    return f'<div class="text plain" dir="auto">{escape(visible(text))}</div>'


def _rendered(markdown: str) -> str:
    return f'<div class="text" dir="auto">{parser().render(visible(markdown))}</div>'


def _hash_of(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _asset(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


@cache
def _style() -> str:
    from pygments.formatters import HtmlFormatter

    def rules(style: str) -> str:
        return str(HtmlFormatter(style=style).get_style_defs(".code"))  # type: ignore[no-untyped-call]

    # pygments paints its own background, which would cover that of the page's boxes.
    plain = ".code { background: none }"
    dark = f"@media (prefers-color-scheme: dark) {{\n{rules('github-dark')}\n}}"
    return "\n".join([_asset("page.css"), rules("default"), dark, plain, ""])
