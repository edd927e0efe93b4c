"""What a command offers for the library's errors, which know of no options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError, Remedy

if TYPE_CHECKING:
    import click

WAYS: Mapping[Remedy, Sequence[tuple[str, str]]] = {
    Remedy.ADDRESS: [("--upstream", "--upstream sets it."), ("--url", "--url sets it.")],
    Remedy.CONTEXT: [("--option", "`-o context_messages=10` sends the newest ten.")],
    Remedy.DATA_FOLDER: [("--data-dir", "--data-dir names it.")],
    Remedy.ENGINE: [("--provider", "`gptalk-tui providers add` adds one.")],
    Remedy.KEY: [("", "`gptalk-tui providers add --force` sets it.")],
    Remedy.MODEL: [("--model", "-m sets it.")],
    Remedy.MODEL_FILE: [
        ("--model-file", "--model-file names it."),
        ("", "`model_file` under [local] in the config file names it."),
    ],
    Remedy.OVERWRITE: [("--force", "--force replaces the file.")],
    Remedy.PORT: [("--port", "--port sets it.")],
    Remedy.PROXY: [("--proxy", "--proxy sets it.")],
    Remedy.SOURCE: [("--from", "--from names it.")],
}
"""Sentences for each remedy with the option that a command needs for it; none for what fits every command."""


def way(remedy: Remedy | None, command: click.Command | None = None) -> str:
    """Return how a command applies a remedy; empty if it can't.

    Args:
        remedy: What would have to change.
        command: By default the one that is running; without any, the global options count.
    """
    known = _options(command)
    ways = WAYS.get(remedy, ()) if remedy is not None else ()
    return next((words for option, words in ways if not option or option in known), "")


def with_options(error: GptalkError) -> str:
    """Return what happened and what to do next, with the running command's option that does it."""
    return error.for_humans({error.remedy: way(error.remedy)} if error.remedy is not None else {})


def fit(error: GptalkError) -> None:
    """Add what the running command offers to an error's hint, as long as it is known which one that is."""
    error.hint = f"{error.hint} {way(error.remedy)}".strip()
    error.remedy = None


def _options(command: click.Command | None) -> set[str]:
    import click

    from gptalk_tui.cli.options import global_options

    if command is None and (context := click.get_current_context(silent=True)) is not None:
        command = context.command
    command = command or click.command()(global_options(lambda: None))
    return {name for each in command.params for name in each.opts}
