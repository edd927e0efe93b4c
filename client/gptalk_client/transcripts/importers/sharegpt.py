"""ShareGPT: `{"conversations": [{"from": "human", "value": …}]}`, one a line or in one list."""

from __future__ import annotations

from collections.abc import Iterator

from gptalk_client.store.imported import ImportedConversation
from gptalk_client.transcripts.importers.json_stream import records
from gptalk_client.transcripts.importers.message_list import conversation_of
from gptalk_client.transcripts.importers.source import Skipped, SourceFile, text_of


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the conversations of a file."""
    for number, data in records(source):
        messages = data.get("conversations") if isinstance(data, dict) else None
        if not isinstance(messages, list):
            raise source.broken(f"conversation {number} has no list of messages")
        told = [
            (text_of(each.get("from")), text_of(each.get("value")))
            for each in messages
            if isinstance(each, dict)
        ]
        name = text_of(data.get("id"))
        if conversation := conversation_of(told, source.modified_ms, skipped, source_id=name):
            yield conversation
