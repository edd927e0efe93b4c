"""The secret that keeps an endpoint's address the same from one start to the next."""

from __future__ import annotations

import os
import re
import secrets
import stat
import sys
from pathlib import Path

from gptalk_client.errors import LocalModelError
from gptalk_client.files import AlreadyExistsError, atomic_write, open_regular

_VALID = re.compile(rb"[A-Za-z0-9_-]{24,128}")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_secret() -> str:
    """Return a new secret: 192 random bits as text for an address."""
    return secrets.token_urlsafe(24)


def keep_secret(path: Path) -> str:
    """Return the secret in a file, writing a new one, for its owner's eyes only, if there is no such file.

    Args:
        path: The file; its folder must exist.

    Raises:
        LocalModelError: It cannot be read or written, others can read it, or it holds something else.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    except OSError as err:
        raise LocalModelError(f"{path} cannot be read: {err.strerror}.") from err
    try:
        with atomic_write(path, replace=False, keep_mode=False) as temporary:
            temporary.write_text(make_secret() + "\n", encoding="ascii")
    except AlreadyExistsError:
        pass  # another start was faster: both serve under the same secret
    except OSError as err:
        raise LocalModelError(
            f"{path} cannot be written: {err.strerror}.", hint="Name a file in a folder of yours."
        ) from err
    return _read(path)


def _read(path: Path) -> str:
    with open_regular(path) as file:
        status = os.fstat(file.fileno())
        text = file.read(1024).strip()
    if sys.platform != "win32" and (status.st_mode & _OTHERS or status.st_uid not in (os.geteuid(), 0)):
        raise LocalModelError(
            f"Other users can read the secret in {path}.",
            hint="Delete the file, and the next start writes a new one.",
        )
    if not _VALID.fullmatch(text):
        raise LocalModelError(
            f"{path} holds no secret: 24 to 128 letters, digits, hyphens and underscores.",
            hint="Name a file that doesn't exist yet, and a secret is written to it.",
        )
    return text.decode("ascii")
