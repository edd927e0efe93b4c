"""Snippets: texts of the person's own that a slash command puts into the prompt, with `{variables}` to fill in."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from gptalk_client.config_file import Problem, line_of
from gptalk_client.errors import GptalkError
from gptalk_client.files import open_regular
from gptalk_client.paths import Paths
from gptalk_client.settings import Settings

FOLDER = "snippets"
"""Beside the config file; each `.md` and `.txt` file in it is a snippet of its name."""

MAX_BYTES = 256 * 1024
_NAME = re.compile(r"[a-z][a-z0-9._-]*")
_VARIABLE = re.compile(r"\{[A-Za-z_][\w -]{0,40}\}")
_SUFFIXES = (".md", ".txt")


def variables(text: str) -> list[tuple[int, int]]:
    """Return start and end of each `{variable}` of a text, in characters."""
    return [found.span() for found in _VARIABLE.finditer(text)]


def load_snippets(
    settings: Settings, paths: Paths, *, commands: Collection[str]
) -> tuple[dict[str, str], list[Problem]]:
    """Return the snippets by name, those of the config file first, and what is wrong with any of them.

    Args:
        settings: Has those of the config file.
        paths: Where the others are.
        commands: The names that are taken by built-in commands.
    """
    problems: list[Problem] = []
    found: dict[str, str] = {}
    file = paths.config_file

    def take(name: str, text: str, where: Path) -> None:
        if words := _complaint(name, text, commands, found):
            is_in_file = where == file
            line = line_of(file, ("snippets", name)) if is_in_file and file.exists() else None
            problems.append(Problem(where, f"snippets.{name}" if is_in_file else "", line, words))
        else:
            found[name] = text

    for name, text in settings.snippets.items():
        take(name, text, file)
    for path in _files(file.parent / FOLDER, problems):
        try:
            text = _read(path)
        except (OSError, ValueError, GptalkError) as err:
            problems.append(Problem(path, "", None, f"this snippet cannot be read: {_why(err)}"))
        else:
            take(path.stem, text, path)
    return found, problems


def _complaint(name: str, text: str, commands: Collection[str], found: Mapping[str, str]) -> str:
    if not _NAME.fullmatch(name):
        return "a snippet's name begins with a to z and has no other than a to z, 0 to 9, ., _ and -"
    if name in commands:
        return f"/{name} is a command of the program, which takes precedence; choose another name"
    if name in found:
        return f"there is another snippet /{name}, which takes precedence"
    return "" if text.strip() else "this snippet is empty"


def _files(folder: Path, problems: list[Problem]) -> list[Path]:
    try:
        return sorted(each for each in folder.iterdir() if each.suffix in _SUFFIXES)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as err:
        problems.append(Problem(folder, "", None, f"the snippets cannot be read: {_why(err)}"))
        return []


def _read(path: Path) -> str:
    with open_regular(path) as opened, io.TextIOWrapper(opened, encoding="utf-8") as text:
        content = text.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1024} kB")
    return content.strip("\n")


def _why(err: Exception) -> str:
    if isinstance(err, UnicodeDecodeError):
        return "it is not UTF-8"
    return (err.strerror if isinstance(err, OSError) else None) or str(err)
