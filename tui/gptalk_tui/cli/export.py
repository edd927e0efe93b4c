"""`export`: write conversations to files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gptalk_client.errors import UsageError
from gptalk_client.models import Conversation
from gptalk_client.paths import typed_path
from gptalk_client.store.progress import ignore_progress
from gptalk_tui.cli import completing
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.conversations import opened
from gptalk_tui.cli.examples import examples
from gptalk_tui.cli.options import pass_globals, tag_option
from gptalk_tui.cli.output import note, write
from gptalk_tui.cli.progress import Progress

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_client.transcripts.formats import Format
    from gptalk_client.transcripts.transcript import Transcript


_FOLDER = "folder"


@click.command(
    epilog=examples(
        "gptalk-tui export 3f2a > lifetimes.md",
        "gptalk-tui export 3f2a --all-branches -o lifetimes.html",
        "gptalk-tui export --all --format json -o everything.json",
        "gptalk-tui export --all --format md -o transcripts/",
        "gptalk-tui export --all --format folder ~/Sync/chats",
        "gptalk-tui export --tag work --format md -o work/",
    )
)
@click.argument("conversations", metavar="[ID]...", nargs=-1, shell_complete=completing.conversations)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Export all conversations, including archived ones but not the trash.",
)
@tag_option
@click.option(
    "--format",
    "name",
    type=click.Choice(["md", "html", "json", "jsonl", "txt", _FOLDER]),
    help="Output format; by default the suffix of PATH decides, else Markdown.",
)
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    help="File or folder, or - for standard output, the default for a single conversation.",
)
@click.option("--all-branches", is_flag=True, help="Export every branch; JSON always does.")
@click.option("--force", is_flag=True, help="Overwrite existing files.")
@pass_globals
def export(
    context: Globals,
    conversations: tuple[str, ...],
    everything: bool,
    tags: tuple[str, ...],
    name: str | None,
    output: str | None,
    all_branches: bool,
    force: bool,
) -> None:
    """Export conversations as Markdown, HTML, JSON, JSON lines or text.

    A single conversation goes to standard output unless -o is given. Several go to a folder, one file each, or,
    as JSON or JSON lines, to a single file.

    The format `folder` keeps one JSON file a conversation in a folder, for git or Syncthing: with --all or
    --tag, name the folder as the only argument. `gptalk-tui import FOLDER` merges it on another machine.
    """
    from gptalk_client.store.reserved_paths import refuse_own_file
    from gptalk_client.transcripts.formats import FORMATS

    everything = everything or bool(tags)
    if name == _FOLDER and everything and output is None and len(conversations) == 1:
        (output,), conversations = conversations, ()
    if bool(conversations) == everything:
        raise click.UsageError("Give either conversations, or --all or --tag.")
    if output not in (None, "-"):
        refuse_own_file(typed_path(output), context.paths().database)
    with opened(context) as store:
        found = _all(store, tags) if everything else [store.find_conversation(each) for each in conversations]
        if name == _FOLDER:
            _export_folder(store, found, output, force=force)
            return
        form = FORMATS[name or _from_suffix(output)]
        _export(store, found, form, output, everything=everything, all_branches=all_branches, force=force)


def _export(
    store: Store,
    found: Sequence[Conversation],
    form: Format,
    output: str | None,
    *,
    everything: bool,
    all_branches: bool,
    force: bool,
) -> None:
    from gptalk_client.transcripts.files import export_name, write_file

    is_one_file = form.holds_many or (len(found) == 1 and not everything)
    if output is None or output == "-":
        if not is_one_file:
            raise click.UsageError(
                f"Exporting several conversations as {form.title} needs a folder: -o FOLDER"
            )
        for piece in form.export(_transcripts(store, found, ignore_progress), all_branches=all_branches):
            write(piece)
        return
    target = typed_path(output)
    is_folder = os.path.isdir(target) or output.endswith(("/", "\\"))
    if is_one_file and not is_folder:
        with Progress("exporting") as progress:
            pieces = form.export(_transcripts(store, found, progress.show), all_branches=all_branches)
            write_file(target, pieces, force=force)
        note(f"Wrote {target}")
        return
    if os.path.exists(target) and not os.path.isdir(target):
        raise UsageError(f"{target} is a file; exporting several conversations needs a folder.")
    with Progress("exporting") as progress:
        for transcript in _transcripts(store, found, progress.show):
            each = transcript.conversation
            path = target / export_name(each.title, each.id, form.suffix, unique=True)
            write_file(path, form.export([transcript], all_branches=all_branches), force=force)
    note(f"Wrote {len(found)} {'file' if len(found) == 1 else 'files'} to {target}")


def _export_folder(store: Store, found: Sequence[Conversation], output: str | None, *, force: bool) -> None:
    from gptalk_client.transcripts.folder import export_folder

    if output in (None, "-"):
        raise click.UsageError("Name the folder: gptalk-tui export --all --format folder FOLDER")
    target = typed_path(output)
    if os.path.exists(target) and not os.path.isdir(target):
        raise UsageError(f"{target} is a file, not a folder.")
    with Progress("exporting") as progress:
        written = export_folder(store, found, target, force=force, on_progress=progress.show)
    note(f"{written} of {len(found)} {'file' if len(found) == 1 else 'files'} changed in {target}")


def _from_suffix(output: str | None) -> str:
    from gptalk_client.transcripts.formats import FORMATS

    suffix = Path(output or "").suffix.lower()
    return next((each.name for each in FORMATS.values() if each.suffix == suffix), "md")


def _all(store: Store, tags: Sequence[str]) -> list[Conversation]:
    """Return every conversation, or those with some tags, in an order that pinning or later turns don't change."""
    found = store.conversations(tags=tags) + store.conversations(archived=True, tags=tags)
    return sorted(found, key=lambda each: (each.created_at_ms, each.id))


def _transcripts(
    store: Store, found: Sequence[Conversation], on_progress: Callable[[float], None]
) -> Iterator[Transcript]:
    """Yield transcripts, reading one conversation at a time, and report the share that is done."""
    from gptalk_client.transcripts.transcript import read_transcript

    for number, each in enumerate(found):
        on_progress(number / len(found))
        yield read_transcript(store, each.id)
