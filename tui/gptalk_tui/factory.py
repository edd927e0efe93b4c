"""The one place where settings become a provider and folders become a store."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from gptalk_client.errors import ConfigError

if TYPE_CHECKING:
    from gptalk_client.paths import Paths
    from gptalk_client.providers.base import Provider
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
        ConfigError: The settings lack something that the provider needs.
    """
    if settings.provider == "local":
        return _local(settings, paths)
    if settings.provider == "openai":
        return _openai(settings)
    return _gptalk(settings, paths, on_warning)


def api_key(settings: Settings) -> str:
    """Return the OpenAI-compatible endpoint's key: the environment's before the file's; empty if none."""
    return os.environ.get(settings.openai.api_key_env or "", "") or settings.openai.api_key


def _gptalk(settings: Settings, paths: Paths, on_warning: Callable[[str], None] | None) -> Provider:
    from gptalk_client.providers.auth_cache import AuthCache
    from gptalk_client.providers.gptalk import GPTalk

    return GPTalk(
        url=settings.url,
        proxy=settings.proxy or None,
        timeouts=settings.timeouts,
        auth_cache=AuthCache(paths.auth, on_warning=on_warning),
    )


def _local(settings: Settings, paths: Paths) -> Provider:
    from gptalk_client.embedded.provider import LocalProvider

    return LocalProvider(paths.models, model_file=settings.local.model_file or None)


def _openai(settings: Settings) -> Provider:
    if not settings.openai.url:
        raise ConfigError(
            "The OpenAI-compatible endpoint has no address.",
            hint="Give --url, or set url under [openai] in the config file.",
        )
    from gptalk_client.providers.openai import OpenAI

    return OpenAI(
        settings.openai.url,
        api_key=api_key(settings),
        proxy=settings.proxy or None,
        timeouts=settings.timeouts,
    )
