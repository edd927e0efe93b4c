"""The formats that a conversation can be exported to."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gptalk_client.transcripts.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Format:
    """One export format. Its code is loaded when it is first used."""

    name: str
    """As `--format` takes it."""
    suffix: str
    """Of its files, with the dot."""
    title: str
    """For a menu."""
    holds_many: bool
    """Whether one file of it takes several conversations and keeps them apart."""
    module: str

    def export(self, transcripts: Iterable[Transcript], *, all_branches: bool = False) -> Iterator[str]:
        """Yield the file's text in pieces, so that a large one needs no memory.

        Args:
            transcripts: Conversations in order; each is dropped before the next is asked for.
            all_branches: Tell every branch, not the active one only. JSON always holds all.
        """
        home = importlib.import_module(f"gptalk_client.transcripts.exporters.{self.module}")
        pieces: Iterator[str] = home.export(transcripts, all_branches=all_branches)
        return pieces


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("md", ".md", "Markdown", False, "markdown"),
        Format("html", ".html", "Web page", False, "html"),
        Format("json", ".json", "JSON, with nothing left out", True, "own_json"),
        Format("jsonl", ".jsonl", "OpenAI messages, one conversation a line", True, "openai_jsonl"),
        Format("txt", ".txt", "Plain text", False, "plain_text"),
    )
}
"""By name."""
