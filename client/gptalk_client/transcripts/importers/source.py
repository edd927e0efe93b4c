"""A file to import from: its bytes, whether plain or in a zip, and what was left out of it."""

from __future__ import annotations

import hashlib
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, BinaryIO

from gptalk_client.errors import TranscriptError
from gptalk_client.files import open_regular
from gptalk_client.models import EARLIEST_MS, LATEST_MS

_MEMBER = "conversations.json"
_FREE_BYTES = 16 * 1024 * 1024
_MAX_RATIO = 200
"""Texts unpack to some ten times their packed size; a file made to fill the memory, to a thousand times."""
_DAMAGES = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError)


def _no_progress(done_bytes: int, total_bytes: int) -> None:
    return


@dataclass(slots=True)
class Skipped:
    """What was left out, counted by reason."""

    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, reason: str, count: int = 1) -> None:
        """Count something that was left out, such as `an image`."""
        if count:
            self.reasons[reason] += count


@dataclass(slots=True)
class SourceFile:
    """A file that another program wrote.

    Attributes:
        path: Where it is.
        on_progress: Called now and then with the bytes read and the bytes there are.
    """

    path: Path
    on_progress: Callable[[int, int], None] = _no_progress

    @property
    def modified_ms(self) -> int:
        """When it was written, for sources without times."""
        return min(max(int(self.path.stat().st_mtime * 1000), EARLIEST_MS), LATEST_MS)

    def is_zip(self) -> bool:
        """Return whether it is a zip archive."""
        with self._open() as file:
            return file.read(4) == b"PK\x03\x04"

    def beginning(self, size_bytes: int) -> bytes:
        """Return the first bytes, of the conversations inside if it is a zip."""
        with self.opened() as file:
            return file.read(size_bytes)

    def ending(self, size_bytes: int) -> bytes:
        """Return the last bytes of the file itself."""
        with self._open() as file:
            file.seek(max(0, self.path.stat().st_size - size_bytes))
            return file.read()

    @contextmanager
    def opened(self) -> Iterator[Bytes]:
        """Open the bytes; of a zip, the `conversations.json` in it.

        Raises:
            TranscriptError: It cannot be read, or the archive holds no conversations or is damaged.
        """
        try:
            if not self.is_zip():
                with self._open() as file:
                    yield Bytes(file, self.path.stat().st_size, self.on_progress)
                return
            with self._open() as file, zipfile.ZipFile(file) as archive:
                names = [each for each in archive.namelist() if each.split("/")[-1] == _MEMBER]
                if not names:
                    raise self.broken(f"there is no {_MEMBER} in it")
                shortest = min(names, key=len)
                size_bytes = archive.getinfo(shortest).file_size
                if size_bytes > max(_FREE_BYTES, _MAX_RATIO * self.path.stat().st_size):
                    raise self.broken(
                        f"it unpacks to more than {_MAX_RATIO} times its size, as no export does"
                    )
                with archive.open(shortest) as member:
                    yield Bytes(member, size_bytes, self.on_progress)
        except _DAMAGES as err:
            raise self.broken(f"the archive is damaged: {err}") from err
        except OSError as err:
            raise TranscriptError(f"{self.path} cannot be read: {err.strerror or err}.") from err

    def check(self) -> None:
        """Return if it is a file that can be read, for those who let another library open it.

        Raises:
            TranscriptError: It is not, such as a pipe that nobody writes into.
        """
        with self.opened():
            pass

    def _open(self) -> BinaryIO:
        return open_regular(self.path)

    def broken(self, why: str) -> TranscriptError:
        """Return the error for a file that cannot be understood."""
        return TranscriptError(f"{self.path}: {why}.", hint="Nothing was imported from it.")


class Bytes:
    """An open file whose reading is told."""

    def __init__(self, file: IO[bytes], total_bytes: int, on_progress: Callable[[int, int], None]) -> None:
        self._file = file
        self._total_bytes = total_bytes
        self._done_bytes = 0
        self._on_progress = on_progress

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, all that there are if it is negative; none at the end."""
        data = self._file.read(size)
        self._done_bytes += len(data)
        self._on_progress(self._done_bytes, self._total_bytes)
        return data

    def readline(self, size: int = -1) -> bytes:
        """Return bytes up to and with the next line feed, at most `size`."""
        data = self._file.readline(size)
        self._done_bytes += len(data)
        self._on_progress(self._done_bytes, self._total_bytes)
        return data


def digest(*texts: str) -> str:
    """Return a short name made of texts, for conversations that have none of their own."""
    hashed = hashlib.blake2b(digest_size=16)
    for text in texts:
        hashed.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return hashed.hexdigest()


def ms_of_seconds(value: Any, otherwise: int) -> int:
    """Return a Unix time in seconds as milliseconds; `otherwise` if it is none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(value * 1000) if is_number and 0 < value < 1e11 else otherwise


def ms_of_iso(value: Any, otherwise: int) -> int:
    """Return an ISO 8601 time as milliseconds, UTC where it names no zone; `otherwise` if it is none.

    A time outside of `EARLIEST_MS` and `LATEST_MS` is none: no conversation is of then.
    """
    try:
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        time_ms = round(moment.timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        return otherwise
    return time_ms if EARLIEST_MS <= time_ms <= LATEST_MS else otherwise


def text_of(value: Any) -> str:
    """Return a text as it is and anything else as an empty one."""
    return value if isinstance(value, str) else ""


def list_of(value: Any) -> list[Any]:
    """Return a list as it is and anything else as an empty one."""
    return value if isinstance(value, list) else []
