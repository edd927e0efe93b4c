"""The one place where settings become a provider and folders become a store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gptalk_client.settings import GPTALK, LOCAL

if TYPE_CHECKING:
    from gptalk_client.paths import Paths
    from gptalk_client.providers.base import Provider
    from gptalk_client.providers.model_info import ModelInfo
    from gptalk_client.settings import Settings
    from gptalk_client.store.store import Store


def open_store(paths: Paths) -> Store:
    """Open the conversations, made if there are none, with what an earlier run could only keep in the journal.

    Raises:
        StoreError: They cannot be read.
    """
    from gptalk_client.store.store import Store

    store = Store.open(paths.database)
    if paths.journal.exists():
        from gptalk_client.store.journal import Journal

        Journal(paths.journal).restore(store)
    return store


def build_provider(
    settings: Settings, paths: Paths, on_warning: Callable[[str], None] | None = None
) -> Provider:
    """Return the provider that the settings choose; the GPTalk service where none is chosen.

    Nothing is connected and no process started before the first request.

    Args:
        settings: What the person chose.
        paths: Where logins and models are kept.
        on_warning: Called with a sentence for people when a login cannot be read or kept; from any thread.

    Raises:
        ConfigError: There is no such provider, or the settings lack something that it needs.
    """
    name = settings.provider or GPTALK
    given = settings.provider_settings(name)
    if name == LOCAL:
        from gptalk_client.embedded.provider import LocalProvider

        return LocalProvider(paths.models, model_file=settings.local.model_file or None)
    from gptalk_client.providers.api_keys import KeptKeys
    from gptalk_client.providers.auth_cache import AuthCache
    from gptalk_client.providers.building import make_provider

    return make_provider(
        name,
        given,
        proxy=settings.proxy,
        timeouts=settings.timeouts,
        auth_cache=AuthCache(paths.auth, on_warning=on_warning),
        kept_keys=KeptKeys(paths.provider_keys),
    )


async def check_named(name: str, settings: Settings, paths: Paths) -> list[ModelInfo]:
    """Ask a provider what a chat would ask it first, without a prompt, and return its models.

    Args:
        name: The provider's name.
        settings: What the person chose.
        paths: Where keys and models are kept; nothing is written there.

    Raises:
        GptalkError: It can't be used; the sentences say why, and what to do.
    """
    given = settings.provider_settings(name)
    if name == LOCAL:
        from gptalk_client.embedded.provider import LocalProvider

        return await LocalProvider(paths.models, model_file=settings.local.model_file or None).check()
    from gptalk_client.providers.api_keys import KeptKeys
    from gptalk_client.providers.building import check_provider

    return await check_provider(name, given, proxy=settings.proxy, kept_keys=KeptKeys(paths.provider_keys))
