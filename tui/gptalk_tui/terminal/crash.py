"""What a crash leaves behind: a report without a word of any conversation, and a sentence on how to go on.

The text of an exception and the values of variables may be what somebody wrote. A report holds neither: only
types, places in the code, numbers of errors and versions.
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
"""How many reports stay in the folder."""

_MOST_FRAMES = 60
_MOST_ERRORS = 10


def trace_without_text(error: BaseException) -> str:
    """Return the types of an exception and of its causes, and where they came from.

    Source lines are the program's own, from its files: what was run otherwise, such as `python -c`, may hold
    anything. Neither the exceptions' texts nor any variable is looked at.
    """
    return "\n".join(_lines(error, set()))


def write_report(folder: Path, error: BaseException, *, what: str = "app") -> Path | None:
    """Write a report that only its owner can read.

    Args:
        folder: Where reports are kept; made if it is missing.
        error: What nobody caught.
        what: Which part of the program failed, in a word.

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
    """Write a report and say on standard error where it is and how to go on."""
    report = write_report(folder, error, what=what)
    with contextlib.suppress(OSError, ValueError):  # nobody may be left to read it
        print(f"gptalk-tui: {farewell(error, report)}", file=sys.stderr, flush=True)


def farewell(error: BaseException, report: Path | None) -> str:
    """Return what happened, where the report is and how to go on, for standard error."""
    kind = type(_innermost(error)).__name__
    where = (
        f"The report is {report} (it holds no conversation text)."
        if report is not None
        else "No report could be written."
    )
    return (
        f"The program failed unexpectedly ({kind}). Everything that had come is kept on disk.\n{where}\n"
        "To go on, start gptalk-tui again; `gptalk-tui doctor` checks the installation, "
        "and `gptalk-tui export --all -o FOLDER` writes your conversations out."
    )


def _report(error: BaseException, what: str, stamp: str) -> str:
    return "\n".join(
        [
            f"gptalk-tui crash report, {stamp} UTC",
            "Without conversation text: types, places in the code and versions only.",
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
    """Return the error itself where another one only carries it, as Textual's workers do."""
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
        yield "which led to:" if error.__cause__ is not None else "while that was handled:"
    frames = traceback.extract_tb(error.__traceback__)
    if len(frames) > _MOST_FRAMES:
        yield f"  ... {len(frames) - _MOST_FRAMES} calls before"
    for frame in frames[-_MOST_FRAMES:]:
        yield f'  File "{_short(frame.filename)}", line {frame.lineno}, in {frame.name}'
        if frame.line and not frame.filename.startswith("<"):
            yield f"    {frame.line}"
    yield f"{type(error).__module__}.{type(error).__qualname__}{_numbers(error)}"
    for each in getattr(error, "exceptions", ()):
        if isinstance(each, BaseException):
            yield "one of its errors:"
            yield from _lines(each, seen)


def _numbers(error: BaseException) -> str:
    """Return what tells errors of one type apart without a text: the system's and SQLite's names for them."""
    if isinstance(error, OSError) and error.errno is not None:
        return f" ({errno.errorcode.get(error.errno, error.errno)})"
    name = getattr(error, "sqlite_errorname", None)
    return f" ({name})" if isinstance(name, str) and name.isidentifier() else ""


def _short(file: str) -> str:
    """Return a source file's name without the folders above its package, which may name a person."""
    for folder in sorted(sys.path, key=len, reverse=True):
        if folder and file.startswith(folder.rstrip(os.sep) + os.sep):
            return file[len(folder.rstrip(os.sep)) + 1 :]
    return Path(file).name


def _make_room(folder: Path) -> None:
    reports = sorted(folder.glob("crash-*.txt"))
    for old in reports[: max(0, len(reports) - KEPT_REPORTS + 1)]:
        old.unlink(missing_ok=True)
