"""Shell completion: providers by name, and the models of the one that would reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gptalk_tui.cli.context import Globals

if TYPE_CHECKING:
    from collections.abc import Iterable

    from click.shell_completion import CompletionItem

    from gptalk_client.settings import ProviderSettings, Settings

ASK_S = 1.5
"""How long a provider may take to list its models for a completion, in seconds."""

_GPTALK, _LOCAL = "gptalk", "local"


def providers(ctx: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Complete the providers that can reply."""
    settings = _settings(ctx)
    return _named([] if settings is None else settings.provider_names, typed)


def configured_providers(
    ctx: click.Context, parameter: click.Parameter, typed: str
) -> list[CompletionItem[str]]:
    """Complete the providers of the config file."""
    settings = _settings(ctx)
    return _named([] if settings is None else settings.providers, typed)


def presets(ctx: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Complete the engines and services whose address is known, and the providers that can be changed."""
    from gptalk_client.presets import OTHER, PRESETS

    settings = _settings(ctx)
    names = {each.name: None for each in PRESETS if each is not OTHER}
    return _named(names | dict.fromkeys([] if settings is None else settings.providers), typed)


def models(ctx: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Complete the models of the provider that would reply. It is asked, briefly; no key command is run."""
    from dataclasses import replace

    settings = _settings(ctx)
    name = (settings.provider if settings is not None else None) or _GPTALK
    if settings is None or name == _LOCAL:
        return []
    provider = replace(settings.provider_settings(name), api_key_command=())
    return _named(_listed(ctx, name, provider, settings), typed)


def _listed(ctx: click.Context, name: str, provider: ProviderSettings, settings: Settings) -> list[str]:
    import asyncio

    from gptalk_client.errors import GptalkError
    from gptalk_client.providers.api_keys import KeptKeys
    from gptalk_client.providers.building import make_provider
    from gptalk_client.settings import Timeouts

    paths = ctx.find_root().ensure_object(Globals).paths()
    limits = Timeouts(connect_s=ASK_S, headers_s=ASK_S)

    async def names() -> list[str]:
        asked = make_provider(
            name, provider, proxy=settings.proxy, timeouts=limits, kept_keys=KeptKeys(paths.provider_keys)
        )
        try:
            async with asyncio.timeout(ASK_S):
                return await asked.models()
        finally:
            await asked.aclose()

    try:
        return asyncio.run(names())
    except (GptalkError, OSError, TimeoutError):
        return []


def _settings(ctx: click.Context) -> Settings | None:
    """Return the effective settings; None where they can't be used, since there is nowhere to report that."""
    from gptalk_client.config_file import load_settings
    from gptalk_client.errors import GptalkError

    given = ctx.find_root().ensure_object(Globals)
    try:
        return load_settings(given.paths().config_file, url=given.url, provider=given.provider)[0]
    except GptalkError:
        return None


def _named(names: Iterable[str], typed: str) -> list[CompletionItem[str]]:
    from click.shell_completion import CompletionItem

    plain = (each for each in names if each.isprintable() and each[:1] not in ("", "-"))
    return [CompletionItem(each) for each in plain if each.startswith(typed)]
