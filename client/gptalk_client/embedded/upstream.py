"""Any OpenAI-compatible server as the engine; the endpoint relays to it."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from gptalk_client.embedded.engine import Reasoning, sampling
from gptalk_client.embedded.errors import EngineError
from gptalk_client.embedded.prompt import ChatMessage
from gptalk_client.errors import AuthError, ConfigError, GptalkError, ServerError
from gptalk_client.models import (
    DEFAULT_MODEL,
    ReasoningAdded,
    ReplyRequest,
    Status,
    TextAdded,
    TextReplaced,
)
from gptalk_client.providers.base import Rewritten
from gptalk_client.providers.openai import OpenAI
from gptalk_client.providers.refusals import SAID
from gptalk_client.reply_record import ReplyRecord
from gptalk_client.settings import Timeouts

KEY_VARIABLES = ("GPTALK_UPSTREAM_KEY", "OPENAI_API_KEY")
"""The environment variables searched for the key, in this order."""

# A model behind a queue may take long until its first word; giving up is left to the client.
_TIMEOUTS = Timeouts(headers_s=300, stall_s=300, comments_s=300)


def key_from_environment() -> str:
    """Return the key for the upstream, or an empty string.

    Raises:
        ConfigError: It holds what no header may hold.
    """
    for name in KEY_VARIABLES:
        if key := os.environ.get(name, "").strip():
            if not (key.isascii() and key.isprintable()):
                raise ConfigError(
                    f"{name} contains characters that aren't allowed in a key.", hint="Set it again."
                )
            return key
    return ""


class UpstreamEngine:
    """A relay to an OpenAI-compatible server."""

    def __init__(self, url: str, *, model: str = "", key: str = "") -> None:
        """Prepare the relay; nothing is sent yet.

        Args:
            url: The server's address, with or without `/v1`.
            model: The model to ask for whatever the client asks for; empty takes the client's if the server
                has it, else the server's first.
            key: Sent as a bearer token if it is not empty. Never logged.

        Raises:
            ConfigError: The address, the key or a proxy of the environment cannot be used.
        """
        self._server = OpenAI(url, api_key=key, timeouts=_TIMEOUTS, name="upstream")
        self._server.check_proxy()
        self._model = model
        self._offered: list[str] | None = None
        self.name = model or self._server.service

    async def stream(
        self, messages: Sequence[ChatMessage], options: Mapping[str, Any]
    ) -> AsyncGenerator[str, None]:
        """Yield the reply piece by piece; see `Engine.stream`."""
        try:
            model = await self._choose(str(options.get("model") or ""))
            request = ReplyRequest([dict(each) for each in messages], model, sampling(options))
            record = ReplyRecord()
            async with aclosing(self._server.stream(request)) as events:
                async for event in events:
                    record.take(event)
                    match event:
                        case TextAdded(text):
                            yield text
                        case TextReplaced(text):
                            yield Rewritten(text)
                        case ReasoningAdded(text):
                            yield Reasoning(text)
            status, words = record.ending()
            if status is not Status.COMPLETE:
                raise EngineError(words, hint="")
        except GptalkError as err:
            # It reaches people who can't change the upstream's address or key, and whose client introduces it.
            raise EngineError(err.message.removeprefix(SAID), hint="") from err

    async def _choose(self, asked: str) -> str:
        if self._model:
            return self._model
        if self._offered is None:
            try:
                self._offered = await self._server.models()
            except (AuthError, ServerError):
                # Some servers have no list, and some keys may not see it: trust the client.
                self._offered = []
        if asked in self._offered or not self._offered:
            return asked or DEFAULT_MODEL
        return self._offered[0]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._server.aclose()
