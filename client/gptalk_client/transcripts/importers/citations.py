"""ChatGPT's citation marks as Markdown links.

A reply refers to its sources by marks between private-use characters, such as U+E200 `cite` U+E202
`turn0search3` U+E201, or in older replies between `【` and `】`. The message's `content_references` say what each
mark refers to.
"""

from __future__ import annotations

import re
from typing import Any

from gptalk_client.json_decoding import JsonError, decode
from gptalk_client.text import one_line
from gptalk_client.transcripts.importers.source import dict_of, list_of, text_of

_MARK = re.compile("\ue200[^\ue200\ue201]*\ue201|【[^【】]{1,200}】")
_STRAY = re.compile("[\ue200-\ue20f]")


def with_links(text: str, references: Any) -> str:
    """Return a text with its citation marks replaced by links; marks without a known source are removed.

    Args:
        text: As ChatGPT exported it.
        references: The `content_references` of the message.
    """
    if not _MARK.search(text) and not _STRAY.search(text):
        return text
    links = {text_of(each.get("matched_text")): _links(each) for each in map(dict_of, list_of(references))}

    def link(match: re.Match[str]) -> str:
        mark = match[0]
        return links.get(mark) or (mark if mark[0] == "【" else _name(mark))

    return _STRAY.sub("", _MARK.sub(link, text))


def _links(reference: dict[str, Any]) -> str:
    items = [dict_of(each) for each in list_of(reference.get("items"))] or [reference]
    found = dict.fromkeys(_link(each) for each in items)
    return " ".join(filter(None, found)) or text_of(reference.get("alt"))


def _link(item: dict[str, Any]) -> str:
    address = text_of(item.get("url"))
    if not address.startswith(("http://", "https://")) or re.search(r"[\s<>]", address):
        return ""
    title = one_line(text_of(item.get("title")), max_chars=200).strip() or address
    title = re.sub(r"([\[\]\\])", r"\\\1", title)
    return f"[{title}](<{address}>)" if re.search("[()]", address) else f"[{title}]({address})"


def _name(mark: str) -> str:
    """Return the words that a mark itself contains, such as a person's name; most contain none."""
    kind, _, value = mark[1:-1].partition("\ue202")
    if kind != "entity":
        return ""
    try:
        values = list_of(decode(value))
    except JsonError:
        return ""
    return text_of(values[1]) if len(values) > 1 else ""
