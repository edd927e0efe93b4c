"""Any endpoint that speaks OpenAI's chat completions: Ollama, llama.cpp, vLLM, LM Studio, OpenAI and the like.

Source: https://platform.openai.com/docs/api-reference/chat. A reply streams as pieces, not as all the text so far.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Mapping, Set
from contextlib import aclosing
from typing import Any

from gptalk_client.errors import ConfigError, GptalkError, ProviderError, Remedy
from gptalk_client.models import Messages, Phase, PhaseChanged, ReplyEvent, ReplyRequest
from gptalk_client.providers.api_keys import ApiKey, check_key
from gptalk_client.providers.base import Provider
from gptalk_client.providers.event_stream import MAX_EVENT_BYTES
from gptalk_client.providers.http import HttpClient, Request
from gptalk_client.providers.http_errors import Response, check_response
from gptalk_client.providers.model_info import ModelInfo, listed_models
from gptalk_client.providers.openai_access import Access, address_of
from gptalk_client.providers.openai_decoder import OpenAIReply
from gptalk_client.providers.openai_models import CHAT, Catalogue, owner_of
from gptalk_client.providers.prefill import Prefill, prefill_of
from gptalk_client.providers.proxies import choose_proxy
from gptalk_client.providers.retries import Retries, Retry
from gptalk_client.providers.stream_reader import StreamReader
from gptalk_client.providers.streaming_request import StreamingRequest
from gptalk_client.settings import ProviderSettings, Timeouts
from gptalk_client.text import replace_surrogates

__all__ = ["OpenAI", "Timeouts"]

LOADING_S = 300.0
"""How long an engine on this computer may take until its response begins: it loads its model first."""

_NOTHING: Mapping[str, str] = {}
# A conversation's options that this protocol does not have.
_OTHERS_OPTIONS = ("context_messages", "ctx_msg_count")
# What is sent with every request unless the endpoint refuses it.
_OWN_OPTIONS = {"stream_options": {"include_usage": True}}
_UNKNOWN = re.compile(
    r"un(?:supported|recogni[sz]ed|known|expected)|(?:not|n't) (?:support|permitted|allowed|recogni[sz]ed)|extra",
    re.IGNORECASE,
)
_MAX_REFUSAL_BYTES = 64 * 1024
_AT_ONCE = Retry(0.0, "")


class OpenAI(Provider):
    """An OpenAI-compatible endpoint, with its own connections and time limits.

    Args:
        url: Its address up to and with `/v1`; an address without a path gets it, and `/chat/completions` at the
            end is dropped. A query goes with every request.
        api_key: The key; empty sends none. An `ApiKey` is looked up with the first request. Never shown.
        proxy: A proxy's URL; None takes the environment's. Loopback takes none.
        timeouts: How long each part of a turn may take.
        name: What the provider is called.
        headers: Sent with every request, in place of this program's own, such as `user-agent`. `{key}` in a value
            is replaced by the key, which then goes in no other header.
        query: Added to every address.

    Raises:
        ConfigError: The address or the key cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | ApiKey = "",
        proxy: str | None = None,
        timeouts: Timeouts | None = None,
        name: str = "openai",
        headers: Mapping[str, str] = _NOTHING,
        query: Mapping[str, str] = _NOTHING,
    ) -> None:
        if isinstance(api_key, str):
            api_key = ApiKey(ProviderSettings(api_key=check_key(api_key, name)), name)
        self._access = Access(name, api_key, headers, query)
        self._address = address = address_of(url, query)
        self._proxy = proxy
        self.name = name
        self.is_on_this_computer = address.is_loopback
        self._timeouts = timeouts = timeouts or Timeouts()
        self._windows: dict[str, int | None] = {}
        self._http = HttpClient(address, proxy=proxy, timeouts=timeouts)
        self._catalogue = Catalogue(self._http, self._access, proxy=proxy, timeouts=timeouts)
        is_default = timeouts.headers_s == Timeouts().headers_s
        self._headers_s = LOADING_S if address.is_loopback and is_default else timeouts.headers_s
        self._refused: set[str] = set()
        self._first_model = ""
        self._prefill: Prefill | None = None
        self._has_looked_for_prefill = False

    @property
    def service(self) -> str:  # type: ignore[override]
        """The endpoint's host for display."""
        return self._address.service

    def check_proxy(self) -> None:
        """Check before the first turn that the proxy, if any, can be used.

        Raises:
            ConfigError: It cannot.
        """
        choose_proxy(self._address, self._proxy)

    async def warm_up(self) -> None:
        """Prepare for the first turn without using the network: load httpx, read the certificates."""
        await self._http.warm_up()

    async def aclose(self) -> None:
        """Close the connections. The instance can't be used afterwards."""
        await self._http.aclose()

    async def models(self) -> list[str]:
        """Return the names of the available models, in the endpoint's order; empty if it lists none.

        Raises:
            ProviderError: It cannot be reached, or refuses.
            ConfigError: The key cannot be had.
        """
        return [each.name for each in listed_models(await self._catalogue.listed())]

    async def list_models(self) -> list[ModelInfo]:
        """Return the available models with what the engine tells about them, in its order.

        Raises:
            ProviderError: It cannot be reached, or refuses.
            ConfigError: The key cannot be had.
        """
        return await self.find_models() or []

    async def find_models(self) -> list[ModelInfo] | None:
        """Return the available models as `list_models` does; None if nothing at the address lists any.

        Raises:
            ProviderError: It cannot be reached, or refuses.
            ConfigError: The key cannot be had.
        """
        return await self._catalogue.find()

    async def check(self) -> list[ModelInfo]:
        """Check that prompts would be answered, without sending one: ask for the models.

        Returns:
            The models; none if the engine answers but doesn't list any.

        Raises:
            ProviderError: It cannot be reached, refuses, has no models, or is no engine; the hint says what to do.
            ConfigError: The key cannot be had.
        """
        return await self._catalogue.check()

    async def context_window(self, model: str) -> int | None:
        """Return how many tokens a model's context has room for; None if the engine doesn't say.

        The list of models says so, or the engine's own endpoints do: Ollama's and llama.cpp's, beside `/v1`.
        """
        if model not in self._windows:
            try:
                self._windows[model] = await self._catalogue.window(model)
            except GptalkError:
                return None
        return self._windows[model]

    async def continues_text(self) -> bool:
        """Return whether the engine is known to go on from the text of a reply that a request ends with."""
        if not self._has_looked_for_prefill:
            try:
                self._prefill = prefill_of(self._address, owner_of(await self._catalogue.listed()))
            except GptalkError:
                return False
            self._has_looked_for_prefill = True
        return self._prefill is not None

    def model_for(self, asked: str) -> str:
        """Return the name of the model that answers; by default the first on the list, once that was read."""
        return asked or self._first_model

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        """Yield the events of one reply; return once the endpoint marks it complete.

        Raises:
            ProviderError: The reply could not be had, or broke off.
            ConfigError: The address, the proxy or the request cannot be used.
        """
        self._http.loop.check()
        yield PhaseChanged(Phase.CONNECTING)
        await self._http.reclaim_connections()
        reader, retries, running = StreamReader(OpenAIReply()), Retries(), None
        try:
            model = request.model or await self._default_model()
            retry: Retry | None = _AT_ONCE
            while retry is not None:
                running = self._http.start(await self._chat(request, model), reader)
                if await running.is_sent:
                    yield PhaseChanged(Phase.WAITING)
                retry = await self._begin(running, request, reader, retries)
                if retry is not None and retry is not _AT_ONCE:
                    yield PhaseChanged(Phase.RETRYING, retry.wait_s, retry.reason)
                    await asyncio.sleep(retry.wait_s)
            async with aclosing(reader.events()) as events:
                async for event in events:
                    yield event
        except ProviderError as err:
            raise self._access.told(err) from None
        finally:
            if running is not None and not running.is_ending:
                await running.close()

    async def _chat(self, request: ReplyRequest, model: str) -> Request:
        return Request(
            "POST",
            CHAT,
            await self._access.headers(),
            body=_body(request, model, self._refused, self._prefill),
            max_body_bytes=MAX_EVENT_BYTES,
            headers_s=self._headers_s,
        )

    async def _begin(
        self, running: StreamingRequest, request: ReplyRequest, reader: StreamReader, retries: Retries
    ) -> Retry | None:
        """Wait for the head of the response, and return how to ask again if there is no reply."""
        try:
            response = await self._http.head(running)
            refused = self._refused_option(response, request)
            if refused is None:
                check_response(response, self.service, secret="key")
        except ProviderError as err:
            self._access.hide(err)
            retry = retries.after(err, can_repeat=False)
            if retry is None:
                raise
            return retry
        if refused is not None:
            self._refused.add(refused)
            is_ours = refused in _OWN_OPTIONS
            words = f"{self.service} does not support {refused}; asking again without it"
            return _AT_ONCE if is_ours else Retry(0.0, words)
        if response.body or response.kind.endswith("json"):  # all of it, though a stream was asked for
            reader.feed(response.body, 0.0)
            reader.end(None)
        return None

    def _refused_option(self, response: Response, request: ReplyRequest) -> str | None:
        """Return the option that the endpoint does not know, if that is why it rejected the request."""
        if response.status not in (400, 422):
            return None
        said = response.body[:_MAX_REFUSAL_BYTES].decode("utf-8", "replace")
        for name in (*_OWN_OPTIONS, *request.options):
            is_named = name not in self._refused and re.search(rf"\b{re.escape(name)}\b", said)
            if is_named and (name in _OWN_OPTIONS or _UNKNOWN.search(said)):
                return name
        return None

    async def _default_model(self) -> str:
        names = await self.models()
        if not names:
            raise ConfigError(f"{self.service} lists no models.", hint="Name one.", remedy=Remedy.MODEL)
        self._first_model = names[0]
        return names[0]


def _body(request: ReplyRequest, model: str, refused: Set[str], prefill: Prefill | None) -> bytes:
    left_out = {*_OTHERS_OPTIONS, *refused}
    options = {**_OWN_OPTIONS, **request.options}
    sent = {name: value for name, value in options.items() if name not in left_out}
    messages = _clean(request.messages)
    if request.is_continued and prefill is not None:
        messages[-1] = {**messages[-1], **prefill.message}
        sent.update(prefill.body)
    body = {"model": model, "messages": messages, "stream": True, **sent}
    return json.dumps(body).encode("ascii")


def _clean(messages: Messages) -> list[dict[str, Any]]:
    """Return the messages without lone surrogates, which many endpoints refuse."""
    return [
        {name: replace_surrogates(value) if isinstance(value, str) else value for name, value in each.items()}
        for each in messages
    ]
