"""JSON from outside: fast if it is well formed, lenient if a service is sloppy, never a traceback."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from gptalk_client.errors import ProtocolError
from gptalk_client.json_decoding import JsonError, TooDeepError, decode
from gptalk_client.text import replace_surrogates

MAX_REASON_CHARS = 300
"""Longest reason quoted from a service, in characters."""

_MAX_REASON_DEPTH = 8
_REASONS = ("message", "msg", "error", "detail", "code")


def decode_json(raw: bytes) -> Any:
    """Return decoded JSON, with U+FFFD for invalid UTF-8 and for lone surrogates.

    Raises:
        ProtocolError: The bytes are no JSON: malformed, nested too deep, NaN, or a number beyond all bounds.
    """
    try:
        return decode(raw)
    except TooDeepError:
        raise ProtocolError("The service sent JSON that is nested too deep.") from None
    except JsonError:
        return _decode_slowly(raw)


def _decode_slowly(raw: bytes) -> Any:
    """Decode what msgspec refuses: invalid UTF-8 and lone surrogates, in strings and in names."""
    text = raw.decode("utf-8", "replace")
    try:
        return _without_surrogates(json.loads(text, parse_constant=_refuse_constant))
    except ValueError:
        raise ProtocolError("The service sent something that isn't JSON.") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, list):
        return [_without_surrogates(each) for each in value]
    if isinstance(value, dict):
        return {replace_surrogates(name): _without_surrogates(each) for name, each in value.items()}
    return value


def server_reason(answer: Any) -> str:
    """Return the reason in a service's JSON, on one line and shortened; empty if there is none.

    Args:
        answer: The decoded body. Its members `message`, `msg`, `error`, `detail` and `code` are looked at, and
            those of the objects of a list.
    """
    return _reason(answer, _MAX_REASON_DEPTH)


def _reason(answer: Any, depth: int) -> str:
    if isinstance(answer, str):
        return shorten(answer)
    if isinstance(answer, list) and depth:
        return next((found for each in answer if (found := _reason_of_place(each, depth - 1))), "")
    if not isinstance(answer, dict) or not depth:
        return ""
    for name in _REASONS:
        value = answer.get(name)
        if isinstance(value, dict | list):
            value = _reason(value, depth - 1)
        if isinstance(value, str) and value.strip():
            return shorten(value)
        if isinstance(value, int) and not isinstance(value, bool) and value != 0:
            return shorten(f"{name} {value}")
    return ""


def _reason_of_place(answer: Any, depth: int) -> str:
    """Return the reason with the place that it is about, as FastAPI names it: `body.messages: Field required`."""
    reason = _reason(answer, depth)
    place = answer.get("loc") if isinstance(answer, dict) else None
    if not reason or not isinstance(place, list):
        return reason
    return shorten(f"{'.'.join(str(each) for each in place[:_MAX_REASON_DEPTH])}: {reason}")


def shorten(text: str) -> str:
    """Return a service's text as one printable line of at most `MAX_REASON_CHARS` characters."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text[:4000]).split())
    return line if len(line) <= MAX_REASON_CHARS else line[: MAX_REASON_CHARS - 1] + "…"
