"""`backup`."""

from __future__ import annotations

import os

import click

from gptalk_client.paths import typed_path
from gptalk_client.store.reserved_paths import refuse_own_file
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.conversations import opened
from gptalk_tui.cli.examples import examples
from gptalk_tui.cli.options import pass_globals
from gptalk_tui.cli.output import note


@click.command(epilog=examples("gptalk-tui backup ~/conversations-backup.db"))
@click.argument("path")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@pass_globals
def backup(given: Globals, path: str, force: bool) -> None:
    """Copy all conversations to the file PATH, whole even while others write.

    Put the file in the place of conversations.db to go back to it.
    """
    target = typed_path(path)
    if os.path.isdir(target):
        target = target / "conversations.db"
    refuse_own_file(target, given.paths().database)
    with opened(given) as store:
        store.backup(target, replace=force)
    note(f"Wrote {target}")
