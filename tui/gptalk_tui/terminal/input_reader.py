"""Turns what a terminal sends into keys, pastes and the terminal's own messages.

Textual 8.2 types the letters of sequences that it does not know, raises for a key beyond Unicode, and reads escape
sequences inside pastes (no upstream issues). So only what is not a key or a paste reaches Textual's parser.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator

from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message

from gptalk_tui.terminal.bursts import Burst
from gptalk_tui.terminal.key_codes import KeyPress, key_of_character, keys_of
from gptalk_tui.terminal.paste_filter import END, START, shown

ESCAPE_S = 0.1
"""After so long without more, in seconds, an escape character is the Esc key."""

SEQUENCE_S = 1.0
"""After so long without more, in seconds, the beginning of a longer sequence is dropped."""

SHORTEST_S = 0.002
"""The shortest wait for more, in seconds."""

_TOKEN = re.compile(
    r"\x1b\[M[\s\S]{3}"  # the mouse, as X10 reports it
    r"|\x1b\[\[[A-E]"  # function keys of the Linux console
    r"|\x1b{1,2}\[[\x20-\x3f]*[\x40-\x4c\x4e-\x5a\x5c-\x7e]"
    r"|\x1b\[[\x20-\x3f]+[\x40-\x7e]"
    r"|\x1b{1,2}O\d?[A-Za-z ]"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # strings, such as answers about colours
    r"|\x1b[^\x1b\[\]OPX^_]"
    r"|[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]"
)
_BEGINNING = re.compile(
    r"\x1b(?:[\]PX^_][^\x07\x1b]*\x1b?|\x1b?(?:\[(?:M[\s\S]{0,2}|\[|[\x20-\x3f]*)|O\d?)?)"
)
_FOR_TEXTUAL = re.compile(
    r"\x1b\[(?:[IO]|<\d+;-?\d+;-?\d+[Mm]|M[\s\S]{3}|\d+;\d+;\d+M|48;[\d:;]+t|\?\d+;\d\$y)"
)
"""Focus, mouse, size and modes."""
_LONGEST_FOR_TEXTUAL = 32
_STRING_ANSWER = re.compile(r"\x1b[\]PX^_][\d>|=$+!]")
_ANSWER = re.compile(r"\x1b\[(?:\?[\d;]*(?:[uc]|\$y)|\d+n)")


class InputReader:
    """Reads a terminal's input, however it is chunked.

    Args:
        on_answer: Takes an answer of the terminal; returns False if it is for Textual.
        debug: Whether Textual's parser logs.
    """

    def __init__(self, on_answer: Callable[[str], bool], *, debug: bool = False) -> None:
        self._on_answer = on_answer
        self._debug = debug
        self._parser = XTermParser(debug)
        self._held = ""
        """The beginning of a sequence."""
        self._held_s = 0.0
        self._paste: list[str] | None = None
        """The parts of a paste that has not ended yet."""
        self._burst = Burst()

    def wait_s(self, at_most: float) -> float:
        """Return how long to wait for more input before calling `tick`, in seconds."""
        if not self._burst and not self._held:
            return at_most
        due_s = self._burst.due_s if self._burst else self._held_s + ESCAPE_S
        return min(at_most, max(SHORTEST_S, due_s - time.monotonic()))

    def feed(self, text: str) -> Iterator[Message]:
        """Yield the messages of a chunk of input.

        Args:
            text: Of any length; may end inside a sequence.
        """
        now_s = time.monotonic()
        text, self._held = self._held + text, ""
        at = 0
        while at < len(text):
            if self._paste is not None:
                at = yield from self._feed_paste(text, at)
            elif match := _TOKEN.match(text, at):
                at = match.end()
                yield from self._token(match[0], now_s)
            elif text[at] != "\x1b":
                at += 1
            elif _BEGINNING.fullmatch(text, at):
                self._held, self._held_s = text[at:], now_s
                break
            elif text.startswith("\x1b\x1b", at):
                yield from self._press("escape", "\x1b")
                at += 1
            else:
                at = _BEGINNING.match(text, at).end()  # type: ignore[union-attr]
        if not self._burst.is_waiting(now_s):
            yield from self._end_burst()

    def tick(self) -> Iterator[Message]:
        """Yield what has waited long enough for more. Call it whenever no input has come for `wait_s`."""
        now_s = time.monotonic()
        if self._burst and not self._burst.is_waiting(now_s):
            yield from self._end_burst()
        if not self._held or self._paste is not None or now_s < self._held_s + ESCAPE_S:
            return
        held = self._held
        if held.strip("\x1b") == "":
            self._held = ""
            for _ in held:
                yield from self._press("escape", "\x1b")
        elif keys := keys_of(held):
            self._held = ""
            yield from self._pressed(keys)
        elif held[1] in "]PX^_" and not _STRING_ANSWER.match(held):
            self._held = ""
            yield from self._pressed(keys_of(held[:2]))
            yield from self.feed(held[2:])
        elif now_s >= self._held_s + SEQUENCE_S:
            self._held = ""

    def _feed_paste(self, text: str, at: int) -> Generator[Message, None, int]:
        """Yield a paste if it ends here; return where to go on."""
        assert self._paste is not None
        end = text.find(END, at)
        if end >= 0:
            pasted, self._paste = shown("".join([*self._paste, text[at:end]])), None
            yield events.Paste(pasted)
            return end + len(END)
        cut = len(text)
        for length in range(min(len(END) - 1, len(text) - at), 0, -1):
            if END.startswith(text[-length:]):
                cut -= length
                break
        self._paste.append(text[at:cut])
        self._held = text[cut:]
        return len(text)

    def _token(self, token: str, now_s: float) -> Iterator[Message]:
        if token[0] != "\x1b":
            if token >= " " or token[0] in "\t\n\r":
                self._burst.add(token, now_s)
            else:
                key = key_of_character(token)
                yield from self._press(key.name, token)
            return
        if token == START:
            yield from self._end_burst()
            self._paste = []
        elif _ANSWER.fullmatch(token) and self._on_answer(token):
            return
        elif _FOR_TEXTUAL.fullmatch(token):
            yield from self._textual(token)
        elif token.startswith("\x1b\x1b") and _is_from_terminal(token[1:]):
            yield from self._press("escape", "\x1b")  # and the terminal's answer came right after it
            yield from self._token(token[1:], now_s)
        elif token.startswith("\x1b\x1b"):
            rest = token[1:]
            # No key with Alt sends these: Esc was pressed right before.
            if rest == START or _ANSWER.fullmatch(rest) or _FOR_TEXTUAL.fullmatch(rest):
                yield from self._press("escape", "\x1b")
                yield from self._token(rest, now_s)
            else:
                yield from self._pressed(_with_alt(keys_of(rest) or ()))
        else:
            yield from self._pressed(keys_of(token) or ())

    def _end_burst(self) -> Iterator[Message]:
        if not self._burst:
            return
        text, is_paste = self._burst.take()
        if is_paste:
            yield events.Paste(shown(text))
            return
        for char in text:
            if not "\x80" <= char <= "\x9f":
                yield events.Key(key_of_character(char).name, char)

    def _pressed(self, keys: tuple[KeyPress, ...] | None) -> Iterator[Message]:
        for key in keys or ():
            yield from self._press(key.name, key.character)

    def _press(self, name: str, character: str | None) -> Iterator[Message]:
        yield from self._end_burst()
        yield events.Key(name, character)

    def _textual(self, sequence: str) -> Iterator[Message]:
        if len(sequence) > _LONGEST_FOR_TEXTUAL:
            return
        try:
            yield from self._parser.feed(sequence)
        except (ValueError, OverflowError):
            self._parser = XTermParser(self._debug)


def _is_from_terminal(sequence: str) -> bool:
    """Whether a sequence is an answer or a report, which no key sends."""
    return bool(_ANSWER.fullmatch(sequence) or _FOR_TEXTUAL.fullmatch(sequence))


def _with_alt(keys: tuple[KeyPress, ...]) -> tuple[KeyPress, ...]:
    """Return keys with Alt held, which some terminals send as an escape character before the sequence."""
    return tuple(KeyPress(each.name if "alt+" in each.name else f"alt+{each.name}") for each in keys)
