"""The global options, which may stand before or after the sub-command."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from gptalk_client.paths import Paths
    from gptalk_client.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass
class Globals:
    """What the global options gave; the last one of a kind wins."""

    url: str | None = None
    provider: str | None = None
    model: str | None = None
    proxy: str | None = None
    data_dir: str | None = None
    config: str | None = None

    def paths(self) -> Paths:
        """Return the folders and files in use."""
        from gptalk_client.paths import Paths

        return Paths.default(self.data_dir, self.config)

    def settings(self) -> Settings:
        """Return the settings in force. Unknown keys of the config file are told on standard error.

        Raises:
            ConfigError: The file, a variable or an option cannot be used.
        """
        from gptalk_client.config_file import load_settings
        from gptalk_tui.cli.output import note

        settings, unknown = load_settings(
            self.paths().config_file,
            url=self.url,
            provider=self.provider,
            model=self.model,
            proxy=self.proxy,
        )
        for problem in unknown:
            note(str(problem))
        return settings


def _keep(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
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
