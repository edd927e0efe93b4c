"""Which program wrote a file, and what a file of no known format looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from gptalk_client.errors import TranscriptError
from gptalk_client.json_decoding import JsonError, decode
from gptalk_client.text import one_line
from gptalk_client.transcripts.importers.json_stream import elements, lines
from gptalk_client.transcripts.importers.source import SourceFile, dict_of, list_of, text_of
from gptalk_client.transcripts.importers.sqlite_source import MAGIC, columns, opened_database
from gptalk_client.transcripts.sources import SOURCES, Source

_SNIFFED_BYTES = 1 << 18
_OWN_HEAD_BYTES = 4096
_SNIFFED_LINES = 20
_SHOWN_KEYS = 8
_BINARIES = {
    b"%PDF": "a PDF document", b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image",
    b"\x1f\x8b": "a gzip archive", b"PK": "a zip archive", b"<!DOCTYPE html": "an HTML page",
    b"<html": "an HTML page",
}  # fmt: skip


def detect(file: SourceFile) -> Source | None:
    """Return which program wrote a file, by its content; None if it is of no known format.

    Raises:
        TranscriptError: It cannot be read, or is a damaged database.
    """
    beginning = _beginning(file)
    if beginning.startswith(MAGIC):
        name = _of_database(file)
    elif beginning.startswith(b"[") and not beginning[1:].strip(b" \t\r\n]"):
        name = "chatgpt"  # an export without conversations
    elif beginning.startswith((b"[", b"{")):
        is_own = re.search(
            rb'"format"\s*:\s*"gptalk-tui"', beginning[:_OWN_HEAD_BYTES] + file.ending(_OWN_HEAD_BYTES)
        )
        name = "gptalk-tui" if is_own and beginning.startswith(b"{") else _of_objects(_first_objects(file))
    else:
        name = "aichat" if re.search(rb"^(?:compressed_)?messages:", beginning, re.MULTILINE) else None
    return SOURCES[name] if name else None


def appearance(file: SourceFile) -> str:
    """Return what a file looks like, in words that complete “It is”.

    Raises:
        TranscriptError: It cannot be read.
    """
    beginning = _beginning(file)
    if not beginning:
        return "an empty file"
    if beginning.startswith(MAGIC):
        with opened_database(file) as con:
            return f"an SQLite database with {_named('the tables', sorted(columns(con)))}"
    if beginning.startswith((b"[", b"{")):
        return _json_appearance(file, is_array=beginning.startswith(b"["))
    for magic, words in _BINARIES.items():
        if beginning.startswith(magic):
            return words
    if b"\0" in beginning:
        return "a binary file"
    start = one_line(beginning[:200].decode("utf-8", "replace"), max_chars=40)
    return f"a text that begins with “{start}”"


def _json_appearance(file: SourceFile, *, is_array: bool) -> str:
    try:
        first = next(elements(file), None)
    except TranscriptError as err:
        return _broken_appearance(
            file, is_array=is_array, reason=err.message.removeprefix(f"{file.label}: ").rstrip(".")
        )
    shape = "a JSON array of objects" if is_array else "a JSON object"
    return f"{shape} with {_named('the keys', list(first or {}))}"


def _broken_appearance(file: SourceFile, *, is_array: bool, reason: str) -> str:
    if is_array and file.size_bytes <= _SNIFFED_BYTES:
        try:
            decode(_beginning(file))
        except JsonError:
            pass
        else:
            return "a JSON array of values that aren't objects"
    return f"JSON that breaks off or is damaged ({reason})"


def _named(noun: str, names: list[str]) -> str:
    if not names:
        return f"none of {noun} that are known"
    shown = ", ".join(f"“{one_line(each, max_chars=40)}”" for each in names[:_SHOWN_KEYS])
    return f"{noun} {shown}" + (" and others" if len(names) > _SHOWN_KEYS else "")


def _beginning(file: SourceFile) -> bytes:
    return file.beginning(_SNIFFED_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()


def _of_database(file: SourceFile) -> str | None:
    with opened_database(file) as con:
        tables = columns(con)
    if {"threads", "turns", "messages", "parts"} <= tables.keys():
        return "llm"
    if {"conversations", "responses"} <= tables.keys():
        return "llm-legacy"
    if {"chat", "message"} <= tables.keys():
        return (
            "elia" if "started_at" in tables["chat"] else "oterm" if "author" in tables["message"] else None
        )
    return None


def _first_objects(file: SourceFile) -> list[dict[str, Any]]:
    """Return the first object of a JSON file, or those on the first lines; none if it is broken there."""
    try:
        first = next(elements(file), None)
    except TranscriptError:
        first = None
    if first is None or file.beginning(4).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        return [first] if first else []
    try:
        return [first, *(dict_of(each) for _, each in islice(lines(file), 1, _SNIFFED_LINES))]
    except TranscriptError:
        return [first]


def _of_objects(objects: list[dict[str, Any]]) -> str | None:
    if not objects:
        return None
    first = objects[0]
    for member, name in (("mapping", "chatgpt"), ("chat_messages", "claude"), ("conversations", "sharegpt")):
        if member in first:
            return name
    if isinstance(first.get("chat"), dict):
        return "open-webui"
    if "conversationId" in first and ("messages" in first or "messagesTree" in first):
        return "librechat"
    if "messages" in first:
        return "openai-jsonl"
    if _is_gemini(first):
        return "gemini"
    if first.get("type") == "session_meta" or {"id", "timestamp", "instructions"} <= first.keys():
        return "codex"
    if any("sessionId" in each or "leafUuid" in each for each in objects):
        return "claude-code"
    return None


def _is_gemini(first: Mapping[str, Any]) -> bool:
    names = [text_of(first.get("header")), *map(text_of, list_of(first.get("products")))]
    return {"header", "title", "time"} <= first.keys() and any(
        "Gemini" in each or "Bard" in each for each in names
    )
