"""Crash reports without a word of any conversation, and a sentence on how to recover.

An exception's text and the values of variables may be private. A report has neither, only types, code locations,
error codes and versions.
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from gptalk_client.paths import make_private_folder

KEPT_REPORTS = 20
"""How many reports are kept."""

_MOST_FRAMES = 60
_MOST_ERRORS = 10


def trace_without_text(error: BaseException) -> str:
    """Return an exception's type and traceback, and those of its causes.

    Source lines are the program's own, from its files: code from elsewhere, such as `python -c`, may contain
    anything. Neither exception messages nor variables are included.
    """
    return "\n".join(_lines(error, set()))


def write_report(folder: Path, error: BaseException, *, what: str = "app") -> Path | None:
    """Write a report that only its owner can read.

    Args:
        folder: The folder for reports; created if missing.
        error: The uncaught exception.
        what: Which part of the program failed, in one word.

    Returns:
        The file, or None if it could not be written.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    path = folder / f"crash-{stamp}-{os.getpid()}.txt"
    try:
        make_private_folder(folder)
        _make_room(folder)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with open(file, "w", encoding="utf-8") as report:
            report.write(_report(error, what, stamp))
    except OSError:
        return None
    return path


def tell(error: BaseException, folder: Path, *, what: str = "app") -> None:
    """Write a report, and print its path and what to do next on standard error."""
    report = write_report(folder, error, what=what)
    with contextlib.suppress(OSError, ValueError):  # standard error may be closed
        print(f"gptalk-tui: {farewell(error, report)}", file=sys.stderr, flush=True)


def farewell(error: BaseException, report: Path | None) -> str:
    """Return what happened, where the report is and what to do next."""
    kind = type(_innermost(error)).__name__
    where = (
        f"Crash report (no conversation text): {report}"
        if report is not None
        else "The crash report could not be written."
    )
    return (
        f"gptalk-tui crashed ({kind}). Everything received so far is saved.\n{where}\n"
        "Start gptalk-tui again to continue; `gptalk-tui doctor` checks the installation, "
        "and `gptalk-tui export --all -o FOLDER` exports your conversations."
    )


def _report(error: BaseException, what: str, stamp: str) -> str:
    return "\n".join(
        [
            f"gptalk-tui crash report, {stamp} UTC",
            "No conversation text: types, code locations and versions only.",
            "",
            f"part: {what}",
            *_versions(),
            f"terminal: TERM={os.environ.get('TERM', '')[:40]!r}",
            "",
            trace_without_text(error),
            "",
        ]
    )


def _versions() -> Iterator[str]:
    from importlib import metadata

    import gptalk_client

    yield f"gptalk-tui: {gptalk_client.__version__}"
    yield f"Python: {platform.python_version()} ({platform.python_implementation()})"
    yield f"platform: {platform.platform(terse=True)} {platform.machine()}"
    for name in ("textual", "httpx", "msgspec", "markdown-it-py", "pygments"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            yield f"{name}: {metadata.version(name)}"


def _innermost(error: BaseException) -> BaseException:
    """Return the error that another one only wraps, as those of Textual's workers do."""
    inner = getattr(error, "error", None)
    return inner if isinstance(inner, BaseException) else error


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    if id(error) in seen or len(seen) >= _MOST_ERRORS:
        return
    seen.add(id(error))
    inner = _innermost(error)
    if inner is not error:
        yield from _lines(inner, seen)
        return
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None:
        yield from _lines(earlier, seen)
        yield "which led to:" if error.__cause__ is not None else "while handling that:"
    frames = traceback.extract_tb(error.__traceback__)
    if len(frames) > _MOST_FRAMES:
        yield f"  ... {len(frames) - _MOST_FRAMES} earlier calls"
    for frame in frames[-_MOST_FRAMES:]:
        yield f'  File "{_short(frame.filename)}", line {frame.lineno}, in {frame.name}'
        if frame.line and not frame.filename.startswith("<"):
            yield f"    {frame.line}"
    yield f"{type(error).__module__}.{type(error).__qualname__}{_numbers(error)}"
    for each in getattr(error, "exceptions", ()):
        if isinstance(each, BaseException):
            yield "one of the group:"
            yield from _lines(each, seen)


def _numbers(error: BaseException) -> str:
    """Return the system's or SQLite's code for an error, which needs no message."""
    if isinstance(error, OSError) and error.errno is not None:
        return f" ({errno.errorcode.get(error.errno, error.errno)})"
    name = getattr(error, "sqlite_errorname", None)
    return f" ({name})" if isinstance(name, str) and name.isidentifier() else ""


def _short(file: str) -> str:
    """Return a source file's path from its package on: the folders above may contain a user name."""
    for folder in sorted(sys.path, key=len, reverse=True):
        if folder and file.startswith(folder.rstrip(os.sep) + os.sep):
            return file[len(folder.rstrip(os.sep)) + 1 :]
    return Path(file).name


def _make_room(folder: Path) -> None:
    reports = sorted(folder.glob("crash-*.txt"))
    for old in reports[: max(0, len(reports) - KEPT_REPORTS + 1)]:
        old.unlink(missing_ok=True)
