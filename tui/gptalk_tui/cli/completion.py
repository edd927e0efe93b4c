"""`completion`: prints shell completion scripts."""

from __future__ import annotations

import click

from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.options import pass_globals
from gptalk_tui.cli.output import PROGRAM, write

_BASH = r"""%(complete_func)s() {
    local line type value word=${COMP_WORDS[COMP_CWORD]} IFS=$'\n'
    COMPREPLY=()
    while read -r line; do
        type=${line%%%%,*} value=${line#*,}
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                case $word in
                    \'*) [[ $value == *\'* ]] && continue ;;
                    \"*) [[ $value == *[\"\$\`\\!]* ]] && continue ;;
                    *) printf -v value %%q "$value" ;;
                esac
                COMPREPLY+=("$value") ;;
        esac
    done < <(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_FISH = r"""function %(complete_func)s
    set -l words (commandline -cp | string collect)
    set -l word (commandline -t | string collect)
    for line in (env %(complete_var)s=fish_complete COMP_WORDS=$words COMP_CWORD=$word %(prog_name)s 2>/dev/null)
        set -l parts (string split -m 1 , -- $line)
        switch $parts[1]
            case dir
                __fish_complete_directories $word
            case file
                __fish_complete_path $word
            case plain
                printf '%%s\n' $parts[2]
        end
    end
end

complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""

_OURS = {"bash": _BASH, "fish": _FISH}
"""Replacements for click 8.5's scripts: its bash script expands globs and quotes nothing, its fish script cuts
titles at commas. Its zsh script is fine."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@pass_globals
@click.pass_context
def completion(ctx: click.Context, context: Globals, shell: str) -> None:
    """Print a script that makes a shell complete commands, options, and conversations by title or id.

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
    write(_OURS.get(shell, script.source_template) % script.source_vars() + "\n")
