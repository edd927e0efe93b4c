"""Editing: an earlier prompt comes to the composer and is sent as a new branch, a queued one is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError
from gptalk_client.models import Message, QueuedPrompt
from gptalk_tui.chat.session import Edit

if TYPE_CHECKING:
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.undo import Undo
    from gptalk_tui.widgets.composer import Composer


class Editing:
    """Puts an earlier prompt into the composer, and what was there back."""

    def __init__(
        self, session: Session, services: Services, host: Host, *, composer: Composer, undo: Undo
    ) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._composer = composer
        self._undo = undo

    async def begin(self, prompt_id: str) -> None:
        """Put a prompt or a reply into the composer, to be sent or kept as a sibling."""
        session = self._session
        try:
            prompt = await self._services.store.call(lambda store: store.message(prompt_id))
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
            return
        if prompt.conversation_id == session.conversation_id:
            set_aside = session.edit.set_aside if session.edit is not None else self._composer.text
            self._edit(prompt, prompt.content, set_aside)

    def begin_queued(self, prompt: QueuedPrompt) -> None:
        """Put a queued prompt into the composer; it keeps its place, and is not sent meanwhile."""
        session = self._session
        set_aside = session.edit.set_aside if session.edit is not None else self._composer.text
        self._edit(prompt, prompt.content, set_aside)

    def resume(self, prompt: Message | QueuedPrompt, text: str) -> None:
        """Go back to an edit, with the text that it had."""
        self._edit(prompt, text, self._composer.text)

    def leave(self) -> bool:
        """Put back what was in the composer before the edit; return whether anything was being edited."""
        session, edit, text = self._session, self._session.edit, self._composer.text
        if edit is None:
            return False
        session.edit = None
        self._composer.set_text(edit.set_aside)
        self._host.refresh_bars()
        if text.strip() and text != edit.message.content:

            async def resume() -> None:
                if edit.message.conversation_id == session.chosen.id:
                    self.resume(edit.message, text)

            self._undo.offer("Edit discarded.", "Back to the edit.", resume)
        return True

    def take(self) -> Message | QueuedPrompt | None:
        """End the edit, because it is sent; return what it is a new version of."""
        edit, self._session.edit = self._session.edit, None
        if edit is None:
            return None
        self._composer.set_text(edit.set_aside)
        return edit.message

    def _edit(self, prompt: Message | QueuedPrompt, text: str, set_aside: str) -> None:
        self._session.edit = Edit(prompt, set_aside)
        self._composer.set_text(text)
        self._composer.focus()
        self._host.refresh_bars()
