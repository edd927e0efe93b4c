"""Earlier prompts: recalled with Up and Down, searched with Ctrl+R; what was typed is kept."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError
from gptalk_client.text import one_line, visible

if TYPE_CHECKING:
    from gptalk_client.models import Message
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.widgets.composer import Composer
    from gptalk_tui.widgets.row_list import Row

PAGE = 50
"""How many prompts are read at a time."""

MAX_UNSENT = 20
UNSENT = "unsent-"
"""How the keys of rows begin that no stored prompt stands for."""


class PromptHistory:
    """What was sent before, and what was cleared or could not be sent."""

    def __init__(self, session: Session, services: Services, host: Host, *, composer: Composer) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._composer = composer
        self._unsent: list[str] = []
        """Texts that were cleared, or could not be sent or saved, newest first."""
        self._typed = ""
        self._shown: str | None = None
        """The earlier prompt that is in the composer; None while it has what was typed."""
        self._at = -1
        self._found: list[str] = []
        self._last_id: str | None = None
        self._is_all = False

    # Up and Down

    async def step(self, by: int) -> None:
        """Show the prompt before (-1) or after (1) the one that is shown; after the last one, what was typed."""
        composer = self._composer
        if self._shown is None or composer.text != self._shown:
            self._begin(composer.text)
        at = self._at - by
        if at < -1:
            return
        while at >= len(self._found) and not self._is_all:
            await self._read_more()
        if at >= len(self._found):
            return
        self._at = at
        self._session.cleared = ""
        composer.set_text(self._found[at] if at >= 0 else self._typed, at_start=by < 0)
        self._shown = composer.text if at >= 0 else None

    def _begin(self, typed: str) -> None:
        self._typed, self._shown, self._at = typed, None, -1
        self._found = [text for text in self._unsent if text != typed]
        self._last_id, self._is_all = None, False

    async def _read_more(self) -> None:
        before = self._last_id
        found: list[Message] = []
        try:
            found = await self._services.store.call(lambda store: store.prompts(limit=PAGE, before=before))
        except GptalkError as err:
            self._host.say(err.for_humans(), is_error=True)
        self._is_all = len(found) < PAGE
        if found:
            self._last_id = found[-1].id
        for prompt in found:
            text = visible(prompt.content)
            if text not in self._found and text != self._typed:
                self._found.append(text)

    # Ctrl+R

    def search(self) -> None:
        """Open the search in earlier prompts."""
        from gptalk_tui.dialogs.picker import PickerScreen

        picker = PickerScreen("Earlier prompts", [], empty_text="No such prompt", find=self._rows)
        self._host.open_dialog(picker, self._chosen)

    async def _rows(self, words: str) -> list[Row]:
        from gptalk_tui.widgets.listing import age_of
        from gptalk_tui.widgets.row_list import Row

        now = datetime.now().astimezone()
        folded = words.casefold().split()
        unsent = [
            Row(f"{UNSENT}{number}", one_line(text, max_chars=300), "not sent")
            for number, text in enumerate(self._unsent)
            if all(word in text.casefold() for word in folded)
        ]
        found = await self._services.store.look_up(lambda store: store.prompts(filter=words, limit=200))
        return unsent + [
            Row(
                prompt.id,
                one_line(prompt.content, max_chars=300),
                age_of(datetime.fromtimestamp(prompt.created_at_ms / 1000, now.tzinfo), now),
            )
            for prompt in found
        ]

    async def _chosen(self, prompt_id: str | None) -> None:
        if prompt_id is None:
            return
        if prompt_id.startswith(UNSENT):
            text = self._unsent[int(prompt_id.removeprefix(UNSENT))]
        else:
            try:
                text = (await self._services.store.call(lambda store: store.message(prompt_id))).content
            except GptalkError as err:
                self._host.say(err.for_humans(), is_error=True)
                return
        self._composer.replace_text(text)
        self._composer.focus()

    # Text that was not sent

    def clear(self) -> None:
        """Empty the composer; undo or Up restores its text."""
        composer = self._composer
        self.remember(composer.text)
        self._session.cleared = composer.text
        self._shown = None
        composer.replace_text("")
        composer.focus()
        self._host.say("Draft cleared. Ctrl+Z or Up restores it.")

    def remember(self, text: str) -> None:
        """Let Up recall a text that was not sent."""
        self._unsent = [text, *(each for each in self._unsent if each != text)][:MAX_UNSENT]
