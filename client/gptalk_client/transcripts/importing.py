"""The whole way of another program's history into the store."""

from __future__ import annotations

import pickle
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Self

from gptalk_client.errors import Remedy, StoreError, TranscriptError
from gptalk_client.store.imported import ImportedConversation
from gptalk_client.store.progress import ignore_progress
from gptalk_client.store.store import Store
from gptalk_client.transcripts.detection import appearance, detect
from gptalk_client.transcripts.importers.source import Skipped, SourceFile, files_in
from gptalk_client.transcripts.sources import SOURCES, Source

_READ_SHARE = 0.4
"""How much of the work is done when everything is read."""

_BATCH = 100
"""Conversations in one transaction: few enough that other writers need not wait."""


@dataclass(slots=True)
class ImportReport:
    """What an import did, or would do."""

    path: Path
    sources: list[Source] = field(default_factory=list)
    """The programs that wrote what was found; several only in a folder or an archive."""
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    messages: int = 0
    """Messages read, whether new or not."""
    skipped: Counter[str] = field(default_factory=Counter)
    """What was left out, counted by reason."""

    @property
    def found(self) -> int:
        """How many conversations there were."""
        return self.added + self.updated + self.unchanged


def import_path(
    store: Store,
    path: Path,
    source: str = "auto",
    *,
    dry_run: bool = False,
    on_progress: Callable[[float], None] = ignore_progress,
) -> ImportReport:
    """Import conversations from a file, a zip archive or a folder. Doing so twice changes nothing.

    Everything is read before anything is written, so that a broken file changes nothing, and then written in
    transactions of some conversations each.

    Args:
        store: Where they go.
        path: What another program wrote, or a folder that this program exported to.
        source: A name of `SOURCES`, or `auto` to detect it from the content of each file.
        dry_run: Report what would happen, and change nothing.
        on_progress: Called with the share that is done, from 0 to 1.

    Raises:
        TranscriptError: Something cannot be read, is broken (the error says where), or is of no known format.
        StoreError: It could not be written.
    """
    report = ImportReport(path)
    files = _files(path, source, report)
    skipped = Skipped(report.skipped)
    with _Spool(store.path.parent) as spool:
        for file, chosen in _reported(files, on_progress):
            for each in chosen.read(file, skipped):
                report.messages += len(each.messages)
                spool.add(chosen.name, each)
        for name, batch in spool.batches():
            results = Counter(store.import_conversations(name, batch, dry_run=dry_run))
            report.added += results["added"]
            report.updated += results["updated"]
            report.unchanged += results["unchanged"]
            on_progress(_READ_SHARE + (1 - _READ_SHARE) * report.found / spool.count)
    on_progress(1.0)
    return report


def _files(path: Path, source: str, report: ImportReport) -> list[tuple[SourceFile, Source]]:
    """Return the files to read and who wrote them.

    A single file must be of a known format; in a folder or an archive, those that aren't are counted.
    """
    candidates = files_in(path)
    found: list[tuple[SourceFile, Source]] = []
    for file in candidates:
        chosen = SOURCES[source] if source != "auto" else detect(file)
        if chosen is None:
            report.skipped["a file of no known format"] += 1
            continue
        found.append((file, chosen))
        if chosen not in report.sources:
            report.sources.append(chosen)
    if found:
        return found
    if len(candidates) == 1:
        raise TranscriptError(
            f"{path} is of no known format: it is {appearance(candidates[0])}.",
            hint=f"If you know the program that wrote it, name it: {', '.join(SOURCES)}.",
            remedy=Remedy.SOURCE,
        )
    raise TranscriptError(
        f"There are no conversations in {path}.",
        hint="JSON, JSON lines, YAML and zip files of known formats are read in a folder.",
    )


def _reported(
    files: list[tuple[SourceFile, Source]], tell: Callable[[float], None]
) -> Iterator[tuple[SourceFile, Source]]:
    """Yield each file, to be read once, and report the share that is done meanwhile."""
    total_bytes = max(1, sum(file.size_bytes for file, _ in files))
    before_bytes = 0

    def read(done_bytes: int) -> None:
        tell(_READ_SHARE * min(1.0, (before_bytes + done_bytes) / total_bytes))

    for file, source in files:
        file.on_progress = read
        yield file, source
        before_bytes += file.size_bytes


class _Spool:
    """Conversations on their way into the store, in a file without a name, which nobody else can open.

    Args:
        folder: Where the file is made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.count = 0
        with self._in_words():
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - as long as the spool

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as err:
            raise StoreError(
                f"{self._folder} cannot be written: {err.strerror or err}.", hint="Nothing was imported."
            ) from err

    def add(self, source: str, conversation: ImportedConversation) -> None:
        """Keep a conversation."""
        with self._in_words():
            pickle.dump((source, conversation), self._file, protocol=5)
        self.count += 1

    def batches(self) -> Iterator[tuple[str, list[ImportedConversation]]]:
        """Yield sources and their conversations, in order, as many as go into one transaction."""
        with self._in_words():
            self._file.seek(0)  # writes what is left of it
        kept = (pickle.load(self._file) for _ in range(self.count))
        for source, some in groupby(kept, key=lambda each: str(each[0])):
            while batch := [each for _, each in islice(some, _BATCH)]:
                yield source, batch
