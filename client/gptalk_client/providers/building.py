"""Settings become a provider, and a provider that is about to be kept is checked first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptalk_client.errors import ConfigError, Remedy
from gptalk_client.settings import ProviderSettings, Timeouts

if TYPE_CHECKING:
    from gptalk_client.providers.api_keys import KeptKeys
    from gptalk_client.providers.auth_cache import AuthCache
    from gptalk_client.providers.base import Provider
    from gptalk_client.providers.model_info import ModelInfo

CHECK_TIMEOUTS = Timeouts(connect_s=5.0, headers_s=10.0)
"""How long a check may take."""


def make_provider(
    name: str,
    settings: ProviderSettings,
    *,
    proxy: str = "",
    timeouts: Timeouts | None = None,
    auth_cache: AuthCache | None = None,
    kept_keys: KeptKeys | None = None,
) -> Provider:
    """Return the provider that the settings describe. Nothing is connected or run before its first use.

    Args:
        name: What it is called.
        settings: Where it is and how it is asked.
        proxy: A proxy's URL; empty takes the environment's.
        timeouts: How long each part of a turn may take.
        auth_cache: The logins of GPTalk services; None keeps them in memory.
        kept_keys: The keys that were typed; None if there are none.

    Raises:
        ConfigError: Something is missing or can't be used.
    """
    if not settings.url:
        raise ConfigError(f"The provider “{name}” has no address.", hint="", remedy=Remedy.ADDRESS)
    if settings.type == "gptalk":
        from gptalk_client.providers.gptalk import GPTalk

        return GPTalk(settings.url, proxy=proxy or None, timeouts=timeouts, auth_cache=auth_cache, name=name)
    from gptalk_client.providers.api_keys import ApiKey
    from gptalk_client.providers.openai import OpenAI

    return OpenAI(
        settings.url,
        api_key=ApiKey(settings, name, kept_keys),
        proxy=proxy or None,
        timeouts=timeouts,
        name=name,
        headers=settings.headers,
        query=settings.query,
    )


async def check_provider(
    name: str,
    settings: ProviderSettings,
    *,
    proxy: str = "",
    timeouts: Timeouts = CHECK_TIMEOUTS,
    kept_keys: KeptKeys | None = None,
) -> list[ModelInfo]:
    """Ask a provider what a chat would ask it first, and return its models. A GPTalk service is logged in to.

    Args:
        name: What it is called, or will be.
        settings: Where it is and how it is asked.
        proxy: A proxy's URL; empty takes the environment's.
        timeouts: How long each part may take.
        kept_keys: The keys that were typed; None if there are none.

    Returns:
        The models; none if it answers but doesn't list any.

    Raises:
        GptalkError: It can't be used; the sentences say why, and what to do.
    """
    provider = make_provider(name, settings, proxy=proxy, timeouts=timeouts, kept_keys=kept_keys)
    try:
        return await provider.check()
    finally:
        await provider.aclose()
