"""`search`."""

from __future__ import annotations

import json

import click

from gptalk_client.text import one_line
from gptalk_tui.cli import terminal
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.conversations import MAX_LISTED, opened
from gptalk_tui.cli.examples import examples
from gptalk_tui.cli.options import pass_globals, tag_option
from gptalk_tui.cli.output import SHORT_ID, columns, note, write


@click.command(
    epilog=examples(
        "gptalk-tui search lifetime",
        "gptalk-tui search '#work lifetime'",
        "gptalk-tui search --json -n 5 release checklist",
    )
)
@click.argument("query", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "-n",
    "limit",
    type=click.IntRange(1, MAX_LISTED),
    default=20,
    show_default=True,
    metavar="N",
    help="Print at most N.",
)
@click.option("--reasoning", is_flag=True, help="Search what models thought before they answered.")
@tag_option
@pass_globals
def search(
    context: Globals,
    query: tuple[str, ...],
    as_json: bool,
    limit: int,
    reasoning: bool,
    tags: tuple[str, ...],
) -> None:
    """Search the titles and messages of all conversations.

    '#TAG' in the QUERY means conversations with this tag, where there are any; a tag alone lists them.
    """
    if not query and not tags:
        raise click.UsageError("Give words to search for, or --tag.")
    words = " ".join(query)
    with opened(context) as store:
        find = store.search_reasoning if reasoning else store.search
        hits = find(words, limit=limit, tags=tags)
    if as_json:
        found = [
            {
                "conversation_id": each.conversation_id,
                "message_id": each.message_id,
                "title": each.title,
                "role": each.role,
                "snippet": each.snippet,
            }
            for each in hits
        ]
        write(json.dumps(found, indent=2) + "\n")
        return
    if not hits:
        note(f"No matches for {words!r}." if words else "No conversations.")
    elif terminal.is_rich():
        from gptalk_tui.cli.listing import hit_lines

        write("\n".join([*hit_lines(hits), ""]))
        return
    for each in hits:
        title = one_line(each.title, max_chars=40)
        write(
            columns(each.conversation_id[:SHORT_ID], each.role, title, one_line(each.snippet, max_chars=120))
            + "\n"
        )
