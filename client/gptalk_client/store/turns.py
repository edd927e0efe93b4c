"""One turn on disk: the prompt and the reply's row, flushes, and the end."""

from __future__ import annotations

import sqlite3

from gptalk_client.errors import StoreError, UsageError
from gptalk_client.models import Conversation, Message, ReplyFacts, Role, Status
from gptalk_client.store.queue import take_queued
from gptalk_client.store.rows import (
    UNSET,
    Unset,
    ensure_conversation,
    insert_message,
    message_seq,
    now_ms,
    read_message,
    set_active_leaf,
    set_facts,
    set_reasoning,
)
from gptalk_client.store.writers import Writers, finish_reply, index_message
from gptalk_client.text import storable
from gptalk_client.textsearch.folding import fold
from gptalk_client.titles import title_from


class Turns(Writers):
    """The part of the store for turns."""

    def open_turn(
        self,
        conversation_id: str,
        content: str,
        *,
        parent_id: str | Unset | None = UNSET,
        model: str = "",
        provider: str = "",
        new: Conversation | None = None,
        draft: str | None = None,
        queued_id: str = "",
    ) -> tuple[Message, Message]:
        """Save a prompt and open its reply's row, in one transaction that is on disk on return.

        The reply becomes the active leaf. A conversation without a title gets a few words of the prompt, and a
        conversation in the trash is taken out of it.

        Args:
            conversation_id: A full id.
            content: The prompt.
            parent_id: The message that it answers: by default the active leaf, None for a new root.
            model: The model that will be asked, for the record.
            provider: The provider that will be asked, for the record.
            new: Stores this conversation first, under the id given, unless there is one already.
            draft: What remains as the conversation's draft; None clears a draft that is this very prompt.
            queued_id: The queued prompt that this is. It leaves its queue, and the message takes its id.

        Returns:
            The prompt and its reply, which is `streaming` and empty.

        Raises:
            UsageError: No such conversation or parent, or the parent belongs to another conversation; or the
                prompt is queued no longer.
            StoreError: It could not be written; nothing was changed.
        """
        content = storable(content)
        owner = self._claim_owner()
        now = now_ms()
        with self._db.write() as con:
            conversation = ensure_conversation(con, conversation_id, new)
            parent = _parent(con, conversation, parent_id)
            if queued_id:
                take_queued(con, queued_id)
            prompt = insert_message(
                con, conversation=conversation, parent=parent, role=Role.USER, content=content,
                status=Status.COMPLETE, created_at_ms=now, message_id=queued_id,
            )  # fmt: skip
            index_message(con, prompt, content)
            reply = _insert_reply(con, conversation, prompt, model, provider, owner)
            title = title_from(content)
            con.execute(
                "UPDATE conversation SET title = ?, title_key = ?"
                " WHERE seq = ? AND title = '' AND renamed = 0",
                (title, fold(title), conversation),
            )
            if draft is None:
                con.execute(
                    "UPDATE conversation SET draft = '' WHERE seq = ? AND trim(draft) = trim(?)",
                    (conversation, content),
                )
            else:
                con.execute(
                    "UPDATE conversation SET draft = ? WHERE seq = ?", (storable(draft), conversation)
                )
            return read_message(con, prompt), read_message(con, reply)

    def open_reply(
        self, prompt_id: str, *, model: str = "", provider: str = "", is_shown: bool = True
    ) -> Message:
        """Open another reply to a prompt, as a sibling of the existing ones.

        Args:
            prompt_id: A full id.
            model: The model that will be asked, for the record.
            provider: The provider that will be asked, for the record.
            is_shown: It becomes the active leaf.

        Raises:
            UsageError: There is no such prompt.
            StoreError: It could not be written.
        """
        owner = self._claim_owner()
        with self._db.write() as con:
            prompt, conversation = message_seq(con, prompt_id)
            role = con.execute("SELECT role FROM message WHERE seq = ?", (prompt,)).fetchone()[0]
            if role != Role.USER:
                raise UsageError("Only a prompt can be answered.")
            seq = _insert_reply(con, conversation, prompt, model, provider, owner, is_shown=is_shown)
            return read_message(con, seq)

    def reopen_reply(self, message_id: str) -> tuple[Message, Message]:
        """Open a reply again that was cut or stopped, to append to its text. It becomes the active leaf.

        Returns:
            The prompt that it answers, and the reply with its text so far, which is `streaming` again.

        Raises:
            UsageError: There is no such reply, it has no text, or something follows it.
            StoreError: It could not be written.
        """
        owner = self._claim_owner()
        now = now_ms()
        with self._db.write() as con:
            seq, conversation = message_seq(con, message_id)
            reply = read_message(con, seq)
            followed = con.execute(
                "SELECT 1 FROM message WHERE parent_seq = ? AND deletion_seq IS NULL", (seq,)
            ).fetchone()
            is_unfinished = reply.status in (Status.INCOMPLETE, Status.STOPPED)
            if reply.role is not Role.ASSISTANT or reply.parent_id is None or not reply.content:
                raise UsageError("Only a reply with text can be continued.")
            if followed or not is_unfinished:
                raise UsageError("Only a cut or stopped reply at the end of its branch can be continued.")
            con.execute(
                "UPDATE message SET status = 'streaming', error = '', owner = ? WHERE seq = ?", (owner, seq)
            )
            set_active_leaf(con, conversation, seq)
            con.execute(
                "UPDATE conversation SET updated_at_ms = ?, trashed_at_ms = NULL WHERE seq = ?",
                (now, conversation),
            )
            return read_message(con, message_seq(con, reply.parent_id)[0]), read_message(con, seq)

    def append_reply(self, message_id: str, text: str, *, reasoning: str = "") -> None:
        """Append text and reasoning to a reply that is being written; the cost does not grow with the reply.

        Raises:
            UsageError: The message no longer exists.
            StoreError: It is not being written, or the text could not be written.
        """
        with self._db.write() as con:
            seq = _streaming(con, message_id)
            for table, size, piece in (
                ("reply_part", "size_chars", storable(text)),
                ("reasoning_part", "reasoning_chars", storable(reasoning)),
            ):
                if piece:
                    con.execute(
                        f"INSERT INTO {table} (message_seq, part, text) VALUES"
                        f" (?, (SELECT coalesce(max(part), 0) + 1 FROM {table} WHERE message_seq = ?), ?)",
                        (seq, seq, piece),
                    )
                    con.execute(f"UPDATE message SET {size} = {size} + ? WHERE seq = ?", (len(piece), seq))

    def replace_reply(self, message_id: str, text: str, *, reasoning: str = "") -> None:
        """Replace the whole text and the whole reasoning of a reply that is being written.

        Raises:
            UsageError: The message no longer exists.
            StoreError: It is not being written, or the text could not be written.
        """
        text = storable(text)
        with self._db.write() as con:
            seq = _streaming(con, message_id)
            con.execute("DELETE FROM reply_part WHERE message_seq = ?", (seq,))
            con.execute("UPDATE message_text SET content = ? WHERE seq = ?", (text, seq))
            con.execute("UPDATE message SET size_chars = ? WHERE seq = ?", (len(text), seq))
            set_reasoning(con, seq, storable(reasoning))

    def close_turn(
        self,
        message_id: str,
        status: Status,
        *,
        error: str = "",
        content: str | None = None,
        reasoning: str | None = None,
        facts: ReplyFacts | None = None,
        model: str = "",
        is_unread: bool = False,
    ) -> Message:
        """Give a reply its final status.

        Args:
            message_id: The reply.
            status: Any status but `streaming`.
            error: Why it failed or broke off, in words for people.
            content: All of the text; by default what has been flushed.
            reasoning: All of the reasoning; by default what has been flushed.
            facts: What else is known of it.
            model: The model that wrote it, if that is known better now than when the turn was opened.
            is_unread: Mark the conversation as unread; otherwise its mark stays as it is.

        Returns:
            The reply as stored.

        Raises:
            UsageError: The message no longer exists.
            StoreError: It could not be written.
        """
        if status is Status.STREAMING:
            raise ValueError("a turn cannot be closed as streaming")
        with self._db.write() as con:
            row = con.execute(
                "SELECT seq, conversation_seq FROM message WHERE id = ?", (message_id,)
            ).fetchone()
            if row is None:
                raise UsageError("The reply is no longer there.")
            finish_reply(
                con, row[0], status, storable(error), None if content is None else storable(content),
                None if reasoning is None else storable(reasoning),
            )  # fmt: skip
            if facts is not None:
                set_facts(con, row[0], facts)
            if model:
                con.execute("UPDATE message SET model = ? WHERE seq = ?", (storable(model), row[0]))
            con.execute(
                "UPDATE conversation SET updated_at_ms = ?, unread = max(unread, ?) WHERE seq = ?",
                (now_ms(), is_unread, row[1]),
            )
            return read_message(con, row[0])

    def message(self, message_id: str) -> Message:
        """Return the message with a full id.

        Raises:
            UsageError: There is none, or it is deleted.
        """
        with self._db.read() as con:
            return read_message(con, message_seq(con, message_id)[0])

    def reasoning(self, message_id: str) -> str:
        """Return a message's reasoning, as far as it is on disk; empty if it has none.

        Raises:
            UsageError: There is no such message, or it is deleted.
        """
        return self.message(message_id).reasoning


def _parent(con: sqlite3.Connection, conversation: int, parent_id: str | Unset | None) -> int | None:
    if parent_id is UNSET:
        row = con.execute("SELECT active_seq FROM conversation WHERE seq = ?", (conversation,)).fetchone()
        return None if row[0] is None else int(row[0])
    if parent_id is None:
        return None
    parent, parents_conversation = message_seq(con, parent_id)
    if parents_conversation != conversation:
        raise UsageError("The message to answer belongs to another conversation.")
    return parent


def _insert_reply(
    con: sqlite3.Connection,
    conversation: int,
    prompt: int,
    model: str,
    provider: str,
    owner: str,
    *,
    is_shown: bool = True,
) -> int:
    now = now_ms()
    reply = insert_message(
        con, conversation=conversation, parent=prompt, role=Role.ASSISTANT, content="",
        status=Status.STREAMING, created_at_ms=now, model=model, owner=owner, provider=provider,
    )  # fmt: skip
    if is_shown:
        set_active_leaf(con, conversation, reply)
    con.execute(
        "UPDATE conversation SET updated_at_ms = ?, trashed_at_ms = NULL WHERE seq = ?", (now, conversation)
    )
    return reply


def _streaming(con: sqlite3.Connection, message_id: str) -> int:
    row = con.execute("SELECT seq, status FROM message WHERE id = ?", (message_id,)).fetchone()
    if row is None:
        raise UsageError("The reply is no longer there.")
    if row[1] != Status.STREAMING:
        raise StoreError("The reply is already closed.")
    return int(row[0])
