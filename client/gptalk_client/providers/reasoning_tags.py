"""Separates reasoning that an engine sends within its text: `<think>…</think>`, or `<thinking>…</thinking>`.

The tags count where the reply begins with one. Some chat templates open the tag themselves, so that a reply
starts inside and only closes. A tag in code, or mentioned later in the text, is text.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from gptalk_client.models import ReasoningAdded, TextAdded, TextReplaced

Piece: TypeAlias = TextAdded | TextReplaced | ReasoningAdded

_NAMES = ("think", "thinking")
_OPENINGS = tuple(f"<{name}>" for name in _NAMES)
_CLOSINGS = tuple(f"</{name}>" for name in _NAMES)
_CLOSING = re.compile("|".join(_CLOSINGS))
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})(.*)")
_BEFORE_MENTION = " \t\"'`([{“‘«"  # before a tag that is mentioned rather than meant
_MOST_HELD_CHARS = 1000
_LOOKED_AT_CHARS = 1000  # of a line that may be a fence


class _Code:
    """Whether a position in a growing Markdown text is inside of code. Looks at each character once."""

    def __init__(self) -> None:
        self._fence = ""
        self._line: list[str] = []
        self._line_chars = 0
        self.ticks = 0
        """Backticks on the line so far."""
        self.last = "\n"
        """The last character."""

    @property
    def is_in_fence(self) -> bool:
        """Whether a fenced block is open."""
        return bool(self._fence)

    @property
    def is_line_blank(self) -> bool:
        """Whether the line so far is blank."""
        return not "".join(self._line).strip()

    def feed(self, text: str) -> None:
        """Process the text that follows."""
        if not text:
            return
        *lines, rest = text.split("\n")
        for line in lines:
            self._extend(line)
            self._end_line()
        self._extend(rest)
        self.last = text[-1]

    def _extend(self, piece: str) -> None:
        self.ticks += piece.count("`")
        if self._line_chars < _LOOKED_AT_CHARS and piece:
            self._line.append(piece)
            self._line_chars += len(piece)

    def _end_line(self) -> None:
        if found := _FENCE.match("".join(self._line)):
            mark, info = found.groups()
            if not self._fence:
                self._fence = mark
            elif mark.startswith(self._fence) and not info.strip():
                self._fence = ""
        self._line, self._line_chars, self.ticks = [], 0, 0


class ReasoningTags:
    """Splits the text of one reply, in pieces of any length, in linear time. No I/O.

    Attributes:
        takes_bare_closing: Whether a closing tag counts without an opening one. It does not where the engine
            sends its reasoning apart from the text.
    """

    def __init__(self) -> None:
        self.takes_bare_closing = True
        self._held = ""  # text that is not decided yet: a part of a tag, or what follows one
        self._closing = ""  # the tag that ends the reasoning; empty outside of it
        self._starts = True  # nothing but white space has come
        self._is_past = False  # whatever comes is text
        self._trims = False  # white space after a tag is left out
        self._space = ""  # white space at the end of the reasoning, left out before the closing tag
        self._shown: list[str] = []  # the text so far, in case it turns out to be reasoning
        self._code = _Code()
        self._ahead: list[str] = []  # what `_code` has not looked at, as there was no tag to judge
        self._has_opening = False  # an opening tag in the middle of the text: it is about tags

    def feed(self, text: str) -> list[Piece]:
        """Return what more text makes of the reply."""
        if not (self._held or self._starts or self._trims or self._closing or "<" in text):
            if not self._is_past:
                self._ahead.append(text)
                self._shown.append(text)
            return [TextAdded(text)]  # most text of most replies
        return self._process(text, is_end=False)

    def finish(self) -> list[Piece]:
        """Return what was held back: the text is over."""
        return self._process("", is_end=True)

    def _process(self, text: str, *, is_end: bool) -> list[Piece]:
        text = self._held + text
        self._held = ""
        pieces: list[Piece] = []
        at = self._open(text, is_end) if self._starts else 0
        while at < len(text) and not self._is_past and not self._held:
            at = self._close(text, at, pieces, is_end)
        if at < len(text) and not self._held:
            self._add_text(text[at:], pieces)
        return pieces

    def _open(self, text: str, is_end: bool) -> int:
        """Decide how the reply begins, and return how much of the text that took."""
        begun = text.lstrip()
        for opening, closing in zip(_OPENINGS, _CLOSINGS, strict=True):
            if begun.startswith(opening):
                self._starts, self._closing, self._trims = False, closing, True
                return len(text) - len(begun) + len(opening)
        is_open = len(text) < _MOST_HELD_CHARS and any(opening.startswith(begun) for opening in _OPENINGS)
        if is_open and not is_end:
            self._held = text
            return len(text)
        self._starts = False
        self._is_past = not self.takes_bare_closing
        return 0

    def _close(self, text: str, at: int, pieces: list[Piece], is_end: bool) -> int:
        """Pass on the text up to the next closing tag and judge that, and return how far this came."""
        found = _CLOSING.search(text, at)
        while found is not None and self._closing and found.group() != self._closing:
            found = _CLOSING.search(text, found.end())
        if found is None:
            end = len(text) - (0 if is_end else _partial(text))
            self._pass(text[at:end], pieces)
            self._held = text[end:]
            return len(text)
        self._pass(text[at : found.start()], pieces)
        after = text[found.end() : found.end() + _MOST_HELD_CHARS]
        is_closing = self._is_closing(after, is_end)
        if is_closing is None and len(after) < _MOST_HELD_CHARS:
            self._held = text[found.start() :]
            return len(text)
        if is_closing is False:
            self._pass(found.group(), pieces)
            return found.end()
        if not self._closing and (shown := "".join(self._shown)):
            if shown.strip():
                pieces.append(ReasoningAdded(shown.strip()))
            pieces.append(TextReplaced(""))
        self._is_past = self._trims = True
        self._shown, self._ahead = [], []
        return found.end()

    def _is_closing(self, after: str, is_end: bool) -> bool | None:
        """Return whether the tag at this place ends the reasoning; None if more text is needed to tell."""
        ahead, self._ahead = "".join(self._ahead), []
        self._code.feed(ahead)
        self._has_opening = self._has_opening or any(each in ahead for each in _OPENINGS)
        code = self._code
        if code.is_in_fence:  # the fence of a draft that was never closed, or the tag in an example
            following = after.replace("\r", "")
            if not code.is_line_blank or following[:1] not in ("", "\n"):
                return False
            if len(following) < 2:
                return True if is_end else None
            return following[1] == "\n"
        line, newline, _ = after.partition("\n")
        is_line_whole = bool(newline) or is_end
        if code.ticks % 2:
            if "`" in line:
                return False
            if not is_line_whole:
                return None
        if self._closing:
            return True
        if self._has_opening:
            return False
        if code.is_line_blank or code.last not in _BEFORE_MENTION:
            return True
        if code.last not in " \t" or line.strip():
            return False
        return True if is_line_whole else None

    def _pass(self, text: str, pieces: list[Piece]) -> None:
        """Pass on what comes before a closing tag."""
        if not text:
            return
        self._ahead.append(text)
        if not self._closing:
            self._add_text(text, pieces)
            self._shown.append(text)
            return
        if self._trims:
            text = text.lstrip()
        text = self._space + text
        kept = text if len(self._space) > _MOST_HELD_CHARS else text.rstrip()
        self._space = text[len(kept) :]
        if kept:
            self._trims = False
            pieces.append(ReasoningAdded(kept))

    def _add_text(self, text: str, pieces: list[Piece]) -> None:
        if self._trims:
            text = text.lstrip()
            self._trims = not text
        if text:
            pieces.append(TextAdded(text))


def _partial(text: str) -> int:
    """Return how many characters at the end may be the beginning of a closing tag."""
    at = text.rfind("<", max(0, len(text) - len(_CLOSINGS[1]) + 1))
    return len(text) - at if at >= 0 and any(tag.startswith(text[at:]) for tag in _CLOSINGS) else 0
