"""JSON from outside, decoded to the same depth and refused in the same words on every Python.

How deep a decoder goes by itself depends on Python's version: 3.11 ends at its recursion limit of some 1,000
levels, 3.13 at some thousands, 3.14 where the thread's stack ends. Whatever comes out deeper than other code can
follow would fail there, far from the bytes that are to blame.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar, overload

import msgspec

MAX_DEPTH = 100
"""Arrays and objects within each other; no service and no export comes near it."""

_T = TypeVar("_T")
_STRINGS_AND_BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|([\[{])|([\]}])', re.DOTALL)
_OPENS = 1


class JsonError(ValueError):
    """What was to be decoded is not JSON; the text says why, without a full stop."""


class TooDeepError(JsonError):
    """It is nested deeper than `MAX_DEPTH`, well-formed or not."""


@overload
def decode(data: bytes | bytearray | str) -> Any: ...
@overload
def decode(data: bytes | bytearray | str, type: type[_T]) -> _T: ...
def decode(data: bytes | bytearray | str, type: Any = Any) -> Any:
    """Return what JSON says.

    Args:
        data: The JSON text; bytes are UTF-8.
        type: What msgspec is to make of it; members that the type does not have are left out.

    Raises:
        TooDeepError: It is nested deeper than `MAX_DEPTH`.
        JsonError: It is malformed, not UTF-8, of another type, or has NaN or a number out of bounds.
    """
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
    may_be_deep = raw.count(b"[") + raw.count(b"{") > MAX_DEPTH
    try:
        value = msgspec.json.decode(raw, type=type)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        if may_be_deep and _is_text_too_deep(raw):
            raise TooDeepError("it is nested too deep") from None
        words = "it is not UTF-8" if isinstance(err, UnicodeDecodeError) else str(err)
        raise JsonError(words) from err
    if may_be_deep and _is_value_too_deep(value):
        raise TooDeepError("it is nested too deep")
    return value


def _is_text_too_deep(raw: bytes | bytearray) -> bool:
    depth = 0
    for match in _STRINGS_AND_BRACKETS.finditer(raw):
        if match.lastindex is not None:
            depth += 1 if match.lastindex == _OPENS else -1
            if depth > MAX_DEPTH:
                return True
    return False


def _is_value_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True
