"""Any endpoint that speaks OpenAI's chat completions: Ollama, llama.cpp, vLLM, LM Studio, OpenAI and the like.

Source: https://platform.openai.com/docs/api-reference/chat. A reply streams as pieces, not as all the text so far.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from gptalk_client.addresses import Address
from gptalk_client.errors import AuthError, ConfigError, ProtocolError, ProviderError, ServerError
from gptalk_client.models import Messages, Phase, PhaseChanged, ReplyEvent, ReplyRequest, TextAdded
from gptalk_client.providers.auth_cache import is_usable_token
from gptalk_client.providers.base import Provider
from gptalk_client.providers.event_stream import EventData
from gptalk_client.providers.http import HttpClient, Request
from gptalk_client.providers.http_errors import Response, check_response, hide
from gptalk_client.providers.json_text import decode_json, server_reason
from gptalk_client.providers.proxies import choose_proxy
from gptalk_client.providers.retries import Retries, Retry
from gptalk_client.providers.stream_reader import StreamReader
from gptalk_client.providers.streaming_request import StreamingRequest
from gptalk_client.settings import Timeouts
from gptalk_client.text import replace_surrogates

__all__ = ["OpenAI", "Timeouts"]

MAX_SKIPPED = 3
"""How many consecutive events that are not of the protocol end the reply."""

_MAX_LIST_BYTES = 8 * 1024 * 1024  # some gateways send half a megabyte about their models
_KEY_HINT = "Check the key: the environment variable that the config file names, or api_key under [openai]."
# A conversation's options that this protocol does not have.
_OTHERS_OPTIONS = ("context_messages", "ctx_msg_count")


class OpenAI(Provider):
    """An OpenAI-compatible endpoint, with its own connections and time limits.

    Args:
        url: Its address up to and with `/v1`; an address without a path gets it, and `/chat/completions` at the
            end is dropped.
        api_key: The key; empty sends none. Never shown.
        proxy: A proxy's URL; None takes the environment's. Loopback takes none.
        timeouts: How long each part of a turn may take.
        name: What the provider is called.

    Raises:
        ConfigError: The address or the key cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str = "",
        proxy: str | None = None,
        timeouts: Timeouts | None = None,
        name: str = "openai",
    ) -> None:
        if api_key and not is_usable_token(api_key):
            raise ConfigError(
                "The key of the OpenAI-compatible endpoint contains spaces or other invalid characters."
            )
        self._address = address = _address(url)
        self._api_key = api_key
        self._proxy = proxy
        self.name = name
        self._http = HttpClient(address, proxy=proxy, timeouts=timeouts or Timeouts())

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
        """
        try:
            request = Request("GET", "/models", self._headers(), max_body_bytes=_MAX_LIST_BYTES)
            response = await self._http.fetch(request)
            check_response(response, self.service, secret="key")
            listed = response.json_object().get("data")
        except ProtocolError:
            return []
        except ProviderError as err:
            raise self._told(err) from None
        if not isinstance(listed, list):
            return []
        names = [each.get("id") for each in listed if isinstance(each, dict)]
        return [name for name in names if isinstance(name, str) and name]

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        """Yield the events of one reply; return once the endpoint marks it complete.

        Raises:
            ProviderError: The reply could not be had, or broke off.
            ConfigError: The address, the proxy or the request cannot be used.
        """
        self._http.loop.check()
        yield PhaseChanged(Phase.CONNECTING)
        await self._http.reclaim_connections()
        reader, retries, streaming = StreamReader(DeltaText()), Retries(), None
        try:
            body = _body(request, request.model or await self._default_model())
            while streaming is None:
                opened = await self._open(body, reader, retries)
                if isinstance(opened, StreamingRequest):
                    streaming = opened
                    yield PhaseChanged(Phase.WAITING)
                else:
                    yield PhaseChanged(Phase.RETRYING, opened.wait_s, opened.reason)
                    await asyncio.sleep(opened.wait_s)
            async with aclosing(reader.events()) as events:
                async for event in events:
                    yield event
        except ProviderError as err:
            raise self._told(err) from None
        finally:
            if streaming is not None and not reader.is_over:
                await streaming.close()

    async def _open(self, body: bytes, reader: StreamReader, retries: Retries) -> StreamingRequest | Retry:
        request = Request("POST", "/chat/completions", self._headers(), body=body)
        try:
            response, streaming = await self._http.stream(request, reader)
            _check_stream(response, self.service)
        except ProviderError as err:
            hide(err, self._api_key)
            retry = retries.after(err, can_repeat=False)
            if retry is None:
                raise
            return retry
        return streaming

    async def _default_model(self) -> str:
        names = await self.models()
        if not names:
            raise ConfigError(
                f"{self.service} lists no models.", hint="Choose one with -m or in the settings."
            )
        return names[0]

    def _headers(self) -> dict[str, str]:
        headers = {"accept": "*/*", "content-type": "application/json", "user-agent": "gptalk-tui"}
        if self._api_key:
            headers["authorization"] = f"Bearer {self._api_key}"
        return headers

    def _told(self, error: ProviderError) -> ProviderError:
        if isinstance(error, AuthError):
            error.hint = _KEY_HINT
        return hide(error, self._api_key)


class DeltaText:
    """The text of a reply so far, and what of it the consumer has not seen. No I/O."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._skipped = 0
        self._has_finished = False
        self.error: ProtocolError | ServerError | None = None
        self.is_done = False

    @property
    def is_over(self) -> bool:
        """Whether the end mark or an error was read."""
        return self.is_done or self.error is not None

    @property
    def has_news(self) -> bool:
        """Whether `take` may return something or the reply is over."""
        return bool(self._pieces) or self.is_over

    def push(self, event: EventData) -> None:
        """Process one event."""
        if self.is_over:
            return
        try:
            self._push(bytes(event).strip())
        except (ProtocolError, ServerError) as err:
            self.error = err

    def _push(self, raw: bytes) -> None:
        if not raw:
            return
        if raw == b"[DONE]":
            self.is_done = True
            return
        value = decode_json(raw)
        choices = value.get("choices") if isinstance(value, dict) else None
        if not isinstance(choices, list):
            if isinstance(value, dict) and (reason := server_reason(value)):
                raise ServerError(f"The service says: {reason}")
            self._skipped += 1
            if self._skipped >= MAX_SKIPPED:
                raise ProtocolError("The service sent several events without any text.")
            return
        self._skipped = 0
        # Without choices it is the token count; with several, the first is the reply.
        choice = choices[0] if choices and isinstance(choices[0], dict) else {}
        delta = choice.get("delta")
        text = delta.get("content") if isinstance(delta, dict) else None
        if isinstance(text, str) and text:
            self._pieces.append(text)
        if choice.get("finish_reason"):
            self._has_finished = True

    def push_unfinished(self, event: EventData | None) -> None:
        """Process the event that the end of the stream cut off, if it is complete JSON or the end mark."""
        if event is not None:
            try:
                if bytes(event).strip() != b"[DONE]":
                    decode_json(bytes(event))
            except ProtocolError:
                return
            self.push(event)
        # Some endpoints send no end mark after the event with the finish reason.
        self.is_done = self.is_done or (self._has_finished and self.error is None)

    def take(self) -> TextAdded | None:
        """Return the text since the last call, or None."""
        text = "".join(self._pieces)
        self._pieces = []
        return TextAdded(text) if text else None

    def take_held(self) -> None:
        """Return None: no text is held back."""


def _address(url: str) -> Address:
    """Return the base address for `/chat/completions`, from any of the usual ways to write it."""
    address = Address.parse(url.strip().rstrip("/").removesuffix("/chat/completions"))
    return Address.parse(f"{address.base}/v1") if address.base == address.origin else address


def _body(request: ReplyRequest, model: str) -> bytes:
    options = {name: value for name, value in request.options.items() if name not in _OTHERS_OPTIONS}
    body = {"model": model, "messages": _clean(request.messages), "stream": True, **options}
    return json.dumps(body).encode("ascii")


def _clean(messages: Messages) -> list[dict[str, Any]]:
    """Return the messages without lone surrogates, which many endpoints refuse."""
    return [
        {name: replace_surrogates(value) if isinstance(value, str) else value for name, value in each.items()}
        for each in messages
    ]


def _check_stream(response: Response, service: str) -> None:
    check_response(response, service, secret="key")
    if not response.kind.endswith("json") and not response.body:
        return
    if reason := response.reason():
        raise ServerError(f"{service} did not send a reply: {reason}", status=response.status)
    raise ProtocolError(f"{service} answered with something other than a stream.")
