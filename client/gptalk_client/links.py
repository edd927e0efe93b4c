"""Addresses in text: the bare ones that a reader takes for links, and those that may be opened."""

from __future__ import annotations

import re
from collections.abc import Iterator

_BARE_URL = re.compile(r"(?:https?://|mailto:)[^\s<>\"`\x00-\x20]+", re.I)


def is_openable(url: str) -> bool:
    """Return whether an address is of a kind that may be opened."""
    return url[:8].lower().startswith(("http://", "https://", "mailto:"))


def bare_urls(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each bare address, without the punctuation that belongs to the sentence."""
    if "://" not in text and "mailto:" not in text:
        return
    for found in _BARE_URL.finditer(text):
        url = _trimmed(found[0])
        if len(url) > len("https://"):
            yield found.start(), found.start() + len(url)


def _trimmed(url: str) -> str:
    while url and url[-1] in ".,;:!?'\"*_~…。，、）)]}>":
        if url[-1] == ")" and url.count("(") >= url.count(")"):
            break
        if url[-1] == "_":
            break
        url = url[:-1]
    return url
