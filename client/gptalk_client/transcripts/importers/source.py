"""Files to import from, whether plain, in a zip archive or in a folder, and what was left out of them."""

from __future__ import annotations

import hashlib
import lzma
import os
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePath, PurePosixPath
from typing import IO, Any

from gptalk_client.errors import TranscriptError
from gptalk_client.files import open_regular
from gptalk_client.models import EARLIEST_MS, LATEST_MS

_CONVERSATIONS = re.compile(r"conversations(?:-\d+)?\.json")
"""What ChatGPT and Claude.ai call the files of an export that hold conversations."""
_SUFFIXES = frozenset({".json", ".jsonl", ".yaml", ".yml"})
_FREE_BYTES = 16 * 1024 * 1024
_MAX_RATIO = 200
"""Texts unpack to some ten times their packed size; a file made to fill the memory, to a thousand times."""
_DAMAGES = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError)


def _no_progress(done_bytes: int) -> None:
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
    """A file that another program wrote: on disk, or in a zip archive.

    Attributes:
        path: The file on disk.
        member: Its name in the archive at `path`; empty if the file is not in one.
        on_progress: Called after each read with the bytes read so far.
    """

    path: Path
    member: str = ""
    on_progress: Callable[[int], None] = _no_progress

    @property
    def name(self) -> str:
        """The name of the file itself, without its folders."""
        return PurePosixPath(self.member).name if self.member else self.path.name

    @property
    def label(self) -> str:
        """How messages refer to the file."""
        return f"{self.path} ({self.member})" if self.member else str(self.path)

    @property
    def modified_ms(self) -> int:
        """When it was last written; for sources without times."""
        return min(max(int(self.path.stat().st_mtime * 1000), EARLIEST_MS), LATEST_MS)

    @property
    def size_bytes(self) -> int:
        """Unpacked."""
        if not self.member:
            return self.path.stat().st_size
        with self._archive() as archive:
            return archive.getinfo(self.member).file_size

    def is_zip(self) -> bool:
        """Return whether the file on disk is a zip archive."""
        return self.beginning(4) == b"PK\x03\x04"

    def beginning(self, size_bytes: int) -> bytes:
        """Return the first bytes."""
        with self.opened() as file:
            return file.read(size_bytes)

    def ending(self, size_bytes: int) -> bytes:
        """Return the last bytes; of a file in an archive, none."""
        if self.member:
            return b""
        with open_regular(self.path) as file:
            file.seek(max(0, self.path.stat().st_size - size_bytes))
            return file.read()

    @contextmanager
    def opened(self) -> Iterator[Bytes]:
        """Open the file to read its bytes.

        Raises:
            TranscriptError: It cannot be read, or its archive is damaged.
        """
        try:
            if self.member:
                with self._archive() as archive, archive.open(self.member) as file:
                    yield Bytes(file, self.on_progress)
            else:
                with open_regular(self.path) as file:
                    yield Bytes(file, self.on_progress)
        except _DAMAGES as err:
            raise self.broken(f"the archive is damaged: {err}") from err
        except OSError as err:
            raise TranscriptError(f"{self.path} cannot be read: {err.strerror or err}.") from err

    def members(self) -> list[SourceFile]:
        """Return the files in a zip archive that may contain conversations.

        In an export of ChatGPT or Claude.ai these are the ones named `conversations.json` or
        `conversations-000.json` and so on; in other archives, every file with a suffix of a known format.

        Raises:
            TranscriptError: The archive is damaged, or unpacks to implausibly much.
        """
        try:
            with self._archive() as archive:
                names = [each for each in archive.namelist() if _is_candidate(PurePosixPath(each))]
                exported = [each for each in names if _CONVERSATIONS.fullmatch(PurePosixPath(each).name)]
                if exported:
                    least = min(each.count("/") for each in exported)
                    names = [each for each in exported if each.count("/") == least]
                size_bytes = sum(archive.getinfo(each).file_size for each in names)
        except _DAMAGES as err:
            raise self.broken(f"the archive is damaged: {err}") from err
        except OSError as err:
            raise TranscriptError(f"{self.path} cannot be read: {err.strerror or err}.") from err
        if size_bytes > max(_FREE_BYTES, _MAX_RATIO * self.path.stat().st_size):
            raise self.broken(f"it unpacks to more than {_MAX_RATIO} times its size, as no export does")
        return [SourceFile(self.path, each) for each in sorted(names)]

    def check(self) -> None:
        """Return if the file can be read, for callers that let another library open it.

        Raises:
            TranscriptError: It cannot; it may be a named pipe, for example.
        """
        with self.opened():
            pass

    @contextmanager
    def _archive(self) -> Iterator[zipfile.ZipFile]:
        with open_regular(self.path) as file, zipfile.ZipFile(file) as archive:
            yield archive

    def broken(self, why: str) -> TranscriptError:
        """Return the error for a file that cannot be understood."""
        return TranscriptError(f"{self.label}: {why}.", hint="Nothing was imported from it.")


def files_in(path: Path) -> list[SourceFile]:
    """Return the files to look at for conversations, in a stable order.

    Args:
        path: A file, a zip archive, or a folder, which is searched with its subfolders. Hidden files and
            folders are passed over.

    Raises:
        TranscriptError: It cannot be read.
    """
    if os.path.isdir(path):  # False where it is out of reach: reading it says why
        try:
            found = sorted(each for each in _walk(path) if each.is_file())
        except OSError as err:
            raise TranscriptError(f"{path} cannot be read: {err.strerror or err}.") from err
        return [file for each in found for file in files_in(each)]
    file = SourceFile(path)
    return file.members() if file.is_zip() else [file]


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = [each for each in folders if not each.startswith(".")]
        yield from (Path(parent, each) for each in names if _is_candidate(PurePath(each), {".zip"}))


def _raise(err: OSError) -> None:
    raise err


def _is_candidate(path: PurePath, more: Set[str] = frozenset()) -> bool:
    hidden = any(each.startswith((".", "__MACOSX")) for each in path.parts)
    return not hidden and (path.suffix.lower() in _SUFFIXES or path.suffix.lower() in more)


class Bytes:
    """An open file whose reading is reported."""

    def __init__(self, file: IO[bytes], on_progress: Callable[[int], None]) -> None:
        self._file = file
        self._done_bytes = 0
        self._on_progress = on_progress

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, or all of them if it is negative; none at the end."""
        return self._counted(self._file.read(size))

    def readline(self, size: int = -1) -> bytes:
        """Return bytes up to and including the next line feed, at most `size`."""
        return self._counted(self._file.readline(size))

    def _counted(self, data: bytes) -> bytes:
        self._done_bytes += len(data)
        self._on_progress(self._done_bytes)
        return data


def digest(*texts: str) -> str:
    """Return a short id made from texts, for conversations that have no id of their own."""
    hashed = hashlib.blake2b(digest_size=16)
    for text in texts:
        hashed.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return hashed.hexdigest()


def ms_of_seconds(value: Any, otherwise: int) -> int:
    """Return a Unix time in seconds as milliseconds; `otherwise` if it isn't one."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(value * 1000) if is_number and 0 < value < 1e11 else otherwise


def ms_of_iso(value: Any, otherwise: int) -> int:
    """Return an ISO 8601 time as milliseconds; `otherwise` if it isn't one that a conversation can have.

    A time without a zone is in UTC. Times must be from `EARLIEST_MS` to `LATEST_MS`.
    """
    try:
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        time_ms = round(moment.timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        return otherwise
    return time_ms if EARLIEST_MS <= time_ms <= LATEST_MS else otherwise


def text_of(value: Any) -> str:
    """Return the value if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def list_of(value: Any) -> list[Any]:
    """Return the value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def dict_of(value: Any) -> dict[str, Any]:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}
