"""The end of the app: everything to the store, in bounded time, and what it refuses to the journal."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gptalk_tui.chat.drafts import Drafts
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.notifier import Notifier
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.unsaved import Unsaved

LIMIT_S = 7.0
"""How long the store may take before what is left goes to the journal, in seconds."""

SAY_AFTER_S = 0.5


class Leaving:
    """Brings everything to disk that is not there yet."""

    def __init__(
        self,
        session: Session,
        services: Services,
        host: Host,
        *,
        drafts: Drafts,
        unsaved: Unsaved,
        notifier: Notifier,
    ) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._drafts = drafts
        self._unsaved = unsaved
        self._notifier = notifier
        self.sentence = ""
        """What to say on standard error about texts that could not be saved; empty if all were."""

    async def run(self) -> None:
        """Stop the turns and store what was typed; journal what the store has not taken in time."""
        self._session.is_leaving = True
        self._notifier.come_back()
        notice = self._host.set_timer(SAY_AFTER_S, self._say)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LIMIT_S):
                await asyncio.gather(self._drafts.put_away(), self._session.turns.stop_all(LIMIT_S))
        notice.stop()
        self._services.store.hurry()
        unstored = [turn.prompt for turn in self._session.turns if turn.prompt and turn.reply is None]
        texts = self._session.unstored + unstored
        if (draft := self._drafts.pending) is not None:
            texts.append(draft.text)
        replies = list(self._services.unsaved.values())
        queued = self._session.queues.unkept
        if texts or replies or queued:
            kept = await asyncio.to_thread(self._unsaved.keep_now, texts, replies, queued)
            self.sentence = self._explain(len(texts) + len(replies) + len(queued), kept)

    def _say(self) -> None:
        self._host.say(
            f"Saving. The database is busy; this takes {LIMIT_S:.0f} s at most.", timeout_s=LIMIT_S
        )

    def _explain(self, count: int, kept: int) -> str:
        journal = self._services.paths.journal
        what = "A text" if count == 1 else f"{count} texts"
        if kept == count:
            it_is = "It is" if count == 1 else "They are"
            return f"{what} could not be saved to the database. {it_is} in {journal} until the next start."
        return f"{what} could not be saved, neither to the database nor to {journal}."
