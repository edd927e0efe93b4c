"""The part of YAML that programs write: block mappings and sequences of plain, quoted and literal scalars.

No anchors, tags, flow collections or several documents: what is not understood is an error with its line, and
nothing in a file can name a type or call anything.
"""

from __future__ import annotations

import re
from typing import Any

_MAX_DEPTH = 40
# Possessive, and with no two repetitions in a row that match the same: no line is looked at twice.
_QUOTED_KEY = re.compile(r"""("(?:[^"\\]|\\.)*+"|'(?:[^']|'')*+')\s*+:""")
_PLAIN_KEY = re.compile(r"""(?:[^\s"'\[\]{}#&*!|>%@`,?-]|-[^\s:])[^:]*+:""")
_BLOCK_SCALAR = re.compile(r"([|>])(?:([1-9])([+-]?)|([+-])([1-9])?)?\s*(?:#.*)?$")
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
    "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip


class YamlError(ValueError):
    """A line that is broken, or beyond what is understood here.

    Attributes:
        line: From 1.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


def parse(text: str) -> Any:
    """Return the document as dicts, lists, texts, numbers, booleans and None.

    Raises:
        YamlError: A line cannot be understood.
    """
    return _Parser(text).document()


class _Parser:
    def __init__(self, text: str) -> None:
        self._lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
        self._at = 0

    def document(self) -> Any:
        if self._seek() and self._lines[self._at].rstrip() == "---":
            self._at += 1
        value = self._block(0, 0) if self._seek() else None
        if self._seek() and self._lines[self._at].rstrip() != "...":
            raise self._error("this does not belong to what is above it")
        return value

    def _error(self, message: str) -> YamlError:
        return YamlError(self._at + 1, message)

    def _seek(self) -> bool:
        """Go to the next line that says something; False at the end."""
        while self._at < len(self._lines):
            stripped = self._lines[self._at].strip()
            if stripped and not stripped.startswith("#"):
                return True
            self._at += 1
        return False

    def _indent(self) -> int:
        line = self._lines[self._at]
        indent = len(line) - len(line.lstrip(" "))
        if line[indent : indent + 1] == "\t":
            raise self._error("a tab cannot indent")
        return indent

    def _block(self, least_indent: int, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise self._error("this is nested too deeply")
        indent = self._indent()
        if indent < least_indent:
            return None
        text = self._lines[self._at][indent:]
        if text == "-" or text.startswith("- "):
            return self._sequence(indent, depth)
        if _key_and_value(text.rstrip()):
            return self._mapping(indent, depth)
        self._at += 1
        return self._scalar(text.strip(), indent)

    def _sequence(self, indent: int, depth: int) -> list[Any]:
        items: list[Any] = []
        while self._seek() and self._indent() == indent:
            line = self._lines[self._at]
            if not (line[indent:] == "-" or line[indent:].startswith("- ")):
                break
            if line[indent + 1 :].strip():
                # What follows the dash is a block of its own, which begins where its text does.
                self._lines[self._at] = f"{line[:indent]} {line[indent + 1 :]}"
                items.append(self._item(indent, depth))
            else:
                self._at += 1
                items.append(self._block(indent + 1, depth + 1) if self._seek() else None)
        return items

    def _item(self, indent: int, depth: int) -> Any:
        text = self._lines[self._at].strip()
        if _BLOCK_SCALAR.match(text):
            self._at += 1
            return self._scalar(text, indent)
        return self._block(indent + 1, depth + 1)

    def _mapping(self, indent: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self._seek() and self._indent() == indent:
            text = self._lines[self._at][indent:].rstrip()
            pair = _key_and_value(text)
            if pair is None or text.startswith("- "):
                break
            key, value = pair
            key = str(self._scalar(key, indent)) if key[0] in "\"'" else key
            if key in found:
                raise self._error(f"{key!r} is there twice")
            self._at += 1
            if value and not value.startswith("#"):
                found[key] = self._scalar(value, indent)
            else:
                found[key] = self._nested(indent, depth)
        return found

    def _nested(self, indent: int, depth: int) -> Any:
        """Return the block below a key. A sequence may stand as far left as its key."""
        if not self._seek():
            return None
        is_sequence = (
            self._lines[self._at].lstrip(" ").startswith(("- ", "-\n"))
            or self._lines[self._at].strip() == "-"
        )
        return self._block(indent if is_sequence else indent + 1, depth + 1)

    def _scalar(self, text: str, indent: int) -> Any:
        """Return the value of a scalar that begins with `text`; the next line is the current one already."""
        if match := _BLOCK_SCALAR.match(text):
            explicit, chomp = match[2] or match[5], match[3] or match[4] or ""
            return self._block_scalar(indent, match[1] == ">", int(explicit) if explicit else None, chomp)
        if text[0] == '"':
            return _ESCAPE.sub(self._unescaped, self._quoted(text, r'"((?:[^"\\]|\\.)*)"'))
        if text[0] == "'":
            return self._quoted(text, r"'((?:[^']|'')*)'").replace("''", "'")
        if text in ("[]", "{}"):
            return [] if text == "[]" else {}
        if text[0] in "[]{}&*!|>%@`":
            raise YamlError(self._at, f"{text[:20]!r} is more of YAML than is understood here")
        comment = re.search(r"\s#", text)
        return _plain(text[: comment.start()].rstrip() if comment else text)

    def _quoted(self, text: str, pattern: str) -> str:
        match = re.fullmatch(pattern + r"\s*(?:#.*)?", text)
        if match is None:
            raise YamlError(self._at, "a quoted text does not end on its line")
        return match[1]

    def _unescaped(self, match: re.Match[str]) -> str:
        code = match[1]
        if code[0] in "xuU" and len(code) > 1:
            number = int(code[1:], 16)
            if number < 0x110000:
                return chr(number)
        elif code in _ESCAPES:
            return _ESCAPES[code]
        raise YamlError(self._at, f"there is no \\{code}")

    def _block_scalar(self, indent: int, folds: bool, explicit: int | None, chomp: str) -> str:
        lines: list[str] = []
        inner = None if explicit is None else indent + explicit
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.strip(" "):
                own = len(line) - len(line.lstrip(" "))
                inner = own if inner is None and own > indent else inner
                if inner is None or own < inner:
                    break
                lines.append(line[inner:])
            else:
                lines.append(line[inner:] if inner is not None else "")
            self._at += 1
        count = len(lines)
        while lines and not lines[-1]:
            lines.pop()
        text = _folded(lines) if folds else "\n".join(lines)
        if chomp == "-" or not text:
            return text
        return text + ("\n" * (1 + count - len(lines)) if chomp == "+" else "\n")


def _key_and_value(text: str) -> tuple[str, str] | None:
    """Return key and value of a line of a mapping, as they stand; None if it is no such line."""
    match = _QUOTED_KEY.match(text) or _PLAIN_KEY.match(text)
    if match is None or (match.end() < len(text) and not text[match.end()].isspace()):
        return None
    key = match[1] if match.re is _QUOTED_KEY else match[0][:-1].rstrip()
    return key, text[match.end() :].strip()


def _folded(lines: list[str]) -> str:
    """Join lines by spaces, but keep empty ones and those that are indented further."""
    text = ""
    for number, line in enumerate(lines):
        before = lines[number - 1] if number else ""
        if not number:
            text = line
        elif line and before and not line.startswith(" ") and not before.startswith(" "):
            text += " " + line
        else:
            text += line if line and not before and not line.startswith(" ") else "\n" + line
    return text


def _plain(text: str) -> Any:
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text[0] in "tT"
    if re.fullmatch(r"[-+]?[0-9]{1,18}", text):
        return int(text)
    if re.fullmatch(r"[-+]?(?:[0-9]*\.)?[0-9]+(?:[eE][-+]?[0-9]+)?", text):
        return float(text)
    return text
