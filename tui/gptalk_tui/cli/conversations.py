"""`list`, `show`, `rename`, `archive`, `rm`, `restore`, `purge`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from gptalk_client.models import Conversation, iso_utc
from gptalk_client.text import one_line, visible
from gptalk_tui.cli import completing, terminal
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.examples import examples
from gptalk_tui.cli.options import pass_globals, tag_option
from gptalk_tui.cli.output import SHORT_ID, columns, note, write

if TYPE_CHECKING:
    from gptalk_client.store.store import Store

MAX_LISTED = 10**9
"""More than there can be, yet a number that SQLite accepts."""


@contextmanager
def opened(context: Globals) -> Iterator[Store]:
    """Open the store, print its notices, and close it afterwards."""
    from gptalk_tui.factory import open_store

    store = open_store(context.paths())
    try:
        for notice in store.notices:
            note(notice)
        yield store
    finally:
        store.close()


def summary(conversation: Conversation) -> dict[str, Any]:
    """Return a conversation as `list --json` prints it."""
    return {
        "id": conversation.id,
        "title": conversation.title,
        "created_at": iso_utc(conversation.created_at_ms),
        "updated_at": iso_utc(conversation.updated_at_ms),
        "message_count": conversation.message_count,
        "model": conversation.model,
        "provider": conversation.provider,
        "archived": conversation.archived,
        "pinned": conversation.pinned,
        "tags": list(conversation.tags),
    }


@click.command(
    "list",
    epilog=examples("gptalk-tui list -n 10", "gptalk-tui list '#work'", "gptalk-tui list --json --archived"),
)
@click.argument("words", metavar="[WORD]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-n", "limit", type=click.IntRange(0, MAX_LISTED), metavar="N", help="Print at most N.")
@click.option("--archived", is_flag=True, help="List archived conversations instead.")
@click.option("--trash", is_flag=True, help="List the trash instead.")
@tag_option
@pass_globals
def list_(
    context: Globals,
    words: tuple[str, ...],
    as_json: bool,
    limit: int | None,
    archived: bool,
    trash: bool,
    tags: tuple[str, ...],
) -> None:
    """List conversations: pinned first, then newest first.

    Each WORD must be in the title; '#TAG' finds conversations with this tag.
    """
    with opened(context) as store:
        found = store.conversations(
            # The space at the end finishes the last word: no other tag that begins with it is meant.
            limit=limit, archived=archived, trash=trash, tags=tags, filter=" ".join([*words, ""]),
        )  # fmt: skip
    if as_json:
        write(json.dumps([summary(each) for each in found], indent=2) + "\n")
        return
    if not found:
        note("No conversations.")
    elif terminal.is_rich():
        from gptalk_tui.cli.listing import list_lines

        write("\n".join([*list_lines(found), ""]))
        return
    for each in found:
        when = datetime.fromtimestamp(each.updated_at_ms / 1000).strftime("%Y-%m-%d %H:%M")
        pin = "*" if each.pinned else " "
        write(columns(each.id[:SHORT_ID], when, f"{each.message_count:>4}", pin, _title(each)) + "\n")


@click.command(epilog=examples("gptalk-tui show 3f2a", "gptalk-tui show 'Pasta for eight' | less"))
@click.argument("conversation", metavar="ID", shell_complete=completing.conversations)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, including every branch.")
@click.option("--raw", is_flag=True, help="Don't render Markdown, also on a terminal.")
@pass_globals
def show(context: Globals, conversation: str, as_json: bool, raw: bool) -> None:
    """Print the active branch of a conversation. ID may be a title.

    On a terminal, Markdown is rendered; in a pipe, texts are as they were written.
    """
    from gptalk_client.transcripts.exporters import own_json, plain_text
    from gptalk_client.transcripts.transcript import read_transcript

    with opened(context) as store:
        transcript = read_transcript(store, store.find_conversation(conversation).id)
    if as_json:
        fields = own_json.conversation_fields(transcript.conversation, transcript.changed_at_ms)
        fields["messages"] = [own_json.message_fields(each) for each in transcript.messages]
        write(json.dumps(fields, indent=2) + "\n")
        return
    if terminal.is_rich() and not raw:
        from gptalk_tui.cli.listing import transcript_parts

        pieces = transcript_parts(transcript)
    else:
        pieces = plain_text.export([transcript])
    for piece in pieces:
        write(piece)


@click.command(epilog=examples("gptalk-tui rename 3f2a 'Pasta for twelve'"))
@click.argument("conversation", metavar="ID", shell_complete=completing.conversations)
@click.argument("title")
@pass_globals
def rename(context: Globals, conversation: str, title: str) -> None:
    """Rename a conversation."""
    with opened(context) as store:
        renamed = store.rename_conversation(store.find_conversation(conversation).id, title)
    _tell("Renamed", renamed)


@click.command(epilog=examples("gptalk-tui archive 3f2a 8c01", "gptalk-tui archive --undo 3f2a"))
@click.argument("conversations", metavar="ID...", nargs=-1, required=True, shell_complete=completing.listed)
@click.option("--undo", is_flag=True, help="Move them back to the list.")
@pass_globals
def archive(context: Globals, conversations: tuple[str, ...], undo: bool) -> None:
    """Hide conversations from the list without deleting them."""
    with opened(context) as store:
        # Find all of them before changing any, so that a mistyped id changes nothing.
        found = [store.find_conversation(each) for each in conversations]
        for each in found:
            _tell("Unarchived" if undo else "Archived", store.set_archived(each.id, not undo))


@click.command(epilog=examples("gptalk-tui rm 3f2a"))
@click.argument(
    "conversations", metavar="ID...", nargs=-1, required=True, shell_complete=completing.conversations
)
@pass_globals
def rm(context: Globals, conversations: tuple[str, ...]) -> None:
    """Move conversations to the trash; `restore` brings them back."""
    with opened(context) as store:
        found = [store.find_conversation(each) for each in conversations]
        for each in found:
            store.trash_conversation(each.id)
            _tell("Moved to the trash:", each)


@click.command(epilog=examples("gptalk-tui restore 3f2a"))
@click.argument("conversations", metavar="ID...", nargs=-1, required=True, shell_complete=completing.trashed)
@pass_globals
def restore(context: Globals, conversations: tuple[str, ...]) -> None:
    """Restore conversations from the trash."""
    with opened(context) as store:
        found = [store.find_conversation(each, in_trash=True) for each in conversations]
        for each in found:
            store.restore_conversation(each.id)
            _tell("Restored", each)


@click.command(epilog=examples("gptalk-tui purge --yes"))
@click.option("-y", "--yes", is_flag=True, help="Don't ask for confirmation.")
@pass_globals
def purge(context: Globals, yes: bool) -> None:
    """Empty the trash for good."""
    with opened(context) as store:
        trashed = store.conversations(trash=True)
        count, queued = len(trashed), sum(len(store.queued(each.id)) for each in trashed)
        if not count:
            note("The trash is empty.")
            return
        noun = "conversation" if count == 1 else "conversations"
        if not yes:
            click.confirm(f"Permanently delete {count} {noun}{_with_queue(queued)}?", abort=True, err=True)
        note(f"Deleted {store.purge_trash()} {noun}{_with_queue(queued)}.")


def _with_queue(queued: int) -> str:
    """Return that prompts which were not sent yet are deleted too; empty if there are none."""
    return f" with {queued} queued prompt{'' if queued == 1 else 's'}" if queued else ""


def _title(conversation: Conversation) -> str:
    return one_line(conversation.title) or "Untitled"


def _tell(what: str, conversation: Conversation) -> None:
    note(visible(f"{what} {conversation.id[:SHORT_ID]} {_title(conversation)}"))
