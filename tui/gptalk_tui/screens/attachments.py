"""Files that a prompt names with `@path`: their text goes along, fenced, below the prompt."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from gptalk_client.errors import UsageError
from gptalk_client.text import one_line

MAX_FILE_BYTES = 200_000
MAX_FILES = 20

_MENTION = re.compile(r'(?:^|(?<=[\s(\[{]))@(?:"([^"\n]+)"|([^\s"]+))')
_TRAILING = ".,;:!?)]}'"
_BACKTICKS = re.compile(r"`{3,}")


def mentions(text: str) -> list[str]:
    """Return the paths of regular files that a text names, each once, as they are written.

    What names no file (`@alice`, `me@example.org`) is text. Looks at the disk.
    """
    found: list[str] = []
    for match in _MENTION.finditer(text):
        path = match[1] or _existing(match[2])
        if path and path not in found and not _stands_in(text, path) and _is_there(path):
            found.append(path)
    return found


def with_files(text: str) -> str:
    """Return a text with the files that it names, fenced below it. Reads them.

    A file whose fence stands in the text already is not read again.

    Raises:
        UsageError: One cannot be read, is no text, or is too large; or there are too many.
    """
    paths = mentions(text)
    if len(paths) > MAX_FILES:
        raise UsageError(f"The prompt names {len(paths)} files; {MAX_FILES} are the most.")
    return "".join([text.rstrip() if paths else text, *(fenced(path, read_text(path)) for path in paths)])


def read_text(path: str) -> str:
    """Return the text of a file.

    Raises:
        UsageError: It cannot be read, is no text, or is too large.
    """
    name = one_line(path, max_chars=200)
    hint = "Take the @ away to send the prompt without it."
    try:
        with _expanded(path).open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as err:
        raise UsageError(f"{name} cannot be read: {err.strerror or err}.", hint=hint) from err
    if len(raw) > MAX_FILE_BYTES:
        raise UsageError(f"{name} is larger than {MAX_FILE_BYTES // 1000} kB.", hint=hint)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise UsageError(f"{name} is not a text in UTF-8.", hint=hint) from err
    if "\0" in text:
        raise UsageError(f"{name} is not a text.", hint=hint)
    return text


def fenced(path: str, text: str) -> str:
    """Return a file as a code block that names it; the fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=2)
    fence = "`" * (longest + 1)
    end = "" if text.endswith("\n") or not text else "\n"
    return f"\n\n{fence}{_info(path)}\n{text}{end}{fence}"


def _info(path: str) -> str:
    suffix = Path(path).suffix[1:]
    language = suffix if suffix.isalnum() and suffix.isascii() else "text"
    return f"{language} {path.replace('`', chr(39))}"


def _stands_in(text: str, path: str) -> bool:
    return re.search(rf"^`{{3,}}{re.escape(_info(path))}$", text, re.MULTILINE) is not None


def _existing(path: str) -> str:
    """Return the path, or the path without the punctuation that a sentence puts behind it."""
    return path if _is_there(path) else path.rstrip(_TRAILING)


def _is_there(path: str) -> bool:
    try:
        return stat.S_ISREG(_expanded(path).stat().st_mode)
    except (OSError, ValueError, RuntimeError):
        return False


def _expanded(path: str) -> Path:
    # `Path.expanduser` raises where a home is unknown, as in `@~nobody`.
    return Path(os.path.expanduser(path))
