"""Plain text for a pager: a line for each speaker, the text as it was written and safe to show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gptalk_client.models import iso_utc
from gptalk_client.text import one_line, visible
from gptalk_client.transcripts.transcript import Transcript, branches, ending, speaker


def export(transcripts: Iterable[Transcript], *, all_branches: bool = False) -> Iterator[str]:
    """Yield the text in pieces."""
    separator = ""
    for transcript in transcripts:
        conversation = transcript.conversation
        title = one_line(conversation.title, max_chars=500) or "Untitled"
        about = [
            conversation.id,
            iso_utc(conversation.created_at_ms),
            one_line(conversation.model),
            one_line(conversation.provider),
        ]
        yield f"{separator}{title}\n{' · '.join(each for each in about if each)}\n"
        if conversation.system_prompt:
            yield f"\nSystem:\n{visible(conversation.system_prompt).rstrip()}\n"
        for number, branch in enumerate(branches(transcript, every=all_branches), 1):
            if number > 1:
                yield f"\n----- branch {number}, {branch.begins}\n"
            for message in branch.messages:
                end = ending(message)
                yield f"\n{speaker(message)}:\n{visible(message.content).rstrip()}\n"
                if end:
                    yield f"[{one_line(end, max_chars=500)}]\n"
        separator = "\n" + "=" * 40 + "\n\n"
