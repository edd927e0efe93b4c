"""Markdown: front matter, one heading a message, the text as it was written.

A message that opens something and does not close it, such as the code block of a stopped reply, must not
swallow the messages after it: it is closed, or put as a whole into a fence longer than any run of backticks
inside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from gptalk_client.models import Conversation, Message, iso_utc
from gptalk_client.text import one_line, visible
from gptalk_client.transcripts.transcript import Transcript, branches, ending, speaker, thought_for

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_MARK = "gptalk-tui-end-of-message"
_FENCE = re.compile(r"^([ \t>]*)(`{3,}|~{3,})(.*)$", re.MULTILINE)


def export(transcripts: Iterable[Transcript], *, all_branches: bool = False) -> Iterator[str]:
    """Yield the file in pieces; each conversation begins with its own front matter."""
    separator = ""
    for transcript in transcripts:
        conversation = transcript.conversation
        yield separator + _front_matter(conversation)
        yield f"# {_heading(conversation.title)}\n"
        if conversation.system_prompt:
            yield f"\n## System\n\n{contained(visible(conversation.system_prompt))}\n"
        for number, branch in enumerate(branches(transcript, every=all_branches), 1):
            if number > 1:
                yield f"\n---\n\n*Branch {number}, {_heading(branch.begins)}*\n"
            for message in branch.messages:
                yield _message(message)
        separator = "\n"


def contained(markdown: str) -> str:
    """Return Markdown that ends where it ends: what follows it is not drawn into it.

    Text that is closed already comes back as it is.
    """
    if not _leaks(markdown):
        return markdown.rstrip("\n")
    closed = markdown.rstrip("\n") + "\n" + _closing_fence(markdown)
    return fenced(markdown) if _leaks(closed) else closed


def fenced(text: str, language: str = "") -> str:
    """Return text in a fence that is longer than the longest run of backticks inside."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _message(message: Message) -> str:
    text = contained(visible(message.content))
    end = ending(message)
    note = f"\n\n> *{_heading(end)}*" if end else ""
    thoughts = _folded(message) if message.reasoning else ""
    return f"\n## {speaker(message)}\n\n{thoughts}{text}{note}\n"


def _folded(message: Message) -> str:
    """Return a message's reasoning behind a fold, in a fence: its own Markdown could open the fold early."""
    reasoning = fenced(visible(message.reasoning), "text")
    return f"<details>\n<summary>{thought_for(message)}</summary>\n\n{reasoning}\n\n</details>\n\n"


def _front_matter(conversation: Conversation) -> str:
    """Return YAML; a JSON string is a YAML string, whatever it holds."""
    fields = {
        "title": one_line(conversation.title, max_chars=1000),
        "id": conversation.id,
        "created": iso_utc(conversation.created_at_ms),
        "updated": iso_utc(conversation.updated_at_ms),
        "model": conversation.model,
        "provider": conversation.provider,
    }
    lines = [
        f"{key}: {json.dumps(visible(value), ensure_ascii=False)}" for key, value in fields.items() if value
    ]
    return "\n".join(["---", *lines, "---", "", ""])


def _heading(text: str) -> str:
    """Return text for one line, with what Markdown would read in it escaped."""
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", one_line(text, max_chars=500))


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")


def _leaks(markdown: str) -> bool:
    """Return whether a paragraph after this text would become part of it."""
    if not re.search(r"```|~~~|<", markdown):
        return False
    tokens = _parser().parse(f"{markdown}\n\n{_MARK}\n")
    last = tokens[-3:]
    return not (
        [each.type for each in last] == ["paragraph_open", "inline", "paragraph_close"]
        and last[0].level == 0
        and last[1].content == _MARK
    )


def _closing_fence(markdown: str) -> str:
    """Return the line that closes the fence which is open at the end, as far as lines alone tell."""
    indent, opener = "", ""
    for match in _FENCE.finditer(markdown):
        if not opener:
            indent, opener = match[1], match[2]
        elif match[2][0] == opener[0] and len(match[2]) >= len(opener) and not match[3].strip():
            opener = ""
    return indent + (opener or "```")
