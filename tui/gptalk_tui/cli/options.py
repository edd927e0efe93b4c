"""The global options, accepted before or after the sub-command."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from gptalk_client.errors import GptalkError
from gptalk_tui.cli import completing, completing_providers
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.hints import fit

Command = TypeVar("Command", bound=Callable[..., Any])


def _keep(ctx: click.Context, parameter: click.Parameter, value: str | bool | None) -> None:
    if value is not None:
        setattr(ctx.find_root().ensure_object(Globals), parameter.name or "", value)


class _GlobalOption(click.Option):
    """An option that the program's help explains; that of a command only names it."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return what the help shows; for a command, one line for all of them, in place of the last."""
        if ctx.parent is None:
            return super().get_help_record(ctx)
        shared = [each for each in ctx.command.params if isinstance(each, _GlobalOption)]
        if shared[-1] is not self:
            return None
        # The names are never broken in this column.
        return ", ".join(each.opts[-1] for each in shared), "Global options: see `gptalk-tui --help`."


def _global_option(*names: str, **attributes: Any) -> Callable[[Command], Command]:
    return click.option(*names, cls=_GlobalOption, **attributes)


_OPTIONS = (
    _global_option("--url", metavar="URL", callback=_keep, expose_value=False, help="URL of the service."),
    _global_option(
        "--provider",
        metavar="NAME",
        callback=_keep,
        expose_value=False,
        help="Who replies: gptalk, local (a model on this computer), or a provider of the config file.",
        shell_complete=completing_providers.providers,
    ),
    _global_option(
        "-m",
        "--model",
        metavar="NAME",
        callback=_keep,
        expose_value=False,
        help="Model name.",
        shell_complete=completing_providers.models,
    ),
    _global_option(
        "--proxy", metavar="URL", callback=_keep, expose_value=False, help="Proxy URL for the service."
    ),
    _global_option(
        "--data-dir",
        metavar="FOLDER",
        callback=_keep,
        expose_value=False,
        help="Folder for conversations and models.",
    ),
    _global_option(
        "--config", metavar="FILE", callback=_keep, expose_value=False, help="Config file to use."
    ),
    _global_option(
        "--debug/--no-debug",
        default=None,
        callback=_keep,
        expose_value=False,
        help="Write a debug log, without message texts or tokens.",
    ),
)


def tag_option(command: Command) -> Command:
    """Add `--tag` to a command, which gets the names as `tags`."""
    return click.option(
        "--tag",
        "tags",
        multiple=True,
        metavar="TAG",
        shell_complete=completing.tags,
        help="Only conversations with this tag; with several, those that have all of them.",
    )(command)


def global_options(command: Command) -> Command:
    """Add the global options to a command; their values go to `Globals`, the root context's object."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def pass_globals(command: Callable[..., Any]) -> Callable[..., Any]:
    """Pass `Globals` to a command as its first argument, and add the global options to it."""

    @functools.wraps(command)
    def with_globals(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(click.get_current_context().find_root().ensure_object(Globals), *args, **kwargs)
        except GptalkError as err:
            fit(err)
            raise

    return global_options(with_globals)
