"""Prompts that wait for their turn: on disk from the moment they are queued, sent at most once by any window."""

from __future__ import annotations

import sqlite3

from gptalk_client.errors import UsageError
from gptalk_client.models import Conversation, QueuedPrompt
from gptalk_client.store.base import StorePart
from gptalk_client.store.rows import conversation_seq, ensure_conversation, read_conversation
from gptalk_client.text import storable


class Queue(StorePart):
    """The part of the store for queued prompts. They are no messages: search and exports do not see them."""

    def enqueue(
        self, prompt: QueuedPrompt, *, new: Conversation | None = None, draft: str | None = None
    ) -> tuple[QueuedPrompt, Conversation]:
        """Add a prompt at the end of its conversation's queue, once: one that is queued or sent stays as it is.

        Args:
            prompt: The prompt, under an id of its own.
            new: Stores this conversation first, unless there is one already.
            draft: What remains as the conversation's draft; None leaves it alone.

        Returns:
            The prompt with its place, and the conversation as stored now.

        Raises:
            UsageError: There is no such conversation.
            StoreError: It could not be written.
        """
        with self._db.write() as con:
            conversation = ensure_conversation(con, prompt.conversation_id, new)
            con.execute(
                "INSERT OR IGNORE INTO queued_prompt (seq, id, conversation_seq, content) SELECT ?, ?, ?, ?"
                " WHERE NOT EXISTS (SELECT 1 FROM message WHERE id = ?)",
                (prompt.place or None, prompt.id, conversation, storable(prompt.content), prompt.id),
            )
            if draft is not None:
                con.execute(
                    "UPDATE conversation SET draft = ? WHERE seq = ?", (storable(draft), conversation)
                )
            stored = next((each for each in queue_of(con, conversation) if each.id == prompt.id), prompt)
            return stored, read_conversation(con, conversation)

    def queued(self, conversation_id: str) -> list[QueuedPrompt]:
        """Return the prompts that wait in a conversation, oldest first.

        Raises:
            UsageError: There is no such conversation.
        """
        with self._db.read() as con:
            return queue_of(con, conversation_seq(con, conversation_id))

    def change_queued(self, prompt_id: str, content: str) -> None:
        """Replace the text of a queued prompt.

        Raises:
            UsageError: It is queued no longer.
            StoreError: It could not be written.
        """
        with self._db.write() as con:
            changed = con.execute(
                "UPDATE queued_prompt SET content = ? WHERE id = ?", (storable(content), prompt_id)
            )
            if not changed.rowcount:
                raise UsageError(NOT_QUEUED)

    def dequeue(self, prompt_id: str) -> None:
        """Remove a prompt from its queue; `enqueue` with its place undoes that.

        Raises:
            UsageError: It is queued no longer.
            StoreError: It could not be written.
        """
        with self._db.write() as con:
            take_queued(con, prompt_id)


NOT_QUEUED = "That prompt is no longer queued: another window sent or removed it."


def take_queued(con: sqlite3.Connection, prompt_id: str) -> None:
    """Remove a prompt from its queue in the caller's transaction, so that it is sent once.

    Raises:
        UsageError: It is queued no longer.
    """
    if not con.execute("DELETE FROM queued_prompt WHERE id = ?", (prompt_id,)).rowcount:
        raise UsageError(NOT_QUEUED)


def queue_of(con: sqlite3.Connection, conversation: int) -> list[QueuedPrompt]:
    """Return the prompts that wait in a conversation, given its row number, oldest first."""
    rows = con.execute(
        "SELECT q.id, c.id, q.content, q.seq FROM queued_prompt q JOIN conversation c"
        " ON c.seq = q.conversation_seq WHERE q.conversation_seq = ? ORDER BY q.seq",
        (conversation,),
    )
    return [QueuedPrompt(*row) for row in rows]
