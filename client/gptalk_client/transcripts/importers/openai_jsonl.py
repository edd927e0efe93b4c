"""OpenAI's chat messages as JSON lines: `{"messages": [{"role", "content"}]}` a line."""

from __future__ import annotations

from collections.abc import Iterator

from gptalk_client.store.imports import ImportedConversation
from gptalk_client.transcripts.importers.json_stream import lines
from gptalk_client.transcripts.importers.message_list import conversation_of, joined_parts
from gptalk_client.transcripts.importers.source import Skipped, SourceFile, text_of


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield one conversation a line."""
    for number, data in lines(source):
        messages = data.get("messages") if isinstance(data, dict) else None
        if not isinstance(messages, list):
            raise source.broken(f"line {number} has no list of messages")
        told = [
            (text_of(each.get("role")), joined_parts(each.get("content"), skipped))
            for each in messages
            if isinstance(each, dict)
        ]
        if found := conversation_of(told, source.modified_ms, skipped):
            yield found
