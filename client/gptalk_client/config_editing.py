"""Changes to the config file, with its comments and order kept."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from gptalk_client.config_reading import line_of, parse, read_file, read_text
from gptalk_client.errors import ConfigError
from gptalk_client.files import atomic_write
from gptalk_client.paths import make_private_folder
from gptalk_client.settings import OPENAI, ProviderSettings, check_provider_name


def update_file(file: Path, changes: Mapping[str | tuple[str, ...], Any], *, is_secret: bool = False) -> None:
    """Change keys in the config file, keeping comments and order. The file is replaced atomically.

    Args:
        file: The config file; made, private to its owner, if absent. A symbolic link is followed.
        changes: Value by key. A text is split at its first dot (`ui.theme`, `keys.turn.stop`), a tuple is
            used as it is (`("personas", "terse", "model")`). None removes the key, an empty table with it.
        is_secret: Whether a value is secret, so that only the owner may read the file from now on.

    Raises:
        ConfigError: The file is broken, a value cannot be used, or nothing can be written there.
    """
    import tomlkit
    import tomlkit.exceptions

    target = Path(os.path.realpath(file))  # `resolve` raises on a cycle of links
    try:
        text = read_text(target) if target.exists() else ""
        document = tomlkit.parse(text)
    except (OSError, ValueError, tomlkit.exceptions.TOMLKitError) as err:
        reason = err.strerror if isinstance(err, OSError) else err
        raise ConfigError(f"{file} cannot be changed: {reason}.") from err
    for key, value in changes.items():
        _change(document, key.split(".", 1) if isinstance(key, str) else key, value)
    new = _spaced(tomlkit.dumps(document), text)
    _, problems = parse(file, new)
    for problem in problems:
        if not problem.is_unknown_key:
            raise ConfigError(f"{problem}.")
    try:
        make_private_folder(target.parent)
        with atomic_write(target, replace=True, keep_mode=not is_secret) as temporary:
            temporary.write_text(new, encoding="utf-8", newline="\n")
    except OSError as err:
        raise ConfigError(f"{target} cannot be written: {err.strerror or err}.") from err


def keep_provider(file: Path, name: str, provider: ProviderSettings) -> None:
    """Add a provider to the config file, or change the one with this name; what stays the same keeps its comments.

    Args:
        file: The config file; it may be absent. With a secret in it, only its owner may read it.
        name: What the provider is called.
        provider: All of its settings; those that are the default are left out of the file.

    Raises:
        ConfigError: The name or a value can't be used, or the file can't be changed.
    """
    check_provider_name(name)
    before, _ = read_file(file)
    old, table = before.providers.get(name), _table_of(file, name)
    plain = ProviderSettings(api_key_env="OPENAI_API_KEY") if table == (OPENAI,) else ProviderSettings()
    changes: dict[str | tuple[str, ...], Any] = {}
    for each in fields(ProviderSettings):
        new, default = getattr(provider, each.name), getattr(plain, each.name)
        was = getattr(old, each.name) if old is not None else default
        if isinstance(new, Mapping):
            changes |= {(*table, each.name, key): None for key in was if key not in new}
            changes |= {
                (*table, each.name, key): value for key, value in new.items() if was.get(key) != value
            }
        elif new != was:
            changes[*table, each.name] = None if new == default else _plain(new)
    if changes:
        update_file(file, changes, is_secret=bool(provider.secrets))


def remove_provider(file: Path, name: str) -> bool:
    """Remove a provider from the config file, also as the one that replies; return whether it was there.

    Personas that chose it choose none afterwards.

    Raises:
        ConfigError: The file can't be changed.
    """
    before, _ = read_file(file)
    if name not in before.providers:
        return False
    changes: dict[str | tuple[str, ...], Any] = {_table_of(file, name): None}
    if before.provider == name:
        changes |= {"provider": None, "model": None}
    for persona, values in before.personas.items():
        if values.provider == name:
            changes["personas", persona, "provider"] = None
    update_file(file, changes)
    return True


def _table_of(file: Path, name: str) -> tuple[str, ...]:
    """Return the table of a provider: `[openai]` where the file has that one from before."""
    has_old = name == OPENAI and file.exists() and line_of(file, ("providers", OPENAI)) is None
    return (OPENAI,) if has_old and line_of(file, (OPENAI,)) is not None else ("providers", name)


def _spaced(new: str, old: str) -> str:
    """Return a changed text with an empty line before each table that follows something new."""
    lines: list[str] = []
    for line in new.splitlines(keepends=True):
        is_crowded = line.startswith("[") and bool(lines) and bool(lines[-1].strip())
        if is_crowded and not lines[-1].startswith("#") and lines[-1] + line not in old:
            lines.append("\n")
        lines.append(line)
    return "".join(lines)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _change(document: Any, key: Sequence[str], value: Any) -> None:
    """Set one key of a document, or remove it together with the tables that it leaves empty."""
    import tomlkit

    *names, last = key
    tables = [document]
    for depth, name in enumerate(names):
        if name not in tables[-1]:
            if value is None:
                return
            # The headers, query and options of a provider fit on a line; tables of tables need no header.
            is_inner = names[0] == "providers" and depth == 2
            is_outer = names[0] in ("providers", "personas") and depth == 0
            tables[-1][name] = tomlkit.inline_table() if is_inner else tomlkit.table(is_outer)
        tables.append(tables[-1][name])
    if value is not None:
        tables[-1][last] = value
        return
    tables[-1].pop(last, None)
    for table, name in zip(reversed(tables[:-1]), reversed(names), strict=True):
        if not table[name]:
            table.pop(name)
