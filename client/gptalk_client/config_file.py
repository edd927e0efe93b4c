"""The config file: reading it with every mistake reported, overriding it, and editing it with its comments kept.

Order of precedence: default, file, environment, option.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from gptalk_client.addresses import Address, Proxy
from gptalk_client.errors import ConfigError
from gptalk_client.files import atomic_write, open_regular
from gptalk_client.paths import make_private_folder
from gptalk_client.settings import PROVIDERS, Settings

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


def load_settings(
    file: Path,
    *,
    environ: Mapping[str, str] | None = None,
    url: str | None = None,
    provider: str | None = None,
    model: str | None = None,
    proxy: str | None = None,
) -> tuple[Settings, list[Problem]]:
    """Return the settings, and the unknown keys of the file as warnings.

    An address without a provider means a GPTalk service, or the OpenAI-compatible one if the file chose that.

    Args:
        file: The config file; it may be absent.
        environ: Environment; None takes the process's.
        url: Option `--url`, before all else; likewise the others.
        provider: Option `--provider`.
        model: Option `--model`.
        proxy: Option `--proxy`.

    Raises:
        ConfigError: The file, a variable or an option cannot be used. It names which one.
    """
    settings, problems = read_file(file)
    for problem in problems:
        if not problem.is_unknown_key:
            raise ConfigError(f"{problem}.")
    environ = os.environ if environ is None else environ
    options = {"provider": provider, "url": url, "model": model, "proxy": proxy}
    given: dict[str, tuple[str, str]] = {}
    for key, option in options.items():
        variable = f"GPTALK_{key.upper()}"
        if value := option or environ.get(variable):
            given[key] = (value, f"--{key}" if option else variable)
    try:
        return _override(settings, given), problems
    except ConfigError as err:
        raise ConfigError(err.message, hint="Correct it and try again.") from err  # it is not in the file


def read_file(file: Path) -> tuple[Settings, list[Problem]]:
    """Return a config file's settings and everything wrong with it; never raises for its contents.

    Raises:
        ConfigError: The file is there but cannot be read.
    """
    try:
        text = _read(file)
    except FileNotFoundError:
        return Settings(), []
    except (OSError, UnicodeDecodeError) as err:
        reason = err.strerror if isinstance(err, OSError) else "it is not UTF-8"
        raise ConfigError(f"{file} cannot be read: {reason}.") from err
    return _parse(file, text)


def exposures(file: Path, settings: Settings) -> list[Problem]:
    """Return a warning for each way in which other users can read a config file's secrets or change it.

    Args:
        file: The config file; it may be absent.
        settings: What it says.
    """
    if sys.platform == "win32":
        return []
    try:
        status = file.stat()
    except OSError:
        return []
    quoted = shlex.quote(str(file))
    found: list[Problem] = []
    if status.st_uid not in (os.geteuid(), 0):
        found.append(Problem(file, "", None, "it belongs to another user, who can redirect your prompts"))
    elif status.st_mode & 0o002:
        found.append(
            Problem(file, "", None, f"other users can change it; `chmod o-w {quoted}` prevents that")
        )
    secrets = {("openai", "api_key"): settings.openai.api_key, ("proxy",): "@" in settings.proxy}
    for key, is_set in secrets.items():
        if is_set and status.st_mode & 0o044:
            message = f"other users can read this secret; `chmod 600 {quoted}` prevents that"
            found.append(Problem(file, ".".join(key), line_of(file, key), message))
    return found


def line_of(file: Path, key: tuple[str, ...]) -> int | None:
    """Return the line of a config file on which a key is set, from 1, else that of its nearest table.

    Raises:
        OSError: It cannot be read.
    """
    return _line_of(_lines_by_key(_read(file)), key)


def update_file(file: Path, changes: Mapping[str | tuple[str, ...], Any]) -> None:
    """Change keys in the config file, keeping comments and order. The file is replaced atomically.

    Args:
        file: The config file; made, private to its owner, if absent. A symbolic link is followed.
        changes: Value by key. A text is split at its first dot (`ui.theme`, `keys.turn.stop`), a tuple is
            used as it is (`("personas", "terse", "model")`). None removes the key.

    Raises:
        ConfigError: The file is broken, a value cannot be used, or nothing can be written there.
    """
    import tomlkit
    import tomlkit.exceptions

    target = Path(os.path.realpath(file))  # `resolve` raises on a cycle of links
    try:
        text = _read(target) if target.exists() else ""
        document = tomlkit.parse(text)
    except (OSError, ValueError, tomlkit.exceptions.TOMLKitError) as err:
        reason = err.strerror if isinstance(err, OSError) else err
        raise ConfigError(f"{file} cannot be changed: {reason}.") from err
    for key, value in changes.items():
        *tables, last = key.split(".", 1) if isinstance(key, str) else key
        table: Any = document
        for name in tables:
            if name not in table:
                table[name] = tomlkit.table()
            table = table[name]
        if value is None:
            table.pop(last, None)
        else:
            table[last] = value
    new = tomlkit.dumps(document)
    _, problems = _parse(file, new)
    for problem in problems:
        if not problem.is_unknown_key:
            raise ConfigError(f"{problem}.")
    try:
        make_private_folder(target.parent)
        with atomic_write(target, replace=True, keep_mode=True) as temporary:
            temporary.write_text(new, encoding="utf-8", newline="\n")
    except OSError as err:
        raise ConfigError(f"{target} cannot be written: {err.strerror or err}.") from err


def _read(file: Path) -> str:
    with open_regular(file) as opened, io.TextIOWrapper(opened, encoding="utf-8") as text:
        return text.read()


def _override(settings: Settings, given: Mapping[str, tuple[str, str]]) -> Settings:
    """Return the settings with overrides from environment and options: by key, the value and its source."""
    if "provider" in given:
        provider, name = given["provider"]
        chosen = next((each for each in PROVIDERS if each == provider), None)
        if chosen is None:
            raise ConfigError(f"{name}: choose one of {', '.join(PROVIDERS)}.")
        settings = replace(settings, provider=chosen)
    if "url" in given:
        if settings.provider == "openai":
            url = Address.parse(*given["url"], takes_query=True).whole
            settings = replace(settings, openai=replace(settings.openai, url=url))
        else:
            who = settings.provider if "provider" in given else "gptalk"
            settings = replace(settings, url=Address.parse(*given["url"]).base, provider=who)
    if "model" in given:
        settings = replace(settings, model=given["model"][0])
    if "proxy" in given:
        settings = replace(settings, proxy=Proxy.parse(*given["proxy"]).url)
    return settings


def _parse(file: Path, text: str) -> tuple[Settings, list[Problem]]:
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as err:  # ValueError also for a number with thousands of digits
        found = re.search(r"at line (\d+)", str(err))
        line = int(found[1]) if found else max(1, len(text.splitlines()))
        message = "it is nested too deep" if isinstance(err, RecursionError) else str(err)
        return Settings(), [Problem(file, "", line, f"this is not valid TOML: {message}")]
    reader = _Reader(file, text)
    settings = reader.build(Settings, tables, ())
    for key, value, check in (
        (("url",), settings.url, Address.parse),
        (("openai", "url"), settings.openai.url, partial(Address.parse, takes_query=True)),
        (("proxy",), settings.proxy, Proxy.parse),
    ):
        try:
            if value:
                check(value, ".".join(key))
        except ConfigError as err:
            reader.report(key, err.message.partition(": ")[2].rstrip("."))
    return settings, reader.problems


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


def _choices(hint: Any) -> list[str]:
    """Return the names that a setting accepts; none if it is not a choice of names."""
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    return [name for each in get_args(hint) for name in _choices(each)]


def _unknown(name: str, at: tuple[str, ...], known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"no such setting; did you mean {'.'.join((*at, close[0]))}?" if close else "no such setting"


_TYPES_IN_WORDS = {"str": "a text", "float": "a number", "int": "a whole number", "bool": "true or false"}


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
