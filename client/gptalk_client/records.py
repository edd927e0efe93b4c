"""Records: plain frozen data whose classes cost little to make."""

from __future__ import annotations

from dataclasses import Field, make_dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec


class _Fields:
    """The fields of a record, as the `dataclasses` module looks for them; made when it first asks."""

    def __init__(self) -> None:
        self._known: dict[type, dict[str, Field[Any]]] = {}

    def __get__(self, record: Record | None, kind: type[Record]) -> dict[str, Field[Any]]:
        fields = self._known.get(kind)
        if fields is None:
            made: Any = make_dataclass(kind.__name__, kind.__struct_fields__)
            fields = self._known[kind] = made.__dataclass_fields__
        return fields


class Record(msgspec.Struct, frozen=True):
    """Base of plain frozen data: write `class Point(Record, frozen=True)`, then its fields as in a dataclass.

    It keeps the start short: Python compiles six methods for each frozen dataclass, which takes twenty times as
    long. `replace`, `asdict` and `fields` of `dataclasses` work with records too.
    """

    if TYPE_CHECKING:
        __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    else:
        __dataclass_fields__ = _Fields()
