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
from gptalk_tui.cli.progress import Progress


@click.command(epilog=examples("gptalk-tui backup ~/conversations-backup.db"))
@click.argument("path")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@pass_globals
def backup(context: Globals, path: str, force: bool) -> None:
    """Back up all conversations to PATH, safely even while the app is running.

    To restore the backup, replace conversations.db with it.
    """
    target = typed_path(path)
    if os.path.isdir(target):
        target = target / "conversations.db"
    refuse_own_file(target, context.paths().database)
    with opened(context) as store, Progress("backing up") as progress:
        store.backup(target, replace=force, on_progress=progress.show)
    note(f"Wrote {target}")
