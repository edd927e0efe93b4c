"""Tokens that can be completed at the cursor: a slash command, or a file after `@`."""

from __future__ import annotations

import re
from enum import Enum

from gptalk_client.records import Record

_COMMAND = re.compile(r"/[a-z0-9._-]*")
_FILE = re.compile(r'(?:^|(?<=[\s(\[{（「]))[@＠](?:"(?P<quoted>[^"]*)|(?P<plain>[^\s"]*))$')


class TokenKind(Enum):
    """The kind of a token."""

    COMMAND = 1
    FILE = 2


class Token(Record, frozen=True):
    """An unfinished word before the cursor."""

    kind: TokenKind
    text: str
    """Without the `/`, or without `@` and quotes."""
    start: int
    """Column of its first character in the line."""


def token_at(before: str, whole: str) -> Token | None:
    """Return the token to complete, if any.

    Args:
        before: The line up to the cursor.
        whole: The whole text; a command must be all of it.
    """
    if before == whole and _COMMAND.fullmatch(before):
        return Token(TokenKind.COMMAND, before[1:], 0)
    recent = max(0, len(before) - 1_000)
    at = max(before.rfind("@", recent), before.rfind("＠", recent))
    found = _FILE.search(before, at) if at >= 0 else None
    if found is None:
        quote = max(before.rfind('@"'), before.rfind('＠"'))
        found = _FILE.search(before, quote) if quote >= 0 else None
    if found is None:
        return None
    return Token(TokenKind.FILE, found["quoted"] or found["plain"] or "", found.start())
