"""The root of the command line: global options, lazily loaded sub-commands, exit codes.

Exit codes: 0; 1 failed; 2 usage; 3 the service or the network; 130 stopped, 129 hang-up, 143 terminated.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import click

import gptalk_client
from gptalk_tui.cli import completing
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.opening import ended, open_app
from gptalk_tui.cli.options import global_options
from gptalk_tui.cli.output import PROGRAM

COMMANDS = {
    "ask": "ask:ask",
    "list": "conversations:list_",
    "show": "conversations:show",
    "search": "search:search",
    "rename": "conversations:rename",
    "archive": "conversations:archive",
    "rm": "conversations:rm",
    "restore": "conversations:restore",
    "purge": "conversations:purge",
    "export": "export:export",
    "import": "import_:import_",
    "serve": "local:serve",
    "model": "local:model",
    "providers": "provider_add:providers",
    "models": "providers:models",
    "auth": "auth:auth",
    "config": "config:config",
    "doctor": "doctor:doctor",
    "backup": "backup:backup",
    "completion": "completion:completion",
}
"""Module and attribute of each command, in the order of the help."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(f"gptalk_tui.cli.{module}"), attribute)
        return command


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@global_options
@click.option(
    "--chat",
    metavar="ID-OR-TITLE",
    help="Open the app on this conversation.",
    shell_complete=completing.conversations,
)
@click.option("--new", is_flag=True, help="Open the app on a new conversation.")
@click.version_option(gptalk_client.__version__, prog_name=PROGRAM)
@click.pass_context
def cli(ctx: click.Context, chat: str | None, new: bool) -> int | None:
    """A fast terminal chat for the keyboard. Without a command it opens the app.

    Global options go before or after the command; --url, --provider, --model, --proxy, --data-dir,
    --config and --debug also come from GPTALK_URL, GPTALK_PROVIDER, GPTALK_MODEL, GPTALK_PROXY,
    GPTALK_DATA_DIR, GPTALK_CONFIG and GPTALK_DEBUG.
    """
    if ctx.invoked_subcommand is not None:
        if chat or new:
            raise click.UsageError(
                "Before a command, --chat and --new only apply to the app; put them after it."
            )
        return None
    return open_app(ctx.ensure_object(Globals), chat=chat, new=new)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; errors are printed to standard error.

    Args:
        arguments: Without the program's name; None takes the process's.
    """
    return ended(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code: Any = cli.main(
            args=None if arguments is None else list(arguments), prog_name=PROGRAM, standalone_mode=False
        )
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.Abort:
        return 130
    except click.ClickException as err:
        err.show()
        return err.exit_code
    return code if isinstance(code, int) else 0
