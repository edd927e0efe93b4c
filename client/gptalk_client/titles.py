"""Titles of conversations that nobody named: a few words of the first prompt, or of what a model made of it."""

from __future__ import annotations

import re

TITLE_CHARS, TITLE_WORDS = 48, 8
"""The most that a title made from a prompt has."""

_MARKS = re.compile(r"^(?:[#>*+\-•]+|\d+[.)])\s+")
_COURTESY = re.compile(
    r"(?:(?:hi|hello|hey)(?: there)?[,.!]?|please|(?:can|could|would|will) you(?: please)?"
    r"|i(?:'d| would) like you to|i (?:want|need) you to)\s+",
    re.IGNORECASE,
)
_THANKS = re.compile(r",?\s+(?:please|thanks|thank you)(?=[.!?]*$)", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?](?=\s)|[。！？]")
_LABEL = re.compile(r"^title\s*:\s*", re.IGNORECASE)
_QUOTES = "\"'`*_“”„«»「」# "


def title_from(prompt: str) -> str:
    """Return a title made from a prompt: the beginning of its first sentence, without courtesies."""
    lines = (line for line in prompt.splitlines() if any(character.isalnum() for character in line))
    line = " ".join(next(lines, prompt).split())
    line = _MARKS.sub("", line)
    return shortened(_first_sentence(_without_courtesy(line)))


def title_from_reply(reply: str) -> str:
    """Return the title in a model's reply that was asked for one; empty if it has none."""
    lines = (line for line in reply.splitlines() if any(character.isalnum() for character in line))
    title = _LABEL.sub("", next(lines, "").strip(_QUOTES)).strip(_QUOTES)
    return shortened(" ".join(title.split()).rstrip("."))


def shortened(title: str) -> str:
    """Return a title with at most `TITLE_WORDS` words and `TITLE_CHARS` characters, cut with `…`."""
    words = title.split(" ")
    kept = " ".join(words[:TITLE_WORDS])
    if len(kept) > TITLE_CHARS:
        cut = kept[: TITLE_CHARS - 1]
        head, _, _ = cut.rpartition(" ")
        kept = head if len(head) > TITLE_CHARS // 2 else cut
    return kept if kept == title else f"{kept.rstrip(' ,;:')}…"


def _without_courtesy(line: str) -> str:
    said = line
    while match := _COURTESY.match(said):
        said = said[match.end() :]
    said = _THANKS.sub("", said)
    if said == line or " " not in said:
        return line
    return said[:1].upper() + said[1:]


def _first_sentence(line: str) -> str:
    end = next((match.end() for match in _SENTENCE.finditer(line) if match.end() >= 12), len(line))
    return line[:end].rstrip(" .,:;") or line
