"""Better titles for new conversations, made by the model in the background where the settings ask for it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError
from gptalk_client.models import ReplyRequest, Status, TextAdded, TextReplaced

if TYPE_CHECKING:
    from gptalk_client.models import Conversation, Message
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session

LIMIT_S = 60.0
"""How long the model has for a title, in seconds."""

MAX_CHARS = 400
"""A title that is longer than this is none."""

_PROMPT_CHARS, _REPLY_CHARS = 2_000, 1_000
_ASKED = (
    "Write a title for the conversation below: at most six words, in its language, nothing else."
    "\n\nQuestion:\n{prompt}\n\nAnswer:\n{reply}"
)


class Titles:
    """Asks for titles. A failure leaves the title as it is and is only logged."""

    def __init__(self, session: Session, services: Services, host: Host) -> None:
        self._session = session
        self._services = services
        self._host = host

    def improve(self, conversation: Conversation | None, reply: Message) -> None:
        """Ask for a better title after the first reply of a conversation.

        Args:
            conversation: As it was stored with the reply; None if it was not.
            reply: The reply that has ended.
        """
        if self._services.settings.chat.titles != "model" or conversation is None:
            return
        if conversation.message_count == 2 and reply.status is Status.COMPLETE:
            self._host.start(self._improve(conversation, reply), "title")

    async def _improve(self, conversation: Conversation, reply: Message) -> None:
        store = self._services.store
        try:
            prompt = await store.call(lambda each: each.message(reply.parent_id or ""))
            title = await self._ask(conversation, prompt.content, reply.content)
            if not title or self._session.is_leaving:
                return
            old = conversation.title
            if await store.call(lambda each: each.improve_title(conversation.id, title, instead_of=old)):
                news = await store.call(lambda each: each.conversation(conversation.id))
                self._session.take_news([news])
                self._session.list_changed()
        except (GptalkError, TimeoutError) as err:
            import logging  # not needed unless something fails

            logging.getLogger("gptalk_tui.titles").warning("no title was made: %s", type(err).__name__)

    async def _ask(self, conversation: Conversation, prompt: str, reply: str) -> str:
        from gptalk_client.titles import title_from_reply

        options = self._services.options_for(conversation)
        provider = await self._services.provider_named(options.provider)
        asked = _ASKED.format(prompt=prompt[:_PROMPT_CHARS], reply=reply[:_REPLY_CHARS])
        request = ReplyRequest([{"role": "user", "content": asked}], options.model)
        text = ""
        async with asyncio.timeout(LIMIT_S), aclosing(provider.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextAdded):
                    text += event.text
                elif isinstance(event, TextReplaced):
                    text = event.text
                if len(text) > MAX_CHARS:
                    return ""
        return title_from_reply(text)
