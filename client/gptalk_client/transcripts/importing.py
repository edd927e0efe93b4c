"""The whole way of another program's history into the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from gptalk_client.errors import Remedy, TranscriptError
from gptalk_client.store.imported import ImportedConversation
from gptalk_client.store.store import Store
from gptalk_client.transcripts.detection import appearance, detect
from gptalk_client.transcripts.importers.source import Skipped, SourceFile, files_in
from gptalk_client.transcripts.sources import SOURCES, Source

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
    on_progress: Callable[[float], None] | None = None,
) -> ImportReport:
    """Import conversations from a file, a zip archive or a folder. Doing so twice changes nothing.

    Everything is read once before anything is written, so that a broken file changes nothing, and then written
    in transactions of some conversations each.

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
    progress = _Progress(files, on_progress or (lambda share: None))
    for file, chosen in progress.files():
        report.messages += sum(len(each.messages) for each in chosen.read(file, Skipped()))
    skipped = Skipped(report.skipped)
    for file, chosen in progress.files():
        _write(store, chosen, chosen.read(file, skipped), report, dry_run=dry_run)
    progress.end()
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


def _write(
    store: Store,
    source: Source,
    conversations: Iterator[ImportedConversation],
    report: ImportReport,
    *,
    dry_run: bool,
) -> None:
    while batch := list(islice(conversations, _BATCH)):
        results = Counter(store.import_conversations(source.name, batch, dry_run=dry_run))
        report.added += results["added"]
        report.updated += results["updated"]
        report.unchanged += results["unchanged"]


class _Progress:
    """The share of an import that is done: each file is read twice."""

    def __init__(self, files: list[tuple[SourceFile, Source]], report: Callable[[float], None]) -> None:
        self._files = files
        self._report = report
        self._total_bytes = 2 * sum(file.size_bytes for file, _ in files)
        self._before_bytes = 0
        for file, _ in files:
            file.on_progress = self._read

    def files(self) -> Iterator[tuple[SourceFile, Source]]:
        """Yield each file, to be read once."""
        for file, source in self._files:
            yield file, source
            self._before_bytes += file.size_bytes

    def end(self) -> None:
        """Report that everything is done."""
        self._report(1.0)

    def _read(self, done_bytes: int) -> None:
        if self._total_bytes:
            self._report(min(1.0, (self._before_bytes + done_bytes) / self._total_bytes))
