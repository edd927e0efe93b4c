"""Texts that the store refused: kept in the journal beside it, and recalled by Up and Ctrl+R."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gptalk_client.models import Message, QueuedPrompt
from gptalk_client.text import one_line

if TYPE_CHECKING:
    from gptalk_client.store.journal import Journal
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.prompt_history import PromptHistory
    from gptalk_tui.chat.services import Services


class Unsaved:
    """Keeps texts that are not in the store."""

    def __init__(self, services: Services, host: Host, *, history: PromptHistory) -> None:
        self._services = services
        self._host = host
        self._history = history
        self._kept: set[str] = set()
        self._queued: set[str] = set()
        """The ids of the queued prompts that are in the journal."""

    async def load(self) -> None:
        """Recall what an earlier run could not save."""
        texts = await asyncio.to_thread(lambda: self._journal.texts())
        self._kept.update(texts)
        for text in reversed(texts):
            self._history.remember(text)
        if texts:
            what = "A text" if len(texts) == 1 else f"{len(texts)} texts"
            how = self._host.keys.how("prompt.history")
            self._host.say(f"{what} could not be saved last time. Up or {how} restores it.")

    def keep(self, text: str) -> None:
        """Keep a prompt or a draft on disk, in the background."""
        if text not in self._kept:
            self._kept.add(text)
            self._host.start(self._keep(text), "journal")

    async def keep_queued(self, prompt: QueuedPrompt) -> None:
        """Keep a queued prompt on disk."""
        self._queued.add(prompt.id)
        try:
            await asyncio.to_thread(lambda: self._journal.keep_queued(prompt))
        except OSError as err:
            self._say_only_on_screen(err)

    async def drop_queued(self, prompt: QueuedPrompt) -> None:
        """A queued prompt is in the store, or removed."""
        if prompt.id in self._queued:
            self._queued.discard(prompt.id)
            await asyncio.to_thread(lambda: self._journal.drop_queued(prompt.id))

    def keep_now(self, texts: list[str], replies: list[Message], queued: list[QueuedPrompt]) -> int:
        """Keep what is left when the app ends; return how much of it could be kept."""
        kept = 0
        try:
            for text in texts:
                self._journal.keep(text)
                kept += 1
            for reply in replies:
                self._journal.keep_reply(reply)
                kept += 1
            for prompt in queued:
                self._journal.keep_queued(prompt)
                kept += 1
        except OSError:
            return kept
        return kept

    def stored(self, text: str) -> None:
        """A text is in the store now."""
        if text in self._kept:
            self._kept.discard(text)
            self._host.start(self._drop(text), "journal")

    async def _keep(self, text: str) -> None:
        try:
            await asyncio.to_thread(lambda: self._journal.keep(text))
        except OSError as err:
            self._kept.discard(text)
            self._say_only_on_screen(err)

    def _say_only_on_screen(self, err: OSError) -> None:
        why = one_line(err.strerror or str(err))
        self._host.say(f"The text could not be saved anywhere ({why}): it is only on screen.", is_error=True)

    async def _drop(self, text: str) -> None:
        await asyncio.to_thread(lambda: self._journal.drop(text))

    @property
    def _journal(self) -> Journal:
        from gptalk_client.store.journal import Journal  # not needed before the first paint

        return Journal(self._services.paths.journal)
