"""The models of an OpenAI-compatible endpoint: its list, and what engines tell beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from gptalk_client.addresses import Address
from gptalk_client.errors import (
    BlockedError,
    GptalkError,
    ProtocolError,
    ProviderError,
    Remedy,
    ServerError,
)
from gptalk_client.providers.http import HttpClient, Request
from gptalk_client.providers.http_errors import Response, check_response
from gptalk_client.providers.model_info import ModelInfo, listed_models
from gptalk_client.providers.openai_access import Access
from gptalk_client.providers.refusals import ANTHROPIC_VERSION, is_anthropic_refusal, names_bad_key, remedy_of
from gptalk_client.providers.windows import listed_window, loaded_window, slot_window
from gptalk_client.settings import Timeouts

MAX_LIST_BYTES = 8 * 1024 * 1024
"""How much of a list of models is read, in bytes; some gateways send half a megabyte."""

CHAT = "/chat/completions"
"""Where prompts go, below the address."""

_NO_LIST = (404, 405, 501)  # of models
# Ollama and LM Studio load a model for a request without messages too; they want no key.
_LOADERS = ("library", "organization_owner")
_PATH_HINT = "Check the address; for most engines it ends with /v1."


class Catalogue:
    """Asks one endpoint for its models.

    Args:
        http: The connections to it.
        access: Its headers and key.
        proxy: A proxy's URL for what engines tell beside `/v1`; None takes the environment's.
        timeouts: How long each part may take.
    """

    def __init__(self, http: HttpClient, access: Access, *, proxy: str | None, timeouts: Timeouts) -> None:
        self._http = http
        self._access = access
        self._proxy = proxy
        self._timeouts = timeouts
        self._service = http.address.service

    async def find(self) -> list[ModelInfo] | None:
        """Return the models with what the engine tells about them; None if nothing at the address lists any.

        Raises:
            ProviderError: It cannot be reached, or refuses.
            ConfigError: The key cannot be had.
        """
        listed = await self.listed()
        return None if listed is None else await self._described(listed)

    async def check(self) -> list[ModelInfo]:
        """Return the models once it is clear that prompts would be answered; none if the engine doesn't list any.

        Raises:
            ProviderError: It cannot be reached, refuses, has no models, or is no engine; the hint says what to do.
            ConfigError: The key cannot be had.
        """
        try:
            listed = await self.listed()
            if listed is None:
                await self._check_chat()
                return []
        except (BlockedError, ProtocolError) as err:
            raise ProtocolError(err.message, hint=_PATH_HINT, remedy=Remedy.ADDRESS) from None
        found = await self._described(listed)
        if not found:
            raise ServerError(f"{self._service} has no models yet.", hint="Load one there, then try again.")
        if owner_of(listed) not in _LOADERS:
            await self._check_key(found[0].name)
        return found

    async def window(self, model: str) -> int | None:
        """Return how many tokens a model has room for; None if the engine doesn't say.

        Raises:
            GptalkError: It can't be asked.
        """
        listed = await self.listed()
        owner = owner_of(listed)
        try:
            # What Ollama loaded the model with matters, not what that could take.
            if owner == "library" and (window := loaded_window(await self._beside("/api/ps"), model)):
                return window
            if owner == "llamacpp" and (window := slot_window(await self._beside("/props"))):
                return window
        except ProtocolError:
            pass  # an older version
        return listed_window(listed, model)

    async def listed(self) -> object:
        """Return what the endpoint says about its models, as decoded; None if it lists none."""
        try:
            request = Request("GET", "/models", await self._access.headers(), max_body_bytes=MAX_LIST_BYTES)
            response = await self._http.fetch(request)
            if (key := self._access.known_key) and is_anthropic_refusal(response.status, response.body):
                headers = {**request.headers, "x-api-key": key, "anthropic-version": ANTHROPIC_VERSION}
                response = await self._http.fetch(replace(request, headers=headers))
            if response.status in _NO_LIST:
                return None
            check_response(response, self._service, secret="key")
            answer = response.json_object()
            return (answer["data"] or []) if "data" in answer else None
        except ProtocolError:
            return None
        except ProviderError as err:
            raise self._access.told(err) from None

    async def _check_chat(self) -> None:
        """Check that something chats where no models are listed."""
        try:
            response = await self._ask_nothing("")
            if response.status in (400, 422, 500) and not response.is_html:
                return
            if response.status in _NO_LIST and remedy_of(response.reason()) is not Remedy.MODEL:
                raise ProtocolError(f"{self._service} doesn't know this address (status {response.status}).")
            if response.status != 404:
                check_response(response, self._service, secret="key")
        except ProviderError as err:
            raise self._access.told(err) from None

    async def _check_key(self, model: str) -> None:
        """Check that the key is good for prompts too: llama.cpp and OpenRouter list their models to everybody."""
        try:
            response = await self._ask_nothing(model)
        except ProviderError:
            return  # it may be loading its model, for which a prompt waits longer
        try:
            if response.status in (401, 402, 403) or names_bad_key(response.reason()):
                check_response(response, self._service, secret="key")
        except ProviderError as err:
            raise self._access.told(err) from None

    async def _ask_nothing(self, model: str) -> Response:
        """Send a request without messages, which engines refuse; the worst that can come of it is one token."""
        body = json.dumps({"model": model, "messages": [], "max_tokens": 1}).encode("ascii")
        return await self._http.fetch(Request("POST", CHAT, await self._access.headers(), body=body))

    async def _described(self, listed: object) -> list[ModelInfo]:
        details = await self._details(owner_of(listed))
        return [details.get(each.name, each).or_else(each) for each in listed_models(listed)]

    async def _details(self, owner: object) -> dict[str, ModelInfo]:
        """Return what an engine tells about its models beside `/v1`: Ollama and LM Studio do."""
        path = {"library": "/api/tags", "organization_owner": "/api/v0/models"}.get(str(owner))
        if path is None:
            return {}
        try:
            response = await self._beside(path)
            found = listed_models(response.get("models") or response.get("data"))
        except GptalkError:
            return {}  # an older version, or another engine
        return {each.name: each for each in found}

    async def _beside(self, path: str) -> dict[str, Any]:
        """Return the JSON object at a path of the engine's own, beside `/v1`."""
        client = HttpClient(
            Address.parse(self._http.address.origin), proxy=self._proxy, timeouts=self._timeouts
        )
        try:
            request = Request("GET", path, await self._access.headers(), max_body_bytes=MAX_LIST_BYTES)
            return (await client.fetch(request)).json_object()
        finally:
            await client.aclose()


def owner_of(listed: object) -> object:
    """Return whose models an engine lists, which tells what engine it is."""
    first = next((each for each in listed if isinstance(each, dict)), {}) if isinstance(listed, list) else {}
    return first.get("owned_by")
