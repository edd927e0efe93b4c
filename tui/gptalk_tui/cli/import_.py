"""`import`: histories from other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gptalk_client.paths import typed_path
from gptalk_client.text import visible
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.conversations import opened
from gptalk_tui.cli.examples import examples
from gptalk_tui.cli.options import pass_globals
from gptalk_tui.cli.output import write
from gptalk_tui.cli.progress import Progress

if TYPE_CHECKING:
    from gptalk_client.transcripts.importing import ImportReport

_SOURCES = [
    "auto", "gptalk-tui", "chatgpt", "claude", "gemini", "open-webui", "librechat", "codex", "claude-code",
    "openai-jsonl", "sharegpt", "elia", "oterm", "llm", "llm-legacy", "aichat",
]  # fmt: skip


@click.command(
    "import",
    epilog=examples(
        "gptalk-tui import --dry-run conversations.zip",
        "gptalk-tui import conversations.zip",
        "gptalk-tui import --from llm logs.db",
        "gptalk-tui import ~/.codex/sessions",
    ),
)
@click.argument("files", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--from",
    "source",
    type=click.Choice(_SOURCES),
    default="auto",
    show_default=True,
    metavar="PROGRAM",
    help=f"Program that wrote it: {', '.join(_SOURCES)}; auto detects it from the content.",
)
@click.option("--dry-run", is_flag=True, help="Report what would be imported without changing anything.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_globals
def import_(context: Globals, files: tuple[str, ...], source: str, dry_run: bool, as_json: bool) -> None:
    """Import conversations from files, zip archives and folders.

    Reads our own JSON and the histories of ChatGPT, Claude.ai, Gemini (Google Takeout), Open WebUI, LibreChat,
    Codex, Claude Code, elia, oterm, llm and aichat, as well as OpenAI messages and ShareGPT.

    Importing the same path again changes nothing. A broken file imports nothing and stops the run with the place
    of the error; paths before it stay imported.
    """
    from gptalk_client.transcripts.importing import import_path

    with opened(context) as store:
        reports: list[ImportReport] = []
        try:
            for name in files:
                with Progress(Path(name).name) as progress:
                    reports.append(
                        import_path(
                            store, typed_path(name), source, dry_run=dry_run, on_progress=progress.show
                        )
                    )
                if not as_json:
                    _tell(reports[-1], dry_run)
        finally:
            if as_json:
                write(json.dumps([_as_json(each, dry_run) for each in reports], indent=2) + "\n")


def _as_json(report: ImportReport, dry_run: bool) -> dict[str, Any]:
    return {
        "file": str(report.path),
        "from": ", ".join(each.name for each in report.sources),
        "dry_run": dry_run,
        "conversations": report.found,
        "messages": report.messages,
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "skipped": dict(report.skipped),
    }


def _tell(report: ImportReport, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    titles = ", ".join(each.title for each in report.sources)
    noun = "conversation" if report.found == 1 else "conversations"
    write(
        visible(
            f"{report.path.name}: {titles}: {report.found} {noun}, {report.messages} messages;"
            f" {report.added} {would}added, {report.updated} {would}updated, {report.unchanged} unchanged\n"
        )
    )
    for reason, count in report.skipped.most_common():
        write(visible(f"  skipped: {count} × {reason}\n"))
