"""The local model as a provider: the endpoint's process plus the GPTalk client."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from gptalk_client.embedded.process import EndpointState, LocalEndpoint
from gptalk_client.errors import NetworkError, TruncatedError
from gptalk_client.models import Phase, PhaseChanged, ReplyEvent, ReplyRequest
from gptalk_client.providers.base import Provider
from gptalk_client.providers.model_info import ModelInfo

if TYPE_CHECKING:
    from gptalk_client.providers.gptalk import GPTalk


class LocalProvider(Provider):
    """Replies with a model on this computer. The first reply starts the model's process."""

    name = "local"
    service = "this computer"
    is_on_this_computer = True

    def __init__(
        self,
        models_dir: Path,
        model_file: str | os.PathLike[str] | None = None,
        *,
        on_state: Callable[[EndpointState], None] | None = None,
        endpoint: LocalEndpoint | None = None,
    ) -> None:
        """Prepare the provider; nothing is started yet.

        Args:
            models_dir: Where pulled weights are kept.
            model_file: A GGUF file to use instead of them.
            on_state: Called when the model's process starts, loads, is ready or stops.
            endpoint: The process to use instead of one made of the arguments above.
        """
        self._models_dir, self._model_file = models_dir, model_file
        self.endpoint = endpoint or LocalEndpoint(models_dir, model_file, on_state=on_state)
        self._client: GPTalk | None = None
        self._client_url = ""
        self._retired: list[GPTalk] = []

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        """Yield the events of one reply; see `Provider.stream`.

        Raises:
            WeightsMissingError: No weights are on this computer yet.
            EndpointCrashedError: The model's process ended by itself during this reply.
            LocalModelError: The process could not be started.
            ProviderError: The reply could not be had, or broke off.
        """
        connecting = PhaseChanged(Phase.CONNECTING)
        yield connecting
        client = self._client_for(await self.endpoint.start())
        try:
            async with aclosing(client.stream(request)) as events:
                async for event in events:
                    if event != connecting:
                        yield event
        except (NetworkError, TruncatedError) as err:
            if crash := await self.endpoint.crash():
                raise crash from err
            raise

    def model_for(self, asked: str) -> str:
        """Return the name of the model that answers: the loaded one, whatever was asked for."""
        return self.endpoint.model_name or asked

    async def models(self) -> list[str]:
        """Return the name of the loaded model, if any."""
        return [self.endpoint.model_name] if self.endpoint.model_name else []

    async def check(self) -> list[ModelInfo]:
        """Check that a model can be run here, without starting it, and return it.

        Raises:
            WeightsMissingError: No weights are on this computer yet.
            LocalModelError: The engine or the model's file can't be used.
        """
        return await asyncio.to_thread(self._installed)

    def _installed(self) -> list[ModelInfo]:
        from gptalk_client.embedded import gguf, native, weights
        from gptalk_client.embedded.errors import require_local_extra

        require_local_extra("xllamacpp", "starlette", "uvicorn")
        native.check()
        path = weights.resolve(self._models_dir, self._model_file)
        return [ModelInfo(gguf.read_info(path).name)]

    async def aclose(self) -> None:
        """Close the connections and stop the model's process."""
        clients = [*self._retired, *([self._client] if self._client else [])]
        self._retired, self._client = [], None
        try:
            await asyncio.gather(*(client.aclose() for client in clients))
        finally:
            await self.endpoint.stop()

    def _client_for(self, url: str) -> GPTalk:
        """Return the client for an address, which changes with each start of the process."""
        if self._client is None or self._client_url != url:
            from gptalk_client.providers.auth_cache import AuthCache
            from gptalk_client.providers.gptalk import GPTalk

            if self._client:
                # Replies in other conversations may still be using it.
                self._retired.append(self._client)
            self._client, self._client_url = GPTalk(url=url, auth_cache=AuthCache(None)), url
        return self._client
