"""Shell completion for conversations, by title or id."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

import click

from gptalk_client.text import one_line
from gptalk_tui.cli.context import Globals

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

    from gptalk_client.store.store import Store

_T = TypeVar("_T")

MOST = 100
"""The most conversations offered, of each kind."""

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
