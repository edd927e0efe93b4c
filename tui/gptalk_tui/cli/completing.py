"""Shell completion: conversations by title or id, providers and models by name."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

import click

from gptalk_client.text import one_line
from gptalk_tui.cli.context import Globals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from click.shell_completion import CompletionItem

    from gptalk_client.settings import ProviderSettings, Settings
    from gptalk_client.store.store import Store

_T = TypeVar("_T")

MOST = 100
"""The most conversations offered, of each kind."""

ASK_S = 1.5
"""How long a provider may take to list its models for a completion, in seconds."""

GPTALK, LOCAL = "gptalk", "local"
_LONGEST_TITLE = 200


def conversations(ctx: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Complete conversations outside the trash, archived ones last."""
    return _offered(ctx, typed, {"archived": False}, {"archived": True})


def listed(ctx: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Complete what `archive` accepts: listed conversations or, with --undo, archived ones."""
    return _offered(ctx, typed, {"archived": bool(ctx.params.get("undo"))})


def trashed(ctx: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Complete conversations in the trash."""
    return _offered(ctx, typed, {"trash": True})


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
    name = (settings.provider if settings is not None else None) or GPTALK
    if settings is None or name == LOCAL:
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


def tags(ctx: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Complete tags."""
    from click.shell_completion import CompletionItem

    start = typed.removeprefix("#").casefold()
    return [CompletionItem(each) for each in _read(ctx, lambda store: store.tags()) if each.startswith(start)]


def _read(ctx: click.Context, read: Callable[[Store], list[_T]]) -> list[_T]:
    """Return what is read from the store; nothing after an error, since there is nowhere to report it."""
    from gptalk_client.errors import GptalkError
    from gptalk_client.store.store import Store

    try:
        paths = ctx.find_root().ensure_object(Globals).paths()
        if not os.path.exists(paths.database):
            return []
        with Store.open(paths.database, read_only=True) as store:
            return read(store)
    except (GptalkError, OSError):
        return []


def _offered(ctx: click.Context, typed: str, *kinds: dict[str, bool]) -> list[CompletionItem[str]]:
    """Return conversations by title, with the ids as help, or by id if an id is being typed.

    A title is offered only if it names its conversation as is: it must be plain text and unique.
    """
    from click.shell_completion import CompletionItem

    from gptalk_tui.cli.output import SHORT_ID

    found = _read(
        ctx,
        lambda store: [
            each for kind in kinds for each in store.conversations_starting_with(typed, limit=MOST, **kind)
        ],
    )
    titles = Counter(each.title for each in found)
    items = []
    for each in found:
        title = one_line(each.title, max_chars=_LONGEST_TITLE)
        number = each.id[: max(SHORT_ID, len(typed))]
        is_name = title == each.title and title[:1] not in ("", "-") and "\\" not in title
        if not (typed and number.startswith(typed.lower())) and is_name and titles[title] == 1:
            items.append(CompletionItem(title, help=number))
        else:
            items.append(CompletionItem(number, help=title or "Untitled"))
    return items
