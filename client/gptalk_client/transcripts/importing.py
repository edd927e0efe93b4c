"""Histories of other programs, taken in: which format a file is of, and the whole way into the store."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from gptalk_client.errors import Remedy, TranscriptError
from gptalk_client.store.imports import ImportedConversation
from gptalk_client.store.store import Store
from gptalk_client.transcripts.importers.json_stream import elements, lines
from gptalk_client.transcripts.importers.source import Skipped, SourceFile
from gptalk_client.transcripts.importers.sqlite_source import MAGIC, columns, opened_database

_BATCH = 100
"""Conversations in one transaction: few enough that other writers do not wait."""
_SNIFFED_BYTES = 1 << 18
_OWN_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Source:
    """A program whose histories can be imported."""

    name: str
    """As `--from` takes it, and as the store remembers where a conversation came from."""
    title: str
    module: str

    def read(self, file: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
        """Yield the conversations of a file, one at a time."""
        home = importlib.import_module(f"gptalk_client.transcripts.importers.{self.module}")
        found: Iterator[ImportedConversation] = home.read(file, skipped)
        return found


SOURCES: dict[str, Source] = {
    each.name: each
    for each in (
        Source("gptalk-tui", "gptalk-tui's own JSON", "own_json"),
        Source("chatgpt", "ChatGPT (conversations.json or the zip)", "chatgpt"),
        Source("claude", "Claude.ai (conversations.json or the zip)", "claude"),
        Source("openai-jsonl", "OpenAI messages, JSON lines", "openai_jsonl"),
        Source("sharegpt", "ShareGPT", "sharegpt"),
        Source("elia", "elia (SQLite)", "elia"),
        Source("oterm", "oterm (store.db)", "oterm"),
        Source("llm", "llm (logs.db)", "llm"),
        Source("llm-legacy", "llm (logs.db of before threads)", "llm_legacy"),
        Source("aichat", "aichat (session YAML)", "aichat"),
    )
}
"""By name."""


@dataclass(slots=True)
class ImportReport:
    """What an import did, or would do."""

    path: Path
    source: Source
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    messages: int = 0
    """Messages read, whether new or not."""
    skipped: Counter[str] = field(default_factory=Counter)
    """What was left out, counted by reason."""

    @property
    def found(self) -> int:
        """How many conversations the file holds."""
        return self.added + self.updated + self.unchanged


def import_file(
    store: Store,
    path: Path,
    source: str = "auto",
    *,
    dry_run: bool = False,
    on_progress: Callable[[float], None] | None = None,
) -> ImportReport:
    """Take a file's conversations in. The same file twice changes nothing.

    The whole file is read once before anything is written, so that a broken one changes nothing, and then in
    transactions of some conversations each.

    Args:
        store: Where they go.
        path: A file that another program wrote.
        source: A name of `SOURCES`, or `auto` to tell it by the content.
        dry_run: Say what would happen, and change nothing.
        on_progress: Called with the share that is done, from 0 to 1.

    Raises:
        TranscriptError: It cannot be read, is broken (it says where), or is of no known format.
        StoreError: It could not be written.
    """
    chosen = SOURCES[source] if source != "auto" else detect(path)
    report = ImportReport(path, chosen)
    tell = on_progress or (lambda share: None)
    for conversation in chosen.read(_watched(path, tell, 0.0), Skipped()):
        report.messages += len(conversation.messages)
    skipped = Skipped(report.skipped)
    found = chosen.read(_watched(path, tell, 0.5), skipped)
    while batch := list(islice(found, _BATCH)):
        results = Counter(store.import_conversations(chosen.name, batch, dry_run=dry_run))
        report.added += results["added"]
        report.updated += results["updated"]
        report.unchanged += results["unchanged"]
    tell(1.0)
    return report


def _watched(path: Path, tell: Callable[[float], None], begin: float) -> SourceFile:
    return SourceFile(path, lambda done, total: tell(begin + (0.5 * done / total if total else 0.0)))


def detect(path: Path) -> Source:
    """Return which program wrote a file, told by its content.

    Raises:
        TranscriptError: It cannot be read, is broken at its beginning, or is of no known format.
    """
    file = SourceFile(path)
    beginning = file.beginning(_SNIFFED_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    if beginning.startswith(MAGIC):
        name = _of_database(file)
    elif beginning.startswith(b"["):
        name = _of_list(file)
    elif beginning.startswith(b"{"):
        name = _of_object(file, beginning)
    else:
        name = "aichat" if re.search(rb"^(?:compressed_)?messages:", beginning, re.MULTILINE) else None
    if name is None:
        raise TranscriptError(
            f"{path} is of no format that is known here.",
            hint=f"Name one of these: {', '.join(SOURCES)}.",
            remedy=Remedy.SOURCE,
        )
    return SOURCES[name]


def _of_database(file: SourceFile) -> str | None:
    with opened_database(file) as con:
        tables = columns(con)
    if {"threads", "turns", "messages", "parts"} <= tables.keys():
        return "llm"
    if {"conversations", "responses"} <= tables.keys():
        return "llm-legacy"
    if {"chat", "message"} <= tables.keys():
        return (
            "elia" if "started_at" in tables["chat"] else "oterm" if "author" in tables["message"] else None
        )
    return None


def _of_list(file: SourceFile) -> str | None:
    first = next(elements(file), None)
    if first is None:
        return "chatgpt"  # which says so that there is nothing
    for member, name in (("mapping", "chatgpt"), ("chat_messages", "claude"), ("conversations", "sharegpt")):
        if member in first:
            return name
    return None


def _of_object(file: SourceFile, beginning: bytes) -> str | None:
    if re.search(rb'"format"\s*:\s*"gptalk-tui"', beginning[:_OWN_HEAD_BYTES] + file.ending(_OWN_HEAD_BYTES)):
        return "gptalk-tui"
    _, first = next(lines(file))
    for member, name in (("messages", "openai-jsonl"), ("conversations", "sharegpt")):
        if isinstance(first, dict) and member in first:
            return name
    return None
