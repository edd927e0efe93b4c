"""The debug log: off by default, small, private, without tokens or conversation text."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging
    import logging.handlers

LOG_NAME = "debug.log"
MAX_BYTES = 512 * 1024
"""Size at which the log is rotated; one older file is kept."""

_SAFE_LOGGERS = ("gptalk_client", "gptalk_tui", "httpx", "httpcore")
"""Loggers whose messages contain no conversation text. Of others only the location is logged."""


def start_log(folder: Path) -> Path | None:
    """Start logging the program and the HTTP client to a file that only its owner can read.

    Args:
        folder: The folder for logs; created if missing.

    Returns:
        The file, or None if it cannot be written. Calling this again changes nothing.
    """
    import logging

    from gptalk_client.paths import make_private_folder

    path = folder / LOG_NAME
    root = logging.getLogger()
    if any(each.get_name() == LOG_NAME for each in root.handlers):
        return path
    try:
        make_private_folder(folder)
        handler = _handler(path)
    except OSError:
        return None
    handler.set_name(LOG_NAME)
    root.addHandler(handler)
    for name in (*_SAFE_LOGGERS, "asyncio"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    _log_start()
    return path


def log_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an error that no task awaits; asyncio's default handler would print it over the screen."""
    import logging

    error = context.get("exception")
    exc_info = (type(error), error, error.__traceback__) if isinstance(error, BaseException) else None
    logging.getLogger("gptalk_tui.loop").error("unhandled error in the event loop", exc_info=exc_info)


def _log_start() -> None:
    import logging
    import platform

    import gptalk_client

    logging.getLogger("gptalk_tui").info(
        "gptalk-tui %s, Python %s, %s", gptalk_client.__version__, platform.python_version(), os.name
    )


def _handler(path: Path) -> logging.handlers.RotatingFileHandler:
    import logging
    import logging.handlers

    from gptalk_client.providers.redaction import redact
    from gptalk_client.text import one_line
    from gptalk_tui.terminal.crash import trace_without_text

    class Formatter(logging.Formatter):
        """Time, location and message; of an exception, types and locations only."""

        def format(self, record: logging.LogRecord) -> str:
            is_safe = record.name.split(".", 1)[0] in _SAFE_LOGGERS
            message = one_line(redact(record.getMessage()), max_chars=1000) if is_safe else "(not shown)"
            place = f"{record.module}:{record.lineno}"
            line = f"{self.formatTime(record)} {record.levelname} {record.name} {place} {message}"
            error = record.exc_info[1] if record.exc_info else None
            return line if error is None else f"{line}\n{trace_without_text(error)}"

    class Handler(logging.handlers.RotatingFileHandler):
        """Creates its files private and follows no symbolic link."""

        def _open(self) -> IO[str]:  # type: ignore[override]
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
            file = os.open(self.baseFilename, flags, 0o600)
            if hasattr(os, "fchmod"):
                os.fchmod(file, 0o600)
            return open(file, "a", encoding="utf-8")

        def handleError(self, record: logging.LogRecord) -> None:
            """Ignore it: the default prints the record, and a full disk must not end the app."""

    handler = Handler(path, maxBytes=MAX_BYTES, backupCount=1)
    handler.setFormatter(Formatter())
    return handler
