"""Files for exports: never half written, never over another without being told to."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from gptalk_client.errors import TranscriptError
from gptalk_client.text import MAX_FILE_NAME_BYTES, file_name


def write_file(path: Path, chunks: Iterable[str], *, force: bool = False) -> None:
    """Write text to a temporary file beside `path`, then move it there.

    Args:
        path: Where it goes. Missing folders are made.
        chunks: The text in pieces, written as UTF-8 with `\\n` as it is.
        force: Replace a file that is there.

    Raises:
        TranscriptError: There is a file already, or nothing can be written there.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        if not force and path.exists():
            raise FileExistsError
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("x", encoding="utf-8", newline="") as out:
                out.writelines(chunks)
                out.flush()
                os.fsync(out.fileno())
            if force or not _link(temporary, path):
                os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError as err:
        raise TranscriptError(
            f"{path} is there already.", hint="Choose another name, or add --force to replace it."
        ) from err
    except OSError as err:
        raise TranscriptError(f"{path} cannot be written: {err.strerror or err}.", hint="") from err


def export_name(title: str, conversation_id: str, suffix: str, *, unique: bool) -> str:
    """Return the file name of a conversation's export.

    Args:
        title: The conversation's.
        conversation_id: 32 hex digits.
        suffix: With the dot.
        unique: Add the beginning of the id, so that equal titles give different names and the same
        conversation
            always the same.
    """
    ending = f" {conversation_id[:8]}{suffix}" if unique else suffix
    assert len(ending) < MAX_FILE_NAME_BYTES // 2
    return file_name(title, suffix=ending)


def _link(temporary: Path, path: Path) -> bool:
    """Give the file its name only if nobody has it, which a rename cannot; False where links are unknown."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except (OSError, AttributeError, NotImplementedError):
        return False
    return True
