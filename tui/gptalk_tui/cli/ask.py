"""`ask`: one prompt and its reply, without the app."""

from __future__ import annotations

import sys
from typing import Any

import click

from gptalk_tui.cli import completing
from gptalk_tui.cli.context import Globals
from gptalk_tui.cli.examples import examples
from gptalk_tui.cli.options import pass_globals
from gptalk_tui.cli.standard_input import standard_input

MAX_INPUT_BYTES = 16 << 20
"""The most standard input that is read; it may have no end."""


@click.command(
    epilog=examples(
        "gptalk-tui ask 'Why is the sky blue?'",
        "git diff | gptalk-tui ask 'review this'",
        "gptalk-tui ask -x 'a Python function that reverses a list' > reverse.py",
        "gptalk-tui ask --continue 'and in Rust?'",
    )
)
@click.argument("prompt", nargs=-1)
@click.option(
    "--chat",
    metavar="ID-OR-TITLE",
    help="Continue this conversation.",
    shell_complete=completing.conversations,
)
@click.option("--continue", "-c", "go_on", is_flag=True, help="Continue the newest conversation.")
@click.option("-s", "--system", default="", metavar="TEXT", help="System prompt for this run.")
@click.option(
    "-o",
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="Request parameter: temperature, top_p, max_tokens, seed, stop, presence_penalty, frequency_penalty, "
    "reasoning_effort, or any other that the engine knows; null leaves a default out. Repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object when done.")
@click.option("--no-stream", is_flag=True, help="Print the reply once it is complete.")
@click.option("-x", "--extract", is_flag=True, help="Print only the first code block of the reply.")
@click.option("--show-reasoning", is_flag=True, help="Print the model's reasoning to standard error.")
@click.option(
    "--raw",
    is_flag=True,
    help="Print the reply unchanged: Markdown isn't rendered, and control characters are included.",
)
@click.option("--no-save", is_flag=True, help="Don't save the prompt or the reply.")
@pass_globals
def ask(
    context: Globals,
    prompt: tuple[str, ...],
    chat: str | None,
    go_on: bool,
    system: str,
    options: tuple[str, ...],
    as_json: bool,
    no_stream: bool,
    extract: bool,
    show_reasoning: bool,
    raw: bool,
    no_save: bool,
) -> int:
    """Send one prompt and print the reply. Standard input is appended to the prompt; where a prompt is given and
    nothing comes for five seconds, it is left out."""
    from gptalk_tui.cli.turn import Question, Shape, run_turn

    if chat and go_on:
        raise click.UsageError("Choose --chat or --continue, not both.")
    if as_json and (extract or raw):
        raise click.UsageError("--json can't be combined with -x or --raw.")
    text = _with_input(" ".join(prompt))
    if not text.strip():
        raise click.UsageError("Nothing to ask. Give a prompt as an argument or on standard input.")
    question = Question(
        text=text,
        chat=chat,
        go_on=go_on,
        system_prompt=system,
        parameters=_parameters(options),
        is_saved=not no_save,
    )
    shape = Shape(
        as_json=as_json, streams=not no_stream, extracts=extract, shows_reasoning=show_reasoning, raw=raw
    )
    return run_turn(context, question, shape)


def _with_input(prompt: str) -> str:
    """Return the prompt followed by standard input, where that is a pipe or a file."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return prompt
    raw = standard_input(MAX_INPUT_BYTES + 1, is_needed=not prompt.strip())
    if len(raw) > MAX_INPUT_BYTES:
        raise click.UsageError(
            f"Standard input is too long for a prompt; the limit is {MAX_INPUT_BYTES >> 20} MB."
        )
    piped = raw.decode("utf-8", "replace").rstrip("\r\n")
    return f"{prompt}\n\n{piped}" if prompt and piped else prompt or piped


def _parameters(options: tuple[str, ...]) -> dict[str, Any]:
    """Return the request parameters of `-o`, by name."""
    from gptalk_client.parameters import read_parameter  # most prompts have no options

    found: dict[str, Any] = {}
    for option in options:
        name, separator, value = option.partition("=")
        if not separator or not name.isidentifier():
            raise click.UsageError(f"-o {option}: expected KEY=VALUE.")
        found[name] = read_parameter(name, value)
    return found
