"""`config path`, `config show`, `config check`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import click

from gptalk_client.settings import is_secret
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.examples import examples
from gptalk_tui.cli.options import pass_globals
from gptalk_tui.cli.output import note, write

_SECRETS = {"api_key", "proxy"}
_HIDDEN = "(set, not shown)"


@click.group(epilog=examples("gptalk-tui config check"))
@pass_globals
def config(context: Globals) -> None:
    """Inspect the config file."""


@config.command(epilog=examples("gptalk-tui config path"))
@pass_globals
def path(context: Globals) -> None:
    """Print the path of the config file, whether or not it exists."""
    from gptalk_client.text import visible

    write(visible(str(context.paths().config_file), newlines=False) + "\n")


@config.command(epilog=examples("gptalk-tui config show"))
@pass_globals
def show(context: Globals) -> None:
    """Print the effective settings as TOML, from file, environment and options. Secrets are left out."""
    import tomlkit

    from gptalk_client.text import visible

    write(visible(tomlkit.dumps(_as_tables(context.settings()))))


@config.command(epilog=examples("gptalk-tui config check --config other.toml"))
@pass_globals
def check(context: Globals) -> int:
    """Check the config file and report each problem with its key and line. Exit code 1 if there are any."""
    from gptalk_client.config_file import Problem, exposures, line_of, read_file
    from gptalk_client.snippets import load_snippets
    from gptalk_tui.chat.slash import SLASH_COMMANDS
    from gptalk_tui.keymap import KeyMap
    from gptalk_tui.themes import PALETTE_OF

    file = context.paths().config_file
    settings, problems = read_file(file)
    for action_id, words in KeyMap(settings.keys).complaints():
        problems.append(Problem(file, "keys", line_of(file, ("keys", action_id)), words))
    theme = settings.ui.theme
    if theme and theme not in PALETTE_OF:
        words = f"there is no theme {theme!r}; choose one of {', '.join(PALETTE_OF)}"
        problems.append(Problem(file, "ui.theme", line_of(file, ("ui", "theme")), words))
    problems += load_snippets(settings, context.paths(), commands=SLASH_COMMANDS)[1]
    problems += exposures(file, settings)
    for problem in sorted(problems, key=lambda each: each.line or 0):
        note(str(problem))
    if not problems:
        note(f"{file} is OK." if os.path.exists(file) else f"{file} does not exist; using the defaults.")
    return 1 if problems else 0


def _as_tables(value: Any, *, may_be_secret: bool = False) -> dict[str, Any]:
    """Return settings as plain tables without unset values; scalars come before tables, as TOML requires.

    Args:
        value: A settings dataclass, or a mapping.
        may_be_secret: Whether the names tell which values are secret, as those of headers do.
    """
    scalars: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    is_table = isinstance(value, Mapping)
    items = value.items() if is_table else [(each.name, getattr(value, each.name)) for each in fields(value)]
    for name, each in items:
        if is_dataclass(each) or isinstance(each, Mapping):
            if inner := _as_tables(each, may_be_secret=name in ("headers", "query")):
                tables[name] = inner
        elif each is not None and each != ():
            is_hidden = bool(each) and (name in _SECRETS or (may_be_secret and is_secret(name, each)))
            scalars[name] = _HIDDEN if is_hidden else _without_query(each) if name == "url" else each
    return scalars | tables


def _without_query(url: str) -> str:
    """Return an address without its query, which may hold a key."""
    base, mark, _ = url.partition("?")
    return f"{base}{mark}{_HIDDEN}" if mark else url
