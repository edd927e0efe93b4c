"""Files that a prompt names with `@path`: their text goes along, fenced, below the prompt."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from io import FileIO
from pathlib import Path

from gptalk_client.errors import UsageError
from gptalk_client.text import one_line

MAX_FILE_BYTES = 200_000
MAX_FILES = 20
WITHOUT_IT = "Take the @ away to send the prompt without it."

_MENTION = re.compile(r'(?:^|(?<=[\s(\[{（「]))[@＠](?:"([^"\n]+)"|([^\s"]+))')
_PATH_STARTS = ("/", "~/", "./", "../")
_TRAILING = ".,;:!?)]}'"
_BACKTICKS = re.compile(r"`{3,}")


def mentions(text: str) -> list[str]:
    """Return the paths of regular files that a text names, each once, as they are written.

    What names no file (`@alice`, `me@example.org`) is text, and a file whose fence stands in the text already is
    not named once more. Looks at the disk.
    """
    found: list[str] = []
    for match in _MENTION.finditer(text):
        path = match[1] or _existing(match[2])
        if path and path not in found and not _stands_in(text, path) and _is_there(path):
            found.append(path)
    return found


def missing(text: str) -> str:
    """Return the first path that can only mean a file and is not there; empty if there is none.

    Such a path begins with `/`, `~/`, `./` or `../`, or stands in quotes. Looks at the disk.
    """
    for match in _MENTION.finditer(text):
        path = match[1] or match[2]
        is_path = match[1] or path.startswith(_PATH_STARTS)
        if is_path and not any(os.path.lexists(_expanded(each)) for each in (path, path.rstrip(_TRAILING))):
            return path if match[1] else path.rstrip(_TRAILING)
    return ""


def with_files(text: str, paths: Sequence[str]) -> str:
    """Return a text with files fenced below it. Reads them.

    Args:
        text: The prompt.
        paths: Some of its `mentions`.

    Raises:
        UsageError: One cannot be read, is no text, or is too large; or there are too many.
    """
    if len(paths) > MAX_FILES:
        raise UsageError(f"The prompt names {len(paths)} files; {MAX_FILES} are the most.")
    return "".join([text.rstrip() if paths else text, *(fenced(path, read_text(path)) for path in paths)])


def read_text(path: str) -> str:
    """Return the text of a file.

    Raises:
        UsageError: It cannot be read, is no text, or is too large.
    """
    name, hint = one_line(path, max_chars=200), WITHOUT_IT
    try:
        # Without waiting: what was a file a moment ago may be a pipe now, or one of the system's that never ends.
        with open(_expanded(path), "rb", buffering=0, opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(f"{name} is no file of text.", hint=hint)
            raw = _read(file)
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


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _read(file: FileIO) -> bytes:
    """Return up to one byte more than may be sent."""
    parts: list[bytes] = []
    room = MAX_FILE_BYTES + 1
    while room and (part := file.read(room)):
        parts.append(part)
        room -= len(part)
    return b"".join(parts)


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
