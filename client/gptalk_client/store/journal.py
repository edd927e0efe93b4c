"""What could not be stored: a small file beside the database, for texts that would otherwise be lost.

Prompts and drafts that the database refused come back at the next start; replies that ended unsaved are then
written into their rows, and queued prompts into their queues.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from gptalk_client.errors import GptalkError, UsageError
from gptalk_client.files import atomic_write
from gptalk_client.locks import FileLock
from gptalk_client.models import Message, QueuedPrompt, Status
from gptalk_client.paths import make_private_folder
from gptalk_client.store.store import Store

MAX_BYTES = 16 * 1024 * 1024
"""A larger file is not read: it is none of ours."""


class Entry(msgspec.Struct, omit_defaults=True):
    """One line of the file."""

    text: str
    reply_id: str = ""
    """The reply whose text this is; empty for a prompt or a draft."""
    status: str = ""
    error: str = ""
    queued_id: str = ""
    """The queued prompt whose text this is."""
    conversation_id: str = ""
    """Where it is queued."""

    @property
    def is_text(self) -> bool:
        """Whether it is a prompt or a draft to be recalled."""
        return not self.reply_id and not self.queued_id


class Journal:
    """The unsaved texts of one data folder. For any thread; each method reads and writes a small file.

    Args:
        path: The file; it is made when there is something to keep, and removed when there is nothing left.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, text: str) -> None:
        """Keep a prompt or a draft, once.

        Raises:
            OSError: It cannot be written.
        """
        self._add(Entry(text))

    def keep_reply(self, reply: Message) -> None:
        """Keep a reply as it ended.

        Raises:
            OSError: It cannot be written.
        """
        self._add(Entry(reply.content, reply.id, reply.status.value, reply.error))

    def keep_queued(self, prompt: QueuedPrompt) -> None:
        """Keep a queued prompt.

        Raises:
            OSError: It cannot be written.
        """
        self._add(Entry(prompt.content, queued_id=prompt.id, conversation_id=prompt.conversation_id))

    def drop(self, text: str) -> None:
        """Forget a prompt or a draft, because it is stored or sent now."""
        self._drop(lambda entry: entry.is_text and entry.text == text)

    def drop_queued(self, prompt_id: str) -> None:
        """Forget a queued prompt, because it is in the store or removed now."""
        self._drop(lambda entry: entry.queued_id == prompt_id)

    def texts(self) -> list[str]:
        """Return the prompts and drafts, newest first; empty where the file cannot be read."""
        return [each.text for each in reversed(self._read()) if each.is_text]

    def restore(self, store: Store) -> int:
        """Write kept replies into their rows and queued prompts into their queues; return how many there were.

        A reply whose conversation is gone is dropped, and a queued prompt becomes a text to recall. What cannot be
        written stays.
        """
        restored = 0
        with contextlib.suppress(OSError), self._locked():
            entries = self._read()
            kept: list[Entry] = []
            for entry in entries:
                left = entry if entry.is_text else _restore(store, entry)
                if left is None:
                    restored += 1
                else:
                    kept.append(left)
            if kept != entries:
                self._write(kept)
        return restored

    def _drop(self, is_done: Callable[[Entry], bool]) -> None:
        with contextlib.suppress(OSError), self._locked():
            entries = self._read()
            kept = [each for each in entries if not is_done(each)]
            if len(kept) != len(entries):
                self._write(kept)

    def _add(self, entry: Entry) -> None:
        make_private_folder(self.path.parent)
        with self._locked():
            entries = self._read()
            if entry not in entries:
                self._write([*entries, entry])

    def _read(self) -> list[Entry]:
        try:
            if self.path.stat().st_size > MAX_BYTES:
                return []
            lines = self.path.read_bytes().splitlines()
        except OSError:
            return []
        entries: list[Entry] = []
        for line in lines:
            with contextlib.suppress(msgspec.MsgspecError):  # cut off by a full disk
                entries.append(msgspec.json.decode(line, type=Entry))
        return entries

    def _write(self, entries: list[Entry]) -> None:
        if not entries:
            self.path.unlink(missing_ok=True)
            return
        with atomic_write(self.path, replace=True, keep_mode=False) as temporary:
            temporary.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in entries))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other windows out for the moment; where there are no locks, or for too long, go on without."""
        lock = None
        if self.path.parent.is_dir():
            with contextlib.suppress(OSError):
                lock = FileLock.acquire(self.path.with_name(f"{self.path.name}.lock"), timeout_s=1.0)
        try:
            yield
        finally:
            if lock is not None:
                lock.release(remove=True)


def _restore(store: Store, entry: Entry) -> Entry | None:
    """Write an entry into the store; return what stays of it in the journal."""
    return _requeue(store, entry) if entry.queued_id else _restore_reply(store, entry)


def _requeue(store: Store, entry: Entry) -> Entry | None:
    try:
        store.enqueue(QueuedPrompt(entry.queued_id, entry.conversation_id, entry.text))
    except UsageError:
        return Entry(entry.text)  # its conversation was never stored, or was deleted for good
    except GptalkError:
        return entry
    return None


def _restore_reply(store: Store, entry: Entry) -> Entry | None:
    """Write a reply into its row, unless that has all of it."""
    try:
        stored = store.message(entry.reply_id)
        if len(stored.content) <= len(entry.text) and stored.status is not Status.COMPLETE:
            store.close_turn(entry.reply_id, Status(entry.status), error=entry.error, content=entry.text)
    except UsageError:
        return None  # the conversation was deleted for good
    except GptalkError:
        return entry
    except ValueError:
        return None  # a status of a later version
    return None
