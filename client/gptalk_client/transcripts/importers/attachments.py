"""Attachments in the text of the message that they came with: their content fenced, or at least their name."""

from __future__ import annotations

from collections.abc import Sequence

from gptalk_client.text import one_line
from gptalk_client.transcripts.exporters.markdown import fenced
from gptalk_client.transcripts.importers.source import Skipped

WITHOUT_CONTENT = "the content of an attachment, which the export doesn't include"


def attached(text: str, attachments: Sequence[tuple[str, str]], skipped: Skipped) -> str:
    """Return a message's text followed by its attachments.

    Args:
        text: May be empty.
        attachments: Name and content of each; an empty content was not in the export.
        skipped: Counts the attachments without content.
    """
    pieces = [text] if text.strip() else []
    for name, content in attachments:
        title = one_line(name, max_chars=200).strip()
        if content.strip():
            suffix = title.rpartition(".")[2]
            language = suffix if suffix != title and suffix.isalnum() else ""
            pieces.append(f"{title or 'attachment'}:\n{fenced(content, language)}")
        else:
            skipped.add(WITHOUT_CONTENT)
            pieces.append(f"[attachment: {title}]" if title else "[attachment]")
    return "\n\n".join(pieces)
