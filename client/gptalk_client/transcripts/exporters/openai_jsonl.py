"""OpenAI's chat messages as JSON lines: one conversation, or one branch, a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from gptalk_client.models import Status
from gptalk_client.transcripts.transcript import Transcript, active_branch, full_paths


def export(transcripts: Iterable[Transcript], *, all_branches: bool = False) -> Iterator[str]:
    """Yield one line a conversation, or with `all_branches` one for each way from the root to a leaf.

    Replies that failed before any text are left out, and so is a conversation without messages.
    """
    for transcript in transcripts:
        system = transcript.conversation.system_prompt
        first = [{"role": "system", "content": system}] if system else []
        for path in full_paths(transcript) if all_branches else [active_branch(transcript)]:
            told = [each for each in path if each.status is not Status.FAILED or each.content]
            if told:
                messages = first + [{"role": each.role.value, "content": each.content} for each in told]
                yield json.dumps({"messages": messages}) + "\n"
