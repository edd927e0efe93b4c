"""Gemini's activity in a Google Takeout: prompts with their replies as HTML, newest first.

Google's export doesn't say which prompts belong to one conversation. Those of one day (UTC) become one here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from gptalk_client.models import Role, iso_utc
from gptalk_client.store.imported import ImportedConversation
from gptalk_client.transcripts.importers.attachments import attached
from gptalk_client.transcripts.importers.html_text import to_markdown
from gptalk_client.transcripts.importers.json_stream import elements
from gptalk_client.transcripts.importers.source import (
    Skipped,
    SourceFile,
    dict_of,
    list_of,
    ms_of_iso,
    text_of,
)
from gptalk_client.transcripts.importers.tree import MessageTree

_PROMPTED = "Prompted "


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the conversations of a file, one a day."""
    file_ms = source.modified_ms

    def day(activity: dict[str, Any]) -> str:
        return iso_utc(ms_of_iso(activity.get("time"), file_ms))[:10]

    for date, activities in groupby(elements(source), day):
        if found := _conversation(date, list(activities)[::-1], file_ms, skipped):
            yield found


def _conversation(
    date: str, activities: list[dict[str, Any]], file_ms: int, skipped: Skipped
) -> ImportedConversation | None:
    tree = MessageTree(file_ms, skipped)
    before = ""
    for activity in activities:
        at_ms = ms_of_iso(activity.get("time"), file_ms)
        replies = [text_of(dict_of(each).get("html")) for each in list_of(activity.get("safeHtmlItem"))]
        title = text_of(activity.get("title"))
        if not any(replies) and not title.startswith(_PROMPTED):
            skipped.add("an activity that isn't a prompt")
            continue
        names = [each if isinstance(each, str) else "" for each in list_of(activity.get("attachedFiles"))]
        if image := text_of(activity.get("imageFile")):
            names.append(image)
        prompt = attached(title.removeprefix(_PROMPTED), [(each, "") for each in names], skipped)
        key = text_of(activity.get("time"))
        if not key or tree.kept(key):
            key = f"{key}:{len(tree.messages)}"
        tree.add(key, before, Role.USER, prompt, at_ms=at_ms)
        reply = "\n\n".join(filter(None, map(to_markdown, replies)))
        tree.add(f"{key}:reply", key, Role.ASSISTANT, reply, at_ms=at_ms + 1)
        before = f"{key}:reply"
    messages = tree.messages
    if not messages:
        return None
    return ImportedConversation(
        source_id=date,
        title=f"Gemini, {date}",
        created_at_ms=messages[0].created_at_ms,
        updated_at_ms=messages[-1].created_at_ms,
        messages=messages,
    )
