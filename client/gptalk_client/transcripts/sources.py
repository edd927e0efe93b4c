"""The programs whose histories can be imported."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass

from gptalk_client.store.imported import ImportedConversation
from gptalk_client.transcripts.importers.source import Skipped, SourceFile


@dataclass(frozen=True, slots=True)
class Source:
    """A program whose histories can be imported. Its importer is loaded on first use."""

    name: str
    """As `--from` takes it, and as the store remembers where a conversation came from."""
    title: str
    module: str

    def read(self, file: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
        """Yield the conversations of a file, one at a time.

        Args:
            file: A file of this source.
            skipped: Counts what is left out.

        Raises:
            TranscriptError: The file is broken; the error says where.
        """
        importer = importlib.import_module(f"gptalk_client.transcripts.importers.{self.module}")
        found: Iterator[ImportedConversation] = importer.read(file, skipped)
        return found


SOURCES: dict[str, Source] = {
    each.name: each
    for each in (
        Source("gptalk-tui", "gptalk-tui", "own_json"),
        Source("chatgpt", "ChatGPT", "chatgpt"),
        Source("claude", "Claude.ai", "claude"),
        Source("gemini", "Gemini (Google Takeout)", "gemini"),
        Source("open-webui", "Open WebUI", "open_webui"),
        Source("librechat", "LibreChat", "librechat"),
        Source("codex", "Codex", "codex"),
        Source("claude-code", "Claude Code", "claude_code"),
        Source("openai-jsonl", "OpenAI messages", "openai_jsonl"),
        Source("sharegpt", "ShareGPT", "sharegpt"),
        Source("elia", "elia", "elia"),
        Source("oterm", "oterm", "oterm"),
        Source("llm", "llm", "llm"),
        Source("llm-legacy", "llm (before threads)", "llm_legacy"),
        Source("aichat", "aichat", "aichat"),
    )
}
"""By name."""
