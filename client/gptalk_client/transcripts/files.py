"""Files for exports: private, never half written, never over another without being told to."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from gptalk_client.errors import Remedy, TranscriptError
from gptalk_client.files import AlreadyExistsError, atomic_write, is_stream
from gptalk_client.text import MAX_FILE_NAME_BYTES, file_name


def write_file(path: Path, chunks: Iterable[str], *, force: bool = False) -> None:
    """Write text to a temporary file beside `path`, then move it there; to a device or a pipe, write directly.

    A new file is readable by its owner only, a replaced one keeps its mode. A link stays: the file behind it is
    replaced.

    Args:
        path: Where it goes. Missing folders are made.
        chunks: The text in pieces, written as UTF-8 with `\\n` as it is.
        force: Replace a file that is there.

    Raises:
        TranscriptError: There is a file already, or nothing can be written there.
    """
    try:
        if is_stream(path):
            _write_through(path, chunks)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            atomic_write(path, replace=force, keep_mode=True) as temporary,
            temporary.open("w", encoding="utf-8", newline="") as out,
        ):
            out.writelines(chunks)
    except AlreadyExistsError as err:
        raise TranscriptError(
            f"{path} is there already.", hint="Choose another name.", remedy=Remedy.OVERWRITE
        ) from err
    except OSError as err:
        raise TranscriptError(f"{path} cannot be written: {_in_words(err)}.", hint="") from err


def _write_through(path: Path, chunks: Iterable[str]) -> None:
    # Without O_NONBLOCK a pipe that nobody reads would hold the program for ever.
    flags = os.O_WRONLY | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
    if sys.platform != "win32":
        os.set_blocking(descriptor, True)
    with open(descriptor, "w", encoding="utf-8", newline="") as out:
        out.writelines(chunks)


def _in_words(err: OSError) -> str:
    return "nobody reads this pipe" if err.errno == errno.ENXIO else err.strerror or str(err)


def export_name(title: str, conversation_id: str, suffix: str, *, unique: bool) -> str:
    """Return the file name of a conversation's export.

    Args:
        title: The conversation's.
        conversation_id: 32 hex digits.
        suffix: With the dot.
        unique: Add the beginning of the id, so that equal titles give different names and the same
            conversation always the same.
    """
    ending = f" {conversation_id[:8]}{suffix}" if unique else suffix
    assert len(ending) < MAX_FILE_NAME_BYTES // 2
    return file_name(title, suffix=ending)
