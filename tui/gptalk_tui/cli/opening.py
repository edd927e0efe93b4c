"""Opens the app, and turns every end into an exit code. A start without options doesn't load click."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

from gptalk_client.errors import GptalkError, UsageError
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.exit_codes import FAILED, exit_code_of
from gptalk_tui.cli.output import PROGRAM, OutputClosed, complain
from gptalk_tui.cli.signals import Signalled, signals_as_exit_codes
from gptalk_tui.terminal import gc_tuning

_LIMITS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Errors of the system rather than of the program, such as a full disk or too many open files."""


def open_app(context: Globals, *, chat: str | None = None, new: bool = False) -> int:
    """Open the app; return its exit code.

    Args:
        context: The global options.
        chat: The conversation to open; None: the last one.
        new: Begin with a new conversation.

    Raises:
        UsageError: There is no suitable terminal, or both `chat` and `new` are given.
    """
    if chat and new:
        raise UsageError("Choose --chat or --new, not both.")
    instead = f"Without one, use: {PROGRAM} ask 'your question'"
    if not all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UsageError("The app needs a terminal.", hint=instead)
    if sys.platform != "win32" and os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        raise UsageError(
            f"The app needs a terminal that can do more than TERM={os.environ.get('TERM', '')}.", hint=instead
        )
    settings, paths = context.settings(), context.paths()
    # Read by Textual once, at import: keys reach the screen in half the time at the same cost.
    os.environ.setdefault("TEXTUAL_FPS", "120")
    gc_tuning.pause()
    from gptalk_tui.app import run
    from gptalk_tui.factory import build_provider

    return run(settings=settings, paths=paths, build_provider=build_provider, chat=chat, new=new)


def main() -> int:
    """Open the app without command-line options; return the exit code."""
    return ended(lambda: open_app(Globals()))


def ended(run: Callable[[], int]) -> int:
    """Return the exit code of a run, however it ends; print the project's own errors to standard error."""
    fill_standard_streams()
    try:
        with signals_as_exit_codes():
            code = run()
            sys.stdout.flush()
            return code
    except Signalled as signalled:
        return signalled.exit_code
    except KeyboardInterrupt:
        return 130
    except (OutputClosed, BrokenPipeError):
        return _close_quietly()
    except GptalkError as err:
        complain(err)
        return exit_code_of(err)
    except OSError as err:
        if err.errno not in _LIMITS:
            return _crashed(err)
        hint = "Free some space or raise the limit, then try again."
        complain(GptalkError(f"The operating system refused: {err.strerror}.", hint=hint))
        _close_quietly()
        return FAILED
    except Exception as err:  # noqa: BLE001 - Python would print the error's text, which may be a conversation's
        return _crashed(err)


def fill_standard_streams() -> None:
    """Open the null device for standard streams that were closed (`>&-`).

    Python sets those to None, and `print` would fall back to another stream.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - as long as the process


def _crashed(err: Exception) -> int:
    from gptalk_client.paths import Paths
    from gptalk_tui.terminal.crash import tell

    tell(err, Paths.default().logs, what="command line")
    return FAILED


def _close_quietly() -> int:
    """Exit silently once the reader of our output has gone, also at the interpreter's final flush."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    return 0
