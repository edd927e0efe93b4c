"""The global options, which may stand before or after the sub-command."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from gptalk_tui.cli.context import Globals

Command = TypeVar("Command", bound=Callable[..., Any])


def _keep(ctx: click.Context, parameter: click.Parameter, value: str | bool | None) -> None:
    if value is not None:
        setattr(ctx.find_root().ensure_object(Globals), parameter.name or "", value)


_OPTIONS = (
    click.option("--url", metavar="URL", callback=_keep, expose_value=False, help="Address of the service."),
    click.option(
        "--provider",
        type=click.Choice(["gptalk", "openai", "local"]),
        callback=_keep,
        expose_value=False,
        help="Who answers: a GPTalk service, an OpenAI-compatible endpoint, or this computer.",
    ),
    click.option(
        "-m", "--model", metavar="NAME", callback=_keep, expose_value=False, help="Name of the model."
    ),
    click.option("--proxy", metavar="URL", callback=_keep, expose_value=False, help="Proxy for the service."),
    click.option(
        "--data-dir",
        metavar="FOLDER",
        callback=_keep,
        expose_value=False,
        help="Where conversations are kept.",
    ),
    click.option("--config", metavar="FILE", callback=_keep, expose_value=False, help="The config file."),
    click.option(
        "--debug/--no-debug",
        default=None,
        callback=_keep,
        expose_value=False,
        help="Write a log, without texts and tokens.",
    ),
)


def global_options(command: Command) -> Command:
    """Give a command the global options; their values are in `Globals`, the root context's object."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def pass_globals(command: Callable[..., Any]) -> Callable[..., Any]:
    """Hand a command the `Globals` as its first argument, and give it the global options."""

    @functools.wraps(command)
    def with_globals(*args: Any, **kwargs: Any) -> Any:
        return command(click.get_current_context().find_root().ensure_object(Globals), *args, **kwargs)

    return global_options(with_globals)
