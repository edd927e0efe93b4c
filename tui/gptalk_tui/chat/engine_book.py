"""The providers, their models and the personas, as the dialogs see and change them."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gptalk_client.addresses import Address
from gptalk_client.errors import ConfigError, GptalkError
from gptalk_client.settings import GPTALK, LOCAL, Persona, Settings
from gptalk_client.text import one_line

if TYPE_CHECKING:
    from gptalk_client.model_choices import ModelChoices
    from gptalk_client.providers.api_keys import KeptKeys
    from gptalk_client.providers.discovery import FoundEngine
    from gptalk_client.providers.model_info import ModelInfo
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.dialogs.engine_book import Candidate
    from gptalk_tui.dialogs.settings_fields import Fields


DISCOVERY_S = 3.0
"""How long an engine may take to list its models, in seconds; where nothing runs, that is known at once."""


class Engines:
    """Implements `dialogs.engine_book.EngineBook`."""

    def __init__(self, services: Services, host: Host) -> None:
        self._services = services
        self._host = host
        self._unkept: dict[str, str] = {}
        """By provider, the keys that are known until the app closes."""

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        return self._services.settings

    @property
    def _keys(self) -> KeptKeys:
        from gptalk_client.providers.api_keys import KeptKeys

        return KeptKeys(self._services.paths.provider_keys)

    # What there is

    def providers(self) -> list[tuple[str, str]]:
        """Return the name of every provider and where it is, made harmless."""
        settings = self.settings
        places = {GPTALK: _host_of(settings.url), LOCAL: "this computer"}
        return [*places.items(), *((name, _host_of(each.url)) for name, each in settings.providers.items())]

    def provider_of(self, fields: Fields) -> str:
        """Return the name of the provider that answers with these fields."""
        from gptalk_tui.dialogs.settings_fields import without_own

        return fields.provider or without_own(self.settings, fields, is_default=False).provider

    async def discover(self) -> list[FoundEngine]:
        """Return the engines that answer on this computer's usual ports. Takes `DISCOVERY_S` at most."""
        from gptalk_client.providers.discovery import find_engines

        return await find_engines(limit_s=DISCOVERY_S)

    async def test(self, candidate: Candidate) -> list[ModelInfo]:
        """Return the models of a provider as it was typed.

        Raises:
            GptalkError: It cannot be used; the sentence says why and what to do.
        """
        from gptalk_client.presets import PRESETS
        from gptalk_client.providers.building import check_provider

        settings = candidate.settings
        if candidate.key:
            settings = replace(settings, api_key=candidate.key, api_key_env="", api_key_command=())
        try:
            return await check_provider(
                candidate.name, settings, proxy=self.settings.proxy, kept_keys=self._keys
            )
        except GptalkError as err:
            start = next((each.start for each in PRESETS if each.start and each.url == settings.url), "")
            if start and err.hint.startswith("Start"):
                err.hint = f"Start it with `{start}`, then press Enter."
            raise

    async def check(self, provider: str) -> list[ModelInfo]:
        """Return the models of a provider after what a chat would ask it first, such as a login.

        Raises:
            GptalkError: It would not answer; the sentence says why and what to do.
        """
        return await (await self._services.provider_named(provider)).check()

    async def models(self, provider: str) -> list[ModelInfo]:
        """Return the models of a provider; empty if it lists none.

        Raises:
            GptalkError: They cannot be had.
        """
        return await (await self._services.provider_named(provider)).list_models()

    # Changes

    async def keep_provider(self, candidate: Candidate, model: str) -> None:
        """Add a provider or change the one with its name, and keep its key if it is to be kept.

        Args:
            candidate: The provider.
            model: Its default model; empty for its own.

        Raises:
            GptalkError: It cannot be written; nothing has changed.
        """
        from gptalk_client.config_editing import keep_provider

        name, key = candidate.name, candidate.key
        given = replace(candidate.settings, model=model)
        if key:
            given = replace(given, api_key="", api_key_env="", api_key_command=())
            self._unkept.pop(name, None)
            if not candidate.keeps_key:
                self._unkept[name] = key
        known = given
        if name in self._unkept:
            known, given = replace(given, api_key=self._unkept[name]), replace(given, api_key="")
        if key and candidate.keeps_key:
            await asyncio.to_thread(self._keys.keep, name, given.url, key)
        elif key:
            await asyncio.to_thread(self._keys.forget, name)
        settings = self.settings
        changed = replace(settings, providers={**settings.providers, name: known})
        await self._services.keep(changed, lambda file: keep_provider(file, name, given))
        await self._services.renew(name)

    async def remove_provider(self, name: str) -> None:
        """Remove a provider with its key. Where it was the default, gptalk is from now on.

        Raises:
            GptalkError: It cannot be written.
        """
        from gptalk_client.config_editing import remove_provider, update_file

        settings = self.settings
        is_default = settings.provider == name
        changed = replace(
            settings,
            providers={each: it for each, it in settings.providers.items() if each != name},
            provider=GPTALK if is_default else settings.provider,
            model="" if is_default else settings.model,
            personas={
                each: replace(it, provider=None) if it.provider == name else it
                for each, it in settings.personas.items()
            },
        )

        def write(file: Path) -> None:
            remove_provider(file, name)
            if is_default:
                update_file(file, {"provider": GPTALK})

        await self._services.keep(changed, write)
        await self._services.renew(name)
        self._unkept.pop(name, None)
        await asyncio.to_thread(self._keys.forget, name)

    async def use_by_default(self, provider: str, *, url: str = "") -> None:
        """Let a provider answer new conversations.

        Args:
            provider: Its name.
            url: The address of the GPTalk service; empty leaves it as it is.

        Raises:
            GptalkError: It cannot be written, or not be used.
        """
        changes: dict[str | tuple[str, ...], Any] = {"provider": provider, "model": None}
        settings = replace(self.settings, provider=provider, model="")
        if url:
            changes["url"] = url
            settings = replace(settings, url=url)
        await self._services.keep(settings, changes)

    async def keep_persona(self, name: str, persona: Persona) -> None:
        """Add a persona, or change the one with this name.

        Raises:
            GptalkError: It cannot be written.
        """
        table = ("personas", name)
        changes: dict[str | tuple[str, ...], Any] = {
            (*table, "provider"): persona.provider,
            (*table, "model"): persona.model or None,
            (*table, "temperature"): persona.temperature,
            (*table, "system_prompt"): persona.system_prompt,
            (*table, "options"): dict(persona.options) or None,
        }
        personas = {**self.settings.personas, name: persona}
        await self._services.keep(replace(self.settings, personas=personas), changes)

    async def remove_persona(self, name: str) -> None:
        """Remove a persona.

        Raises:
            GptalkError: It cannot be written.
        """
        personas = {each: it for each, it in self.settings.personas.items() if each != name}
        await self._services.keep(replace(self.settings, personas=personas), {("personas", name): None})

    # Favourites

    async def choices(self, provider: str) -> ModelChoices:
        """Return a provider's favourites and the models that were used last."""
        from gptalk_client.model_choices import read_choices

        return await asyncio.to_thread(read_choices, self._services.paths.model_choices, provider)

    async def mark(self, provider: str, model: str, *, is_favourite: bool) -> None:
        """Remember that a model is a favourite, or no longer.

        Raises:
            GptalkError: It cannot be written.
        """
        from gptalk_client.model_choices import mark_favourite

        file = self._services.paths.model_choices
        await asyncio.to_thread(mark_favourite, file, provider, model, is_favourite=is_favourite)

    def note_used(self, provider: str, model: str) -> None:
        """Remember, in the background, that a model was chosen. Where that fails, lists are in another order."""
        from gptalk_client.model_choices import note_used

        async def note() -> None:
            with contextlib.suppress(GptalkError):
                await asyncio.to_thread(note_used, self._services.paths.model_choices, provider, model)

        self._host.start(note(), "choices")


def _host_of(url: str) -> str:
    try:
        return one_line(Address.parse(url, takes_query=True).service)
    except ConfigError:
        return one_line(url.partition("://")[2])
