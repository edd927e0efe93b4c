"""What a program wrote to its terminal, told apart as a terminal does: text, controls and sequences."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterator

_TOKEN = re.compile(
    "\x1b\\[(?P<csi>[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e])"
    "|\x1b\\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\\\)"
    "|\x1b(?P<string>[PX^_])"
    "|\x1b(?P<escape>.?)"
    "|(?P<control>[\x00-\x1f\x7f-\x9f])"
    "|(?P<text>[^\x00-\x1f\x7f-\x9f]+)",
    re.DOTALL,
)

OWN_CSI = re.compile(
    r"[\d;:]*m"  # colours
    r"|[\d;]*H|\d+G"  # the cursor's place
    r"|(?:\d+;\d+)?r|\d+;\d+s|\d+[LM]|\?69[hl]"  # text that moves between margins
    r"|\?(?:7|25|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"  # modes, by name
    r"|\?(?:69|2026|2048)\$p|5n"  # questions
    r"|>\d+u|=4;2u|<u"  # the keyboard protocol
    r"|\?u|c"  # two questions about the keyboard
    r"|>4;1m|>4m"  # xterm's modified keys
)
"""Sequences that the app writes on purpose."""

LINE_CSI = re.compile(r"[\d;:]*m|\d*[AKJ]")
"""Sequences that the command line writes on a terminal on purpose: colours, and a line written over."""

_UNSEEN = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_MOST_MARKS = 8


def tokens(output: bytes) -> Iterator[tuple[str, str]]:
    """Yield kind and content: `text`, `control`, `csi`, `osc`, `string`, `escape`.

    Raises:
        UnicodeDecodeError: It is not UTF-8.
    """
    for match in _TOKEN.finditer(output.decode("utf-8")):
        assert match.lastgroup is not None
        yield match.lastgroup, match[match.lastgroup]


OWN_ASIDE = re.compile(r"52;c;[A-Za-z0-9+/]*={0,2}|0;● [^;]{1,110}|9;[^;]{1,110}")
"""What the app writes beside the screen on purpose: a copy, the window's title, a notice."""

_TITLE_STACK = ("22;0t", "23;0t")


def asides(output: bytes) -> list[str]:
    """Return what was written beside the screen, in its order: copies, titles and notices."""
    return [
        content
        for kind, content in tokens(output)
        if content in _TITLE_STACK or (kind == "osc" and not content.startswith("22;"))
    ]


def complaints(output: bytes, *, is_app: bool, has_asides: bool = False) -> list[str]:
    """Return what no program of ours may write to a terminal; empty if all is well.

    Args:
        output: Every byte that was written.
        is_app: The full-screen app, which paints; the command line writes lines.
        has_asides: Whether copies, window titles and notices are meant; what they say is judged too.
    """
    found = []
    for kind, content in tokens(output):
        if kind == "text":
            found += _about_text(content)
        elif kind == "control":
            if content not in ("\r", "\n", "\t") or (is_app and content == "\t"):
                found.append(f"control {content!r}")
        elif not is_app:
            if kind == "csi" and LINE_CSI.fullmatch(content):
                continue
            found.append(f"{kind} {content!r}")
        elif kind == "csi":
            if not OWN_CSI.fullmatch(content) and not (has_asides and content in _TITLE_STACK):
                found.append(f"sequence {content!r}")
        elif kind == "osc":
            if has_asides and OWN_ASIDE.fullmatch(content):
                found += _about_aside(content)
            elif not content.startswith("22;"):  # the mouse pointer's shape, Textual's
                found.append(f"operating system command {content!r}")
        else:
            found.append(f"{kind} {content!r}")
    return found


def _about_aside(content: str) -> Iterator[str]:
    """Yield what is wrong with the words of a copy, a title or a notice."""
    kind, _, words = content.partition(";")
    if kind == "52":
        words = base64.b64decode(words.removeprefix("c;"), validate=True).decode("utf-8")
        words = words.replace("\n", " ").replace("\t", " ")
    if any(unicodedata.category(each) == "Cc" for each in words):
        yield f"a control character in {content!r}"
    yield from _about_text(words)


def _about_text(text: str) -> Iterator[str]:
    marks = 0
    for char in text:
        if char in _UNSEEN or 0xE0000 <= ord(char) <= 0xE007F:
            yield f"invisible {char!r}"
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks == _MOST_MARKS + 1:
            yield "a pile of marks"
