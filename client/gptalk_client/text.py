"""The sanitiser for all text from outside.

A terminal obeys control characters wherever they come from, so everything that a server, a file or another
program wrote passes `visible` before it is shown. The store keeps the raw text, but for what SQLite and UTF-8
cannot carry (`storable`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

MAX_MARKS = 8
"""Combining marks that stay on one base character."""

MAX_FILE_NAME_BYTES = 120
"""UTF-8 bytes of a file name that is made from a title, its suffix included."""

_BIDI_NAMES = {
    "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO",
    "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI",
}  # fmt: skip

# Zero-width characters. One or two in a row join emoji or shape letters; more hide things.
_ZERO_WIDTH = (
    "\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0100-\U000e01ef"
)
# Tags, and the adjacent code points that Unicode reserves for similar use.
_TAGS = "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
_SUBDIVISION_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
# Blocks that contain combining marks but also more: `_is_mark` decides. Letters are excluded
# by the look-ahead where this is used.
_MARK_BLOCKS = (
    "\u0300-\u1fff\u20d0-\u20ff\u2cef-\u2cf1\u2d7f\u2de0-\u2dff\u302a-\u302f\u3099\u309a\ua66f-\uabff\ufb1e"
    "\ufe20-\ufe2f\U000101fd-\U0001eaff"
)
# Vowels and final consonants of Korean stack on a syllable's first letter and take no cell of their own.
_JAMO = "\u1160-\u11ff\ud7b0-\ud7ff"
_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_BIDI = "\u202a-\u202e\u2066-\u2069"
_SURROGATES = "\ud800-\udfff"
_SEPARATORS = "\u2028\u2029"

# A single character class is searched at the speed of C. Marks are dangerous only in
# a row, which the second pattern checks.
_SUSPICIOUS = (
    f"[{_CONTROLS}{_BIDI}{_SURROGATES}{_SEPARATORS}{_ZERO_WIDTH}{_TAGS}{_JAMO}"
    "\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0711\u0730-\u074a"
    "\u07a6-\u07b0\u07eb-\u0fff\u102b-\u109d\u135d-\u135f\u1712-\u1fff\u20d0-\u20ff\u2cef-\u2cf1\u2d7f"
    "\u2de0-\u2dff\u302a-\u302f\u3099\u309a\ua66f-\uabff\ufb1e\ufe20-\ufe2f\U000101fd-\U0001eaff]"
)
_SUSPICIOUS_IN_LINE = f"{_SUSPICIOUS[:-1]}\n\t]"
_STACKED = f"(?:(?!\\w)[{_MARK_BLOCKS}{_ZERO_WIDTH}]|[{_JAMO}])"
_DANGEROUS = (
    f"\r\n|[{_CONTROLS}{_BIDI}{_SURROGATES}{_SEPARATORS}]|{_SUBDIVISION_FLAG}|[{_TAGS}]+"
    f"|{_STACKED}{{{MAX_MARKS + 1},}}|[{_ZERO_WIDTH}]{{3,}}"
)
_DANGEROUS_IN_LINE = f"{_DANGEROUS}|[\n\t]"
_ZERO_WIDTH_FLOOD = f"([{_ZERO_WIDTH}])[{_ZERO_WIDTH}]{{2,}}"
_JOINING = f"{_STACKED}|[{_TAGS}]"
_ASCII_CONTROLS = bytes([*range(0x09), *range(0x0B, 0x20), 0x7F])
_ASCII_CONTROLS_IN_LINE = _ASCII_CONTROLS + b"\n\t"

# Every terminal gives these one cell each, and they combine with nothing.
_SINGLE = (
    "[\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0377\u037a-\u037f\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u0482"
    "\u048a-\u052f\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u2070\u2071\u2074-\u208e\u20a0-\u20bf\u2100-\u214f"
    "\u2190-\u22ff\u2500-\u25fc\u27c0-\u27ef\u2800-\u28ff\u2980-\u2aff]*"
)

# Every terminal gives these two cells each: ideographs, kana, syllables of Korean, and full-width forms.
_DOUBLE = "\u3000-\u3029\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff60"

_FORBIDDEN_IN_NAMES = r'[/\\:*?"<>|]+'
_RESERVED_NAMES = r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(?:\.|$)"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern, compiled on first use: compiling all of them takes as long as importing a module."""
    return re.compile(pattern)


def visible(text: str, *, newlines: bool = True) -> str:
    """Return text that a terminal displays but never obeys.

    Control characters become symbols (`␛`, `␡`, `⟨U+009D⟩`), direction overrides and isolates become `⟨RLO⟩`
    and the like, lone surrogates become U+FFFD, tag characters outside a flag become `⟨tags⟩`, a run of
    three or more zero-width characters shrinks to its first, and a base character keeps eight combining
    marks. `\\r\\n`, U+2028 and U+2029 become line ends. Applying it twice changes nothing.

    Args:
        text: Anything.
        newlines: Keep `\\n` and `\\t`; otherwise a line end becomes `↵` and a tab a space.

    Returns:
        The sanitised text; the same object if it has no suspicious character.
    """
    if text.isascii():
        # Most text is plain ASCII, where counting bytes is many times faster than any pattern.
        controls = _ASCII_CONTROLS if newlines else _ASCII_CONTROLS_IN_LINE
        if len(text.encode().translate(None, controls)) == len(text):
            return text
    elif _compiled(_SUSPICIOUS if newlines else _SUSPICIOUS_IN_LINE).search(text) is None:
        return text
    if newlines:
        return _compiled(_DANGEROUS).sub(_shown, text)
    return _compiled(_DANGEROUS_IN_LINE).sub(_shown_in_line, text)


def is_single(text: str) -> bool:
    """Return whether every character is known to take one cell and to combine with no other."""
    if text.isascii():
        return text.isprintable()
    return _compiled(_SINGLE).fullmatch(text) is not None


def is_steady(text: str) -> bool:
    """Return whether every terminal agrees on how many cells each character takes."""
    return is_single(text) or _compiled(f"{_SINGLE[:-2]}{_DOUBLE}]*").fullmatch(text) is not None


def showable_length(text: str) -> int:
    """Return how many characters of a growing text can be shown already, unaffected by what may follow.

    A carriage return may become a line end, marks may become too many, a black flag may become another. Show
    `visible(text[:n])` and keep the rest for the next piece.
    """
    end = len(text)
    while end and (_compiled(_JOINING).match(text[end - 1]) or text[end - 1] in "\r\U0001f3f4"):
        end -= 1
    return end


def replace_surrogates(text: str) -> str:
    """Return text that UTF-8 can encode: surrogate pairs joined, lone surrogates replaced by U+FFFD."""
    if text.isascii() or _compiled(f"[{_SURROGATES}]").search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def storable(text: str) -> str:
    """Return text that SQLite can keep: as `replace_surrogates` does, and with U+FFFD for NUL."""
    return replace_surrogates(text.replace("\0", "\ufffd"))


def one_line(text: str, *, max_chars: int = 80) -> str:
    """Return text for a title, a toast or a list: visible, white space run together, cut with `…`.

    Args:
        text: Anything; only its beginning is looked at if it is much longer than `max_chars`.
        max_chars: Most characters of the result, at least 1.
    """
    stripped = text.lstrip()
    # Twice as many are enough, unless most of them are white space or floods.
    for most in (max_chars * 2, max_chars * 16):
        line = " ".join(visible(stripped[:most]).split())
        if len(line) > max_chars:
            break
        if len(stripped) < most:
            return line
    return line[: max_chars - 1].rstrip(" \u200d") + "…"


def first_line(text: str, limit: int = 80) -> str:
    """Return the first non-blank line, as `one_line` shows it; empty if there is none.

    Args:
        text: Anything.
        limit: Most characters of the result.
    """
    line, _, _ = text.lstrip().partition("\n")
    return one_line(line, max_chars=limit)


def file_name(title: str, *, suffix: str = "") -> str:
    """Return a file name made from a title that is safe on every system.

    Path separators, `..`, controls, invisible characters, a leading `-` or dot and trailing dots and spaces
    are removed, names that Windows keeps for devices get a `_` in front, and the length is cut at a
    character.

    Args:
        title: Anything, an empty text too.
        suffix: Added at the end, such as `.md`; trusted to be plain ASCII.

    Returns:
        One to `MAX_FILE_NAME_BYTES` bytes of UTF-8, without a separator.
    """
    room = MAX_FILE_NAME_BYTES - len(suffix)
    normal = unicodedata.normalize("NFC", _compiled(_FORBIDDEN_IN_NAMES).sub(" ", title[: room * 4]))
    kept = "".join(each if each.isprintable() or each.isspace() else "" for each in normal)
    name = _trimmed(re.sub(r"\.{2,}", " ", " ".join(visible(kept).split())))
    if _compiled(_RESERVED_NAMES).match(name):
        name = "_" + name
    name = _trimmed(name.encode()[:room].decode(errors="ignore"))
    return (name or "conversation") + suffix


def _trimmed(name: str) -> str:
    return name.lstrip(" .-").rstrip(" .")


def _shown(match: re.Match[str]) -> str:
    found = match.group()
    if found == "\r\n" or found in _SEPARATORS:
        return "\n"
    return _symbol(found)


def _shown_in_line(match: re.Match[str]) -> str:
    found = match.group()
    if found == "\t":
        return " "
    if found in ("\r\n", "\n") or found in _SEPARATORS:
        return "↵"
    return _symbol(found)


def _symbol(found: str) -> str:
    """Return the replacement for one match of the dangerous pattern, unless it is a line end."""
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code < 0xA0:
        return f"⟨U+{code:04X}⟩"
    if found in _BIDI_NAMES:
        return f"⟨{_BIDI_NAMES[found]}⟩"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    if code == 0x1F3F4:
        return found
    if 0xE0000 <= code <= 0xE0FFF and not _is_zero_width(found[0]):
        return "⟨tags⟩"
    return _cut_stack(found)


def _cut_stack(found: str) -> str:
    """Return a run of marks and the like with at most `MAX_MARKS` on each base and no zero-width flood."""
    kept: list[str] = []
    marks = 0
    for each in _compiled(_ZERO_WIDTH_FLOOD).sub(r"\1", found):
        marks = marks + 1 if _is_mark(each) else 0
        if marks <= MAX_MARKS:
            kept.append(each)
    return "".join(kept)


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in ("Mn", "Me") or _is_zero_width(char) or _is_jamo(char)


def _is_zero_width(char: str) -> bool:
    return _compiled(f"[{_ZERO_WIDTH}]").match(char) is not None


def _is_jamo(char: str) -> bool:
    return _compiled(f"[{_JAMO}]").match(char) is not None


def short_count(number: int) -> str:
    """Return a count in few characters, such as `812`, `3.1k`, `131k` or `2M`."""
    for unit, suffix in ((1_000_000, "M"), (1000, "k")):
        if number >= unit:
            value = f"{number / unit:.1f}" if number < 100 * unit else f"{number / unit:.0f}"
            return value.removesuffix(".0") + suffix
    return str(number)
