"""The package's names are its API: everything that a public signature names is public too."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any

import pytest

import gptalk_client

PUBLIC = {name: getattr(gptalk_client, name) for name in gptalk_client.__all__}


def functions_of(thing: Any) -> Iterator[Any]:
    """Return a class's public functions and properties, inherited ones of this package among them."""
    if not inspect.isclass(thing):
        return
    for name in dir(thing):
        if name.startswith("_") and name not in ("__init__", "__aenter__", "__enter__"):
            continue
        member = inspect.getattr_static(thing, name)
        function = (
            getattr(member, "__func__", None)
            or getattr(member, "fget", None)
            or getattr(member, "_function", member)
        )
        if inspect.isfunction(function) and function.__module__.startswith("gptalk_client."):
            yield function


def named_in(hint: Any) -> Iterator[Any]:
    """Return every class of this package that a type names."""
    is_class = inspect.isclass(hint) and not isinstance(hint, types.GenericAlias)
    if is_class and hint.__module__.startswith("gptalk_client."):
        yield hint
    for part in typing.get_args(hint):
        yield from (
            named_in(part) if not isinstance(part, list) else (x for each in part for x in named_in(each))
        )


def hints_of(function: Any) -> dict[str, Any]:
    module = inspect.getmodule(function)
    everything = {
        name: value
        for each in PUBLIC.values()
        for name, value in vars(inspect.getmodule(each) or module).items()
    }
    return typing.get_type_hints(
        function, globalns={**everything, **vars(gptalk_client), **PUBLIC, **vars(module)}
    )


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_what_a_public_signature_names_is_public(name: str) -> None:
    thing = PUBLIC[name]
    missing = {
        f"{function.__qualname__}: {each.__module__}.{each.__qualname__}"
        for function in functions_of(thing)
        for hint in hints_of(function).values()
        for each in named_in(hint)
        if each not in PUBLIC.values()
    }
    if not inspect.isclass(thing):  # an alias
        missing |= {f"{name}: {each.__qualname__}" for each in named_in(thing) if each not in PUBLIC.values()}
    assert missing == set()
