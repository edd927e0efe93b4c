"""Names of tags: what may be one, and how a text names some."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from gptalk_client.errors import UsageError
from gptalk_client.text import one_line, storable

MAX_CHARS = 50
"""The longest name of a tag."""

_SEPARATORS = re.compile(r"[\s,]+")


def tag_name(text: str) -> str:
    """Return the name of a tag as it is kept: case and width don't count, and a leading `#` is not part of it.

    Raises:
        UsageError: It can't be one.
    """
    # In this order, both are needed: some letters change when they are composed, others when they are folded.
    composed = unicodedata.normalize("NFKC", storable(text).strip())
    name = unicodedata.normalize("NFKC", composed.casefold()).removeprefix("#")
    if not _is_name(name):
        raise UsageError(
            f"“{one_line(text)}” can't be a tag.",
            hint=f"Use up to {MAX_CHARS} letters and digits, with -, _ or / between them.",
        )
    return name


def _is_name(name: str) -> bool:
    return (
        0 < len(name) <= MAX_CHARS
        and unicodedata.category(name[0])[0] in "LN"
        and all(each in "-_/" or unicodedata.category(each)[0] in "LNM" for each in name)
    )


def valid_tags(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the names of tags from outside, sorted and each once; what can't be a tag is left out."""
    return tuple(sorted({name for text in texts if (name := tag_or_none(text)) is not None}))


def tag_or_none(text: str) -> str | None:
    """Return the name of a tag; None if it can't be one."""
    try:
        return tag_name(text)
    except UsageError:
        return None


def tag_changes(words: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the tags that a line adds, and those that it removes: `work #ideas -old`.

    Raises:
        UsageError: A word can't be a tag.
    """
    given = [each for each in _SEPARATORS.split(words) if each]
    removed = [tag_name(each[1:]) for each in given if each.startswith("-")]
    added = [tag_name(each) for each in given if not each.startswith("-")]
    return tuple(dict.fromkeys(added)), tuple(dict.fromkeys(removed))


def shown_tags(tags: Iterable[str]) -> str:
    """Return tags as they are shown, such as `#ideas #work`."""
    return " ".join(f"#{each}" for each in tags)
