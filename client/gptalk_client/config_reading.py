"""What a config file says, and everything wrong with it, each with its key and line."""

from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from gptalk_client.addresses import Address, Proxy
from gptalk_client.errors import ConfigError, GptalkError, UsageError
from gptalk_client.files import open_regular
from gptalk_client.settings import (
    OPENAI,
    ProviderSettings,
    Settings,
    check_provider_name,
    is_header_name,
    is_header_value,
    no_provider,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in the config file."""

    file: Path
    key: str
    """Dotted, such as `ui.theme`; empty for the file as a whole."""
    line: int | None
    """From 1."""
    message: str
    is_unknown_key: bool = False
    """An unknown key is a warning; everything else is an error."""

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}" if self.line else str(self.file)
        return f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"


def read_file(file: Path) -> tuple[Settings, list[Problem]]:
    """Return a config file's settings and everything wrong with it; never raises for its contents.

    Raises:
        ConfigError: The file is there but cannot be read.
    """
    try:
        text = read_text(file)
    except FileNotFoundError:
        return Settings(), []
    except (OSError, UnicodeDecodeError) as err:
        reason = err.strerror if isinstance(err, OSError) else "it is not UTF-8"
        raise ConfigError(f"{file} cannot be read: {reason}.") from err
    return parse(file, text)


def line_of(file: Path, key: tuple[str, ...]) -> int | None:
    """Return the line of a config file on which a key is set, from 1, else that of its nearest table.

    Raises:
        OSError: It cannot be read.
    """
    return _line_of(_lines_by_key(read_text(file)), key)


def read_text(file: Path) -> str:
    """Return the text of a config file.

    Raises:
        OSError: It cannot be read.
        UnicodeDecodeError: It is not UTF-8.
    """
    with open_regular(file) as opened, io.TextIOWrapper(opened, encoding="utf-8") as text:
        return text.read()


def parse(file: Path, text: str) -> tuple[Settings, list[Problem]]:
    """Return the settings that a config file's text stands for, and everything wrong with it.

    Args:
        file: Where the text is from, for the problems.
        text: TOML.
    """
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as err:  # ValueError also for a number with thousands of digits
        found = re.search(r"at line (\d+)", str(err))
        line = int(found[1]) if found else max(1, len(text.splitlines()))
        message = "it is nested too deep" if isinstance(err, RecursionError) else str(err)
        return Settings(), [Problem(file, "", line, f"this is not valid TOML: {message}")]
    reader = _Reader(file, text)
    old = tables.pop(OPENAI, None)
    settings = reader.build(Settings, tables, ())
    reader.check_address(("url",), settings.url, Address.parse)
    reader.check_address(("proxy",), settings.proxy, Proxy.parse)
    if old is not None:
        settings = _with_old_table(settings, old, reader)
    for name, provider in settings.providers.items():
        is_old = old is not None and name == OPENAI
        reader.check_provider(name, provider, (OPENAI,) if is_old else ("providers", name))
    chosen: dict[tuple[str, ...], str | None] = {("provider",): settings.provider}
    reader.check_options(("chat", "options"), settings.chat.options)
    for persona, values in settings.personas.items():
        reader.check_options(("personas", persona, "options"), values.options)
        chosen["personas", persona, "provider"] = values.provider
    for key, who in chosen.items():
        if who is not None and not settings.knows(who):
            reader.report(key, _as_clause(no_provider(who, settings.provider_names)))
    return settings, reader.problems


def _with_old_table(settings: Settings, table: Any, reader: _Reader) -> Settings:
    """Return the settings with the provider of `[openai]`, as it was written before providers had names."""
    if OPENAI in settings.providers:
        reader.report((OPENAI,), "there is [providers.openai] too; remove one of the two")
        return settings
    given = {"api_key_env": "OPENAI_API_KEY", **table} if isinstance(table, dict) else table
    provider = reader.build(ProviderSettings, given, (OPENAI,))
    return replace(settings, providers={OPENAI: provider, **settings.providers})


class _Reader:
    """Builds settings from parsed tables and collects problems, each with its key and line."""

    def __init__(self, file: Path, text: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._text = text

    @cached_property
    def _lines(self) -> dict[tuple[str, ...], int]:
        return _lines_by_key(self._text)  # only where there is a problem

    def report(self, key: tuple[str, ...], message: str, *, is_unknown_key: bool = False) -> None:
        line = _line_of(self._lines, key)
        self.problems.append(Problem(self._file, ".".join(key), line, message, is_unknown_key))

    def check_address(self, key: tuple[str, ...], value: str, check: Callable[[str, str], object]) -> None:
        """Report an address that can't be used."""
        try:
            if value:
                check(value, ".".join(key))
        except ConfigError as err:
            self.report(key, err.message.partition(": ")[2].rstrip("."))

    def check_provider(self, name: str, provider: ProviderSettings, at: tuple[str, ...]) -> None:
        """Report what can't be used about one provider."""
        try:
            check_provider_name(name)
        except ConfigError as err:
            self.report(at, _as_clause(err))
        takes_query = provider.type == "openai"
        self.check_address((*at, "url"), provider.url, partial(Address.parse, takes_query=takes_query))
        for header, value in provider.headers.items():
            if not (is_header_name(header) and is_header_value(value)):
                self.report((*at, "headers", header), "this can't be sent as a header")
        self.check_options((*at, "options"), provider.options)

    def check_options(self, at: tuple[str, ...], options: Mapping[str, Any]) -> None:
        """Report request parameters that can't be used."""
        for option, value in options.items():
            from gptalk_client.parameters import check_parameter  # most have none

            try:
                check_parameter(option, value)
            except UsageError as err:
                self.report((*at, option), _as_clause(err))

    def build(self, kind: type[T], table: Any, at: tuple[str, ...]) -> T:
        """Return a settings dataclass built from a table; invalid values keep their defaults."""
        if not isinstance(table, dict):
            self.report(at, "this must be a table")
            return kind()
        hints = get_type_hints(kind, include_extras=True)
        known = [each.name for each in fields(kind)]  # type: ignore[arg-type]
        values: dict[str, Any] = {}
        for name, value in table.items():
            key = (*at, name)
            if name not in known:
                self.report(key, _unknown(name, at, known), is_unknown_key=True)
            elif is_dataclass(hints[name]):
                values[name] = self.build(hints[name], value, key)
            elif get_origin(hints[name]) is Mapping:
                values[name] = self._mapping(get_args(hints[name])[1], value, key)
            else:
                values |= self._value(hints[name], value, key)
        return kind(**values)

    def _mapping(self, kind: Any, table: Any, at: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(table, dict):
            self.report(at, "this must be a table")
            return {}
        if isinstance(kind, type) and is_dataclass(kind):
            return {name: self.build(kind, each, (*at, name)) for name, each in table.items()}
        values: dict[str, Any] = {}
        for name, each in table.items():
            values |= self._value(kind, each, (*at, name))
        return values

    def _value(self, hint: Any, value: Any, at: tuple[str, ...]) -> dict[str, Any]:
        """Return the value under the last part of its key; nothing if it is invalid."""
        try:
            return {at[-1]: msgspec.convert(value, hint)}
        except msgspec.ValidationError as err:
            choices = _choices(hint)
            if isinstance(value, str) and choices:
                self.report(at, f"there is no {value!r}; choose one of {', '.join(choices)}")
            else:
                self.report(at, _in_words(str(err)))
            return {}


def _as_clause(error: GptalkError) -> str:
    return error.message[:1].lower() + error.message[1:].rstrip(".")


def _choices(hint: Any) -> list[str]:
    """Return the names that a setting accepts; none if it is not a choice of names."""
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    return [name for each in get_args(hint) for name in _choices(each)]


def _unknown(name: str, at: tuple[str, ...], known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"no such setting; did you mean {'.'.join((*at, close[0]))}?" if close else "no such setting"


_TYPES_IN_WORDS = {"str": "text", "float": "a number", "int": "a whole number", "bool": "true or false"}


def _in_words(message: str) -> str:
    """Return msgspec's reason as a sentence about a config file."""
    message = re.sub(r" - at `\$(.*)`$", lambda m: f" (at {m[1].strip('.')})" if m[1] else "", message)
    for theirs, ours in _TYPES_IN_WORDS.items():
        message = message.replace(f"`{theirs} | null`", f"`{theirs}`").replace(f"`{theirs}`", ours)
    return message[:1].lower() + message[1:]


def _line_of(lines: Mapping[tuple[str, ...], int], key: tuple[str, ...]) -> int | None:
    """Return the line on which a key is set, from 1, else that of its nearest table."""
    nearest = (lines[key[:depth]] for depth in range(len(key), 0, -1) if key[:depth] in lines)
    return next(nearest, None)


def _lines_by_key(text: str) -> dict[tuple[str, ...], int]:
    """Return the first line of each key and table, from 1."""
    lines: dict[tuple[str, ...], int] = {}
    for line, key in _keys_by_line(text):
        lines.setdefault(key, line)
    return lines


def _keys_by_line(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[?([^\[\]]+)\]", line):
            table = _split_key(header[1])
            yield number, table
        elif assignment := re.match(r"""\s*((?:"[^"]*"|'[^']*'|[\w.-]|\s)+?)\s*=""", line):
            yield number, (*table, *_split_key(assignment[1]))


def _split_key(dotted: str) -> tuple[str, ...]:
    parts = re.findall(r"""\s*("[^"]*"|'[^']*'|[\w-]+)\s*""", dotted)
    return tuple(part.strip("\"'") for part in parts)
