"""The messages of one conversation as a tree, from sources whose messages name their parents."""

from __future__ import annotations

from dataclasses import dataclass

from gptalk_client.models import Role
from gptalk_client.store.imported import ImportedMessage
from gptalk_client.transcripts.importers.source import Skipped


@dataclass(slots=True)
class _Reasoning:
    """Reasoning on the way to its reply, and what came before it."""

    text: str
    before: _Reasoning | None
    is_used: bool = False


class MessageTree:
    """Collects messages, parents before children.

    The children of a message that is left out hang on the nearest message above it. Reasoning that is a message
    of its own in the source goes to the first reply below it.

    Args:
        created_ms: When the conversation began; a message without a time has that of its parent.
        skipped: Counts what is left out.
    """

    def __init__(self, created_ms: int, skipped: Skipped) -> None:
        self._created_ms = created_ms
        self._skipped = skipped
        self._messages: dict[str, ImportedMessage] = {}
        self._kept: dict[str, str | None] = {}
        self._reasoning: dict[str, _Reasoning | None] = {}
        self._all_reasoning: list[_Reasoning] = []

    @property
    def messages(self) -> list[ImportedMessage]:
        """What was added, in that order."""
        return list(self._messages.values())

    def kept(self, key: str) -> str | None:
        """Return a message that was added, or the nearest one above it that was; None if there is none."""
        return self._kept.get(key)

    def time_of_parent(self, parent: str) -> int:
        """Return the time of the nearest message above, or that of the conversation, in milliseconds."""
        above = self._kept.get(parent)
        return self._created_ms if above is None else self._messages[above].created_at_ms

    def leave_out(self, key: str, parent: str, *, reason: str = "", reasoning: str = "") -> None:
        """Pass over a message, and count it if a reason is given."""
        if reason:
            self._skipped.add(reason)
        above = self._reasoning.get(parent)
        if reasoning.strip():
            above = _Reasoning(reasoning.strip(), above)
            self._all_reasoning.append(above)
        self._kept.setdefault(key, self._kept.get(parent))
        self._reasoning.setdefault(key, above)

    def add(
        self,
        key: str,
        parent: str,
        role: Role,
        text: str,
        *,
        at_ms: int | None = None,
        model: str = "",
        reasoning: str = "",
    ) -> None:
        """Add a message. One without text and reasoning is left out, and counted."""
        if not text.strip() and not reasoning.strip():
            self.leave_out(key, parent, reason="an empty message")
            return
        if not text.strip():
            self.leave_out(key, parent, reasoning=reasoning)
            return
        if role is Role.ASSISTANT:
            reasoning = "\n\n".join([*self._taken(parent), *filter(None, [reasoning.strip()])])
        self._messages[key] = ImportedMessage(
            source_id=key,
            parent_source_id=self._kept.get(parent),
            role=role,
            content=text,
            created_at_ms=self.time_of_parent(parent) if at_ms is None else at_ms,
            model=model,
            reasoning=reasoning,
        )
        self._kept[key] = key

    def close(self) -> None:
        """Count the reasoning that no reply followed."""
        self._skipped.add("reasoning without a reply", sum(not each.is_used for each in self._all_reasoning))

    def _taken(self, parent: str) -> list[str]:
        found = []
        at = self._reasoning.get(parent)
        while at is not None and not at.is_used:
            at.is_used = True
            found.append(at.text)
            at = at.before
        return found[::-1]
