"""A method that works on a class and on its instances."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R", covariant=True)


class hybridmethod(Generic[_P, _R]):
    """Decorates a method whose first argument is the instance it is called on, or the class if there is none."""

    def __init__(self, function: Callable[Concatenate[Any, _P], _R]) -> None:
        self._function = function
        self.__doc__ = function.__doc__
        self.__isabstractmethod__ = getattr(function, "__isabstractmethod__", False)

    def __get__(self, instance: object | None, owner: type) -> Callable[_P, _R]:
        return MethodType(self._function, owner if instance is None else instance)
