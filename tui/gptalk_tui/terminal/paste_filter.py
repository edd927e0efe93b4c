"""Keeps pasted text from acting as keys.

Textual 8.2 looks for escape sequences inside a bracketed paste too, and treats what follows an escape character
as key presses (no upstream issue): text copied from a web page could press Enter, or quit. So control
characters in a paste become visible symbols before the parser sees them.
"""

from __future__ import annotations

START, END = "\x1b[200~", "\x1b[201~"

_SHOWN = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"} | {0x7F: 0x2421}
_SHOWN |= dict.fromkeys(range(0x80, 0xA0), 0xFFFD)


class PasteFilter:
    """Replaces control characters inside pastes by their symbols, in a stream of terminal input."""

    def __init__(self) -> None:
        self._is_inside = False
        self._held = ""
        self._tail = ""

    def feed(self, text: str) -> str:
        """Return what the parser may see of the next chunk.

        Args:
            text: A chunk of any length; may split a marker. Outside a paste nothing is held back.
        """
        out: list[str] = []
        text, self._held = self._held + text, ""
        while text:
            text = (self._feed_inside if self._is_inside else self._feed_outside)(text, out)
        return "".join(out)

    def _feed_outside(self, text: str, out: list[str]) -> str:
        known = self._tail + text
        at = known.find(START)
        if at < 0:
            out.append(text)
            self._tail = known[-(len(START) - 1) :]
            return ""
        cut = at + len(START) - len(self._tail)
        out.append(text[:cut])
        self._tail, self._is_inside = "", True
        return text[cut:]

    def _feed_inside(self, text: str, out: list[str]) -> str:
        at = text.find(END)
        if at >= 0:
            out += [text[:at].translate(_SHOWN), END]
            self._is_inside = False
            return text[at + len(END) :]
        cut = len(text)
        for length in range(min(len(END) - 1, len(text)), 0, -1):
            if END.startswith(text[-length:]):
                cut -= length
                break
        out.append(text[:cut].translate(_SHOWN))
        self._held = text[cut:]
        return ""
