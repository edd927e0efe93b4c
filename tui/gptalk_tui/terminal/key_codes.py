"""Names of the keys that terminals send as escape sequences, in every common encoding.

Textual 8.2 types the letters of a sequence it does not know, ignores Alt before Enter, and takes the letter of
another keyboard layout for the key (no upstream issues).

Sources: xterm's control sequences (`modifyOtherKeys`, `formatOtherKeys`) and kitty's keyboard protocol.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._keyboard_protocol import FUNCTIONAL_KEYS
from textual.keys import _character_to_key

from gptalk_tui.terminal.keyboard_layouts import latin_key

ALIASES: Final = {
    "ctrl+m": "enter",
    "ctrl+i": "tab",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
    "ctrl+at": "ctrl+space",
    "ctrl+@": "ctrl+space",
    "ctrl+slash": "ctrl+underscore",
    "shift+space": "space",
    "shift+escape": "escape",
}
"""Keys that most terminals cannot tell apart, so that none of them does."""

_MODIFIER_BITS = (("alt", 2), ("ctrl", 4), ("hyper", 16), ("meta", 32), ("shift", 1), ("super", 8))
_SHIFT, _ALT, _CTRL, _COMMANDS = 1, 2, 4, 2 | 4 | 8 | 16 | 32
_TYPING = (_ALT, _ALT | _CTRL)
"""Modifiers with which some layouts type characters: Option, and AltGr."""
_PRESSES = ("", "1", "2")
"""Kinds of key events: a press or a repeat; 3 is a release."""

_CSI_KEY = re.compile(r"\x1b\[(?P<parameters>[\d;:]*)(?P<final>[A-HPQRSZu~])")
_KEYPAD = dict(zip("jklmnopqrstuvwxy", "*+,-./0123456789", strict=True)) | {"X": "=", " ": " "}
_KITTY_KEYPAD = {57409: ".", 57410: "/", 57411: "*", 57412: "-", 57413: "+", 57415: "=", 57416: ","}
_IGNORED_CODES = range(57428, 57455)
"""Media keys, and the modifier keys themselves."""
_LOCK_CODES = (57358, 57359, 57360)
_BY_CODE = {27: "escape", 13: "enter", 9: "tab", 127: "backspace", 8: "backspace", 57414: "enter"}
_LAST_UNICODE = 0x10FFFF


@dataclass(frozen=True, slots=True)
class KeyPress:
    """One press of a key."""

    name: str
    """As Textual names keys, such as `ctrl+p`."""
    character: str | None = None
    """The text that the key types; None if it types none."""


@lru_cache(maxsize=1024)
def keys_of(sequence: str) -> tuple[KeyPress, ...] | None:
    """Return the key presses that a whole escape sequence stands for.

    Args:
        sequence: From the escape character to the final character.

    Returns:
        Usually one; none for a release or a key without a meaning; None if it is not a key's sequence.
    """
    if len(sequence) == 2 and sequence[0] == "\x1b":
        return (_with_alt(sequence[1]),)
    if sequence.startswith("\x1bO") and len(sequence) == 3 and sequence[2] in _KEYPAD:
        return (_typed(_KEYPAD[sequence[2]]),)
    if sequence.startswith("\x1bO") and sequence[2:3].isdigit():
        return _from_letter(f"1;{sequence[2]}", sequence[3:])
    match = _CSI_KEY.fullmatch(sequence)
    if match is not None and match["parameters"]:
        read = _from_numbers if match["final"] in "u~" else _from_letter
        return read(match["parameters"], match["final"])
    known = ANSI_SEQUENCES_KEYS.get(sequence)
    if isinstance(known, tuple):
        return (KeyPress(_canonical(known[-1].value)),)
    return None


def key_of_character(char: str) -> KeyPress:
    """Return the key press that a character outside of any sequence stands for."""
    known = ANSI_SEQUENCES_KEYS.get(char)
    if isinstance(known, tuple):
        return KeyPress(_canonical(known[0].value), char)
    return _typed(char)


def _with_alt(char: str) -> KeyPress:
    """Return the key that is sent as an escape character and a character."""
    if char == "\t":
        return KeyPress("shift+tab")
    if char.isalpha():
        return _named(_name_of(latin_key(char.lower())), _ALT | (_SHIFT if char.lower() != char else 0))
    *modifiers, name = key_of_character(char).name.split("+")
    return KeyPress(_canonical("+".join([*sorted([*modifiers, "alt"]), name])))


def _from_letter(parameters: str, final: str) -> tuple[KeyPress, ...]:
    """Return the key of a sequence such as `CSI 1;5A`, whose letter is the key."""
    codes, modifiers, _ = _fields(parameters)
    if modifiers is None or codes[0] not in (None, 1):
        return ()
    name = "tab" if final == "Z" else FUNCTIONAL_KEYS.get(f"1{final}", "")
    if final == "Z":
        modifiers |= _SHIFT
    return (_named(name, modifiers),) if name and name != "kp_begin" else ()


def _from_numbers(parameters: str, final: str) -> tuple[KeyPress, ...]:
    """Return the keys of `CSI 27;5;112~`, `CSI 112;5u` or `CSI 3;5~`."""
    codes, modifiers, rest = _fields(parameters)
    if modifiers is None or not codes[0]:
        return ()
    code = codes[0]
    if final == "~":
        if code != 27:
            name = FUNCTIONAL_KEYS.get(f"{code}~", "")
            if not name:
                known = ANSI_SEQUENCES_KEYS.get(f"\x1b[{code}~")
                name = known[0].value if isinstance(known, tuple) else ""
            return (_named(name, modifiers),) if name and name != "kp_begin" else ()
        if not rest or not rest[0]:
            return ()
        code, rest = rest[0], []
        if 32 < code < 127 and not chr(code).isalpha():
            modifiers &= ~_SHIFT  # the code is that of the character with Shift
        codes = [code]
    return _from_codes(codes, modifiers, rest)


def _from_codes(codes: list[int | None], modifiers: int, text: list[int | None]) -> tuple[KeyPress, ...]:
    """Return the keys of a character's code.

    Args:
        codes: The key's code, with Shift, and on the US layout; the last two may be missing.
        modifiers: Their bits.
        text: The codes of what the key types, where the terminal says so.
    """
    code = codes[0] or 0
    if code in _IGNORED_CODES or code in _LOCK_CODES or code > _LAST_UNICODE:
        return ()
    typed = "".join(chr(each) for each in text if each and 32 <= each <= _LAST_UNICODE and each != 127)
    is_command = bool(modifiers & _COMMANDS)
    if typed and (not is_command or modifiers & _COMMANDS in _TYPING):
        return tuple(_typed(char) for char in typed)
    if code in _BY_CODE:
        return (_named(_BY_CODE[code], modifiers),)
    if 57399 <= code <= 57408:
        return (_character(str(code - 57399), modifiers),)
    if code in _KITTY_KEYPAD:
        return (_character(_KITTY_KEYPAD[code], modifiers),)
    if name := FUNCTIONAL_KEYS.get(f"{code}u", ""):
        return (_named(name, modifiers),)
    if code < 32 or 0xD800 <= code <= 0xDFFF or 57344 <= code <= 63743:
        return ()
    char = chr(code)
    if is_command and modifiers & _SHIFT and not char.isalpha() and len(codes) > 1 and codes[1]:
        char, modifiers = chr(min(codes[1], _LAST_UNICODE)), modifiers & ~_SHIFT
    if is_command and not char.isascii():
        base = codes[2] if len(codes) > 2 else None
        char = chr(base) if base and 32 < base < 127 else latin_key(char.lower())
    elif not is_command and modifiers & _SHIFT:
        shifted = codes[1] if len(codes) > 1 else None
        return (_typed(chr(shifted) if shifted and 32 <= shifted <= _LAST_UNICODE else char.upper()[:1]),)
    return (_character(char, modifiers),)


def _character(char: str, modifiers: int) -> KeyPress:
    if not modifiers & _COMMANDS:
        return _typed(char)
    return _named(_name_of(char.lower()), modifiers)


def _typed(char: str) -> KeyPress:
    return KeyPress(_name_of(char), char if char.isprintable() else None)


def _name_of(char: str) -> str:
    return "space" if char == " " else _character_to_key(char)


def _named(name: str, modifiers: int) -> KeyPress:
    held = [modifier for modifier, bit in _MODIFIER_BITS if modifiers & bit]
    name = _canonical("+".join([*held, name]))
    return KeyPress(name, " " if name == "space" else None)


def _canonical(name: str) -> str:
    return ALIASES.get(name, name)


def _fields(parameters: str) -> tuple[list[int | None], int | None, list[int | None]]:
    """Return the key's codes, the bits of its modifiers and the third field; modifiers are None for a release."""
    fields = [*parameters.split(";"), "", ""]
    kind = fields[1].partition(":")[2]
    if kind not in _PRESSES:
        return [None], None, []
    bits = _number(fields[1].partition(":")[0]) or 1
    return _numbers(fields[0]), max(0, bits - 1) & 0xFF, _numbers(fields[2])


def _numbers(field: str) -> list[int | None]:
    return [_number(each) for each in field.split(":")]


def _number(digits: str) -> int | None:
    return int(digits) if digits and len(digits) <= 7 else None
