"""`completion`: what a shell needs to complete our commands."""

from __future__ import annotations

import click

from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.options import pass_globals
from gptalk_tui.cli.output import PROGRAM, write


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@pass_globals
@click.pass_context
def completion(ctx: click.Context, context: Globals, shell: str) -> None:
    """Print a script that makes a shell complete commands and options.

    \b
    bash: echo 'eval "$(gptalk-tui completion bash)"' >> ~/.bashrc
    zsh:  echo 'eval "$(gptalk-tui completion zsh)"' >> ~/.zshrc
    fish: gptalk-tui completion fish > ~/.config/fish/completions/gptalk-tui.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    # click's bash class asks the bash on the path for its version, which may be another one or none.
    script = kind(ctx.find_root().command, {}, PROGRAM, "_GPTALK_TUI_COMPLETE")
    write(script.source_template % script.source_vars() + "\n")
