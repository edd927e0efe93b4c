"""Texts that a terminal, or a user interface made of markup, would obey if they reached it as they are."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import wcwidth

from gptalk_client.text import one_line, storable

HOSTILE_TEXTS: dict[str, str] = {
    "clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "clipboard with ST": "\x1b]52;c;cm0gLXJmIH4=\x1b\\",
    "link": "\x1b]8;;https://evil.example/\x1b\\bank\x1b]8;;\x1b\\",
    "window title": "\x1b]2;owned\x07",
    "clear": "\x1b[2J\x1b[3J\x1b[H",
    "own sequences": "\x1b[?1049l\x1b[31;47;5mowned\x1b[?25h",
    "keyboard": "\x1b[>31u\x1b[<9u\x1b[?2004l",
    "reset": "\x1bc",
    "answer back": "\x1b[6n\x1b[c\x1b[>q\x1b[21t\x05",
    "C1": "\x9b2J\x9d52;c;cm0=\x9c\x90$qm\x9c\x85\x84",
    "DCS": "\x1bPtmux;\x1b\x1b]52;c;cm0=\x07\x1b\\",
    "APC": "\x1b_Gf=100;AAAA\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\",
    "character sets": "\x0e\x0f\x1b(0lqk\x1b(B",
    "controls": "\x00\x01\x07\x08\x08\x0b\x0c\x1a\x7f\rover",
    "lone escape": "end\x1b",
    "bidi": "\u202egpj.exe\u202c \u2066abc\u2069",
    "tags": "a\U000e0041\U000e0042\U000e007fb",
    "marks": "Z" + "\u0301\u0489" * 60,
    "zero width": "in\u200b\u200b\u200b\u200b\u200d\u200d\u200dvisible",
    "click": "[@click=app.quit]press[/] [@click=app.bell()]x[/]",
    "broken markup": "[/nope] [bold [red]]] [link=x]",
    "Rich link": "[link=https://evil.example]bank[/link]",
    "Markdown link": "[bank](javascript:alert(1)) ![x](file:///etc/passwd) <https://evil.example/\x1b[2J>",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "fence": "```\x1b]52;c;cm0=\x07\nprint('\x1b[2J')\n```",
    "wide": "漢\u3000\ufeff\ufffe字" * 3,
}
"""By what they try."""

RAW_FORMS: tuple[bytes, ...] = (
    *(b"\x1b" + each for each in (b"]52", b"]8;", b"]2;", b"[2J", b"[3J", b"[31;47;5m", b"[>31u", b"[<9u", b"c")),
    *(b"\x1b" + each for each in (b"[6n", b"[21t", b"P", b"_", b"^", b"X", b"(0")),
    b"\xc2\x9b", b"\xc2\x9d", b"\xc2\x90", b"\xe2\x80\xae", b"\xe2\x81\xa6", b"\xf3\xa0\x81\x81", b"\x00", b"\x7f",
)  # fmt: skip
"""Bytes of them that none of our own output contains."""


def everything(mark: str) -> str:
    """Return all hostile texts in one line, after a word that tells where they were put."""
    return mark + " " + " ".join(HOSTILE_TEXTS.values()).replace("\n", " ") + f" {mark}end"


def titles() -> dict[str, str]:
    """Return a title for each hostile text, by a mark of its own: the text first, both short enough."""
    return {
        f"n{number:02}": f"{text[:48]} n{number:02}" for number, text in enumerate(HOSTILE_TEXTS.values())
    }


def bare(text: str) -> str:
    """Return what of a text takes a cell, without blanks and frames: the same before and after it was painted."""
    return "".join(map(_bare_line, text.split("\n")))


@lru_cache(4096)
def _bare_line(line: str) -> str:
    normal = unicodedata.normalize("NFD", line)
    return "".join(
        each
        for each in normal
        if wcwidth.wcwidth(each) > 0 and not each.isspace() and each not in "│▌…╭╮╰╯─▏▕"
    )


def seen(text: str) -> str:
    """Return what a person sees of a text that was stored and made harmless, as `bare` gives it."""
    return bare(one_line(storable(text), max_chars=400))
