"""A folder with one file a conversation, for git, Syncthing and the like.

The name and the content of a file depend on nothing but the conversation: exporting again changes no file whose
conversation hasn't changed, and two machines that have merged each other's folders export the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from gptalk_client.errors import Remedy, TranscriptError
from gptalk_client.models import Conversation
from gptalk_client.store.imported import OWN_SOURCE
from gptalk_client.store.progress import ignore_progress
from gptalk_client.store.store import Store
from gptalk_client.transcripts.exporters import own_json
from gptalk_client.transcripts.files import write_file
from gptalk_client.transcripts.importers.own_json import read
from gptalk_client.transcripts.importers.source import Skipped, SourceFile
from gptalk_client.transcripts.transcript import Transcript, read_transcript


def export_folder(
    store: Store,
    conversations: Sequence[Conversation],
    folder: Path,
    *,
    force: bool = False,
    on_progress: Callable[[float], None] = ignore_progress,
) -> int:
    """Write conversations to a folder; files of other conversations stay as they are.

    Args:
        store: Where the messages are read from.
        conversations: What is written.
        folder: Made if it is missing.
        force: Also replace files with something in them that the store doesn't have.
        on_progress: Called with the share that is done, from 0 to 1.

    Returns:
        How many files were new or different.

    Raises:
        TranscriptError: A file cannot be written, or has something in it that the store doesn't have.
    """
    written = 0
    for number, each in enumerate(conversations):
        on_progress(number / len(conversations))
        path = folder / f"{each.id}.json"
        text = "".join(own_json.export([_in_stable_order(read_transcript(store, each.id))]))
        if path.exists():
            if path.read_bytes() == text.encode():
                continue
            if not force:
                _check_nothing_is_lost(store, path)
        write_file(path, [text], force=True)
        written += 1
    return written


def _in_stable_order(transcript: Transcript) -> Transcript:
    """Return a transcript without what depends on when this machine stored a message."""
    ordered = sorted(transcript.messages, key=lambda each: (each.created_at_ms, each.id))
    return replace(transcript, messages=ordered)


def _check_nothing_is_lost(store: Store, path: Path) -> None:
    there = list(read(SourceFile(path), Skipped()))
    if set(store.import_conversations(OWN_SOURCE, there, dry_run=True)) - {"unchanged"}:
        raise TranscriptError(
            f"{path} has changes from another machine.",
            hint=f"Import {path.parent} first, which merges them.",
            remedy=Remedy.OVERWRITE,
        )
